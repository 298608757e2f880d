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


class Store:
    """The objects of every vendor.

    An object is flat: `type`, `id`, and properties under the names that the SDKs send (`allowedOrigins`).
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables by which an engine's plugins find these objects."""
        return {FOLDER_VARIABLE: str(self.folder.resolve())}

    def objects(self, vendor: str) -> list[Object]:
        objects: list[Object] = self._load(vendor)["objects"]
        return objects

    def find(self, vendor: str, type: str, **properties: Any) -> Object | None:
        """Return the first object of this type with these properties, or None."""
        return next(iter(self.find_all(vendor, type, **properties)), None)

    def find_all(self, vendor: str, type: str, **properties: Any) -> list[Object]:
        return select(self.objects(vendor), type, **properties)

    @contextmanager
    def edit(self, vendor: str) -> Iterator[list[Object]]:
        """Lock the vendor's objects while the block runs. Its changes are saved unless it raises."""
        with self._transaction(vendor) as content:
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
            yield content
            unfinished = self.folder / f".{vendor}.json.new"
            unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
            os.replace(unfinished, self.folder / f"{vendor}.json")


def select(objects: list[Object], type: str, **properties: Any) -> list[Object]:
    """Return the objects of this type whose properties have these values."""
    return [o for o in objects if o["type"] == type and all(o.get(name) == value for name, value in properties.items())]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
