"""The vendors' side of a rehearsal: one JSON file for each vendor, which tests, plugins and people may edit."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

FOLDER_VARIABLE = "MARKETEDGE_ESTATE"

Object = dict[str, Any]
"""It is flat: `type`, `id`, and properties under the names that the SDKs send (`allowedOrigins`)."""


class Objects(list[Object]):
    """Everything at one vendor, oldest first."""

    def all(self, type: str, **properties: Any) -> list[Object]:
        """Return the objects of this type with these properties."""
        wanted = {"type": type, **properties}.items()
        return [one for one in self if all(one.get(name) == value for name, value in wanted)]

    def find(self, type: str, **properties: Any) -> Object | None:
        """Return the first of them, or None."""
        return next(iter(self.all(type, **properties)), None)

    def add(self, type: str, **properties: Any) -> Object:
        """Add an object as it is. Without an id it gets the next number among its type."""
        numbers = [found["id"] for found in self.all(type) if isinstance(found.get("id"), int)]
        made = {"type": type, "id": 1 + max(numbers, default=0), **properties}
        self.append(made)
        return made

    def drop(self, type: str, **properties: Any) -> bool:
        """Remove the objects of this type with these properties. Returns whether there were any."""
        gone = self.all(type, **properties)
        self[:] = [one for one in self if one not in gone]
        return bool(gone)


class Store:
    """The objects of every vendor."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables by which an engine's plugins find these objects."""
        return {FOLDER_VARIABLE: str(self.folder.resolve())}

    def objects(self, vendor: str) -> Objects:
        """Return the objects as they are now. Changes of them are not saved."""
        return Objects(self._load(vendor)["objects"])

    def find(self, vendor: str, type: str, **properties: Any) -> Object | None:
        """Return the first object of this type with these properties, or None."""
        return self.objects(vendor).find(type, **properties)

    def find_all(self, vendor: str, type: str, **properties: Any) -> list[Object]:
        """Return the objects of this type with these properties."""
        return self.objects(vendor).all(type, **properties)

    @contextmanager
    def edit(self, vendor: str) -> Iterator[Objects]:
        """Lock the vendor's objects while the block runs. Its changes are saved unless it raises."""
        with self._transaction(vendor) as content:
            content["objects"] = Objects(content["objects"])
            yield content["objects"]

    def fail_create(self, vendor: str, type: str, *, nth: int = 1, kill: bool | Literal["engine"] = False) -> None:
        """Let the n-th create of this type from now on fail after it was written, which leaves an orphan.

        Args:
            nth: 1 is the next one.
            kill: True ends the plugin instead of answering; "engine" ends the engine too, as kill -9 does.
        """
        with self._transaction(vendor) as content:
            content["faults"].append({"type": type, "nth": nth, "kill": kill})

    def take_fault(self, vendor: str, type: str) -> Object | None:
        """Count one create of this type, and return the fault that is due now, or None."""
        if not any(fault["type"] == type for fault in self._load(vendor)["faults"]):
            return None
        with self._transaction(vendor) as content:
            for fault in content["faults"]:
                if fault["type"] == type:
                    fault["nth"] -= 1
            due = [fault for fault in content["faults"] if fault["nth"] <= 0]
            content["faults"] = [fault for fault in content["faults"] if fault["nth"] > 0]
        return due[0] if due else None

    @property
    def log(self) -> list[dict[str, str]]:
        """Return every operation that a plugin asked of a vendor, oldest first: time, vendor, operation, type, key."""
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def record(self, vendor: str, operation: str, type: str, key: str) -> None:
        """Note an operation in the log.

        Args:
            key: which object it was about.
        """
        entry = {"time": now(), "vendor": vendor, "operation": operation, "type": type, "key": key}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(entry) + "\n")

    def _load(self, vendor: str) -> dict[str, Any]:
        path = self.folder / f"{vendor}.json"
        content = json.loads(path.read_text()) if path.exists() else {}
        return {"objects": [], "faults": []} | content

    @contextmanager
    def _transaction(self, vendor: str) -> Iterator[dict[str, Any]]:
        with (self.folder / f".{vendor}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = self._load(vendor)
            before = json.dumps(content)
            yield content
            if json.dumps(content) == before:
                return
            unfinished = self.folder / f".{vendor}.json.new"
            unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
            os.replace(unfinished, self.folder / f"{vendor}.json")


def now() -> str:
    """Return the time in UTC, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
