"""Replays recorded Render traffic against the simulator and compares every answer with the recorded one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.render_api import RenderSimulator

RECORDINGS = Path(__file__).parent / "recordings" / "render"
KEY = "rnd_recorded"
PROVISIONING_SECONDS = 1_000.0

IDENTIFIER = re.compile(r"\b(srv|dep|evg|cdm|dsk|prj|evm|red|dpg)-[0-9a-v]{20}(-[a-z])?\b")
REPOSITORY = "https://github.com/render-examples/express-hello-world"

# Fields whose value is random or depends on where the recorded account ran; the replay compares the form instead.
GENERATED = re.compile(r"[A-Za-z0-9+/]{43}=")
PASSWORD = re.compile(r"(?<=REDISCLI_AUTH=)\w+|(?<=PGPASSWORD=)\w+|(?<=:)(password|\w{32})(?=@)|^(password|\w{32})$")
KEY_VALUE_HOST = re.compile(r"oregon-keyvalue(\.localhost)?\.render\.com(:637[79]| -p 637[79])?")
DATABASE_ENDING = re.compile(r"(?<=db_name_)[a-z]{4}|(?<=db_name2_)[a-z]{4}")
HOST_FIELDS = {"dashboardUrl", "sshAddress", "url"}
GENERATED_VARIABLES = {("env_group.jsonl", "INSTANCE_ID"), ("web_service.jsonl", "new-key")}
MOMENTS = {"createdAt", "updatedAt", "finishedAt"}


# Nothing here asks for these; the simulator has no such routes.
UNASKED = re.compile(r"/(logs/streams|notification-settings)/")

# Fields that Render's own client knows and the recordings, which are older, have not.
YOUNGER = {"connectionPool"}


def exchanges(name: str) -> list[dict[str, Any]]:
    """The recorded exchanges of one file, in order."""
    return [json.loads(line) for line in (RECORDINGS / name).read_text().splitlines()]


class Clock:
    """A clock that the replay moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


@dataclass
class Replay:
    """One recording played from its first line to its last; `differences` names line, place and both values."""

    name: str
    differences: list[str] = field(default_factory=list)
    played: int = 0
    _simulated: dict[str, str] = field(default_factory=dict)
    _updated: dict[str, tuple[str, str]] = field(default_factory=dict)

    def run(self) -> None:
        """Send every recorded request in the recorded order, with the simulator's own ids in the place of Render's."""
        recorded = exchanges(self.name)
        clock = Clock()
        simulator = RenderSimulator(
            api_keys={KEY: ["some-owner-id"]},
            owners=[recorded_owner(recorded)],
            clock=clock,
            as_recorded=True,
            provisioning_seconds=PROVISIONING_SECONDS,
            deploy_seconds=PROVISIONING_SECONDS,
        )
        simulator.estate.repos[REPOSITORY] = {"main": recorded_commit(recorded)}
        for line, exchange in enumerate(recorded, start=1):
            clock.now += 0.5
            if UNASKED.search(exchange["path"]):
                continue
            answer = exchange["response"]
            if isinstance(answer, dict) and answer.get("status") == "available":
                clock.now += PROVISIONING_SECONDS
            body = exchange["body"]
            text = b"" if body is None and exchange["method"] != "PUT" else self._translate(json.dumps(body)).encode()
            response = simulator.handle(
                exchange["method"], self._translate(exchange["path"]), "", {"Authorization": f"Bearer {KEY}"}, text
            )
            place = f"{self.name}:{line} {exchange['method']} {exchange['path']}"
            self._expect(place + " status", exchange["status"], response.status)
            for header in ("Ratelimit-Limit", "Content-Type"):
                self._expect(f"{place} {header}", exchange["headers"].get(header), response.headers.get(header))
            self._compare(place, answer, response.json())
            self.played += 1

    def _translate(self, text: str) -> str:
        """A recorded text with every known id and cursor replaced by the simulator's."""
        for recorded, simulated in self._simulated.items():
            text = text.replace(recorded, simulated)
        return text

    def _compare(self, place: str, recorded: Any, simulated: Any, owner: dict[str, Any] | None = None) -> None:
        if isinstance(recorded, dict) and isinstance(simulated, dict):
            self._compare_objects(place, recorded, simulated)
        elif isinstance(recorded, list) and isinstance(simulated, list):
            self._expect(f"{place} length", len(recorded), len(simulated))
            for position, (one, other) in enumerate(zip(recorded, simulated, strict=False)):
                self._compare(f"{place}[{position}]", one, other)
        elif isinstance(recorded, str) and isinstance(simulated, str):
            self._learn(recorded, simulated)
            self._expect(place, mask(self._translate(recorded)), mask(simulated))
        else:
            self._expect(place, recorded, simulated)

    def _compare_objects(self, place: str, recorded: dict[str, Any], simulated: dict[str, Any]) -> None:
        simulated = dict(simulated)
        if "autoDeploy" in recorded:
            # Younger than the recordings, so they have nothing to compare it with.
            simulated.pop("autoDeployTrigger", None)
        if "networkIsolationEnabled" in recorded and "ipAllowList" not in recorded:
            # One recorded account has this field in its environments, the other has not.
            simulated.pop("ipAllowList", None)
        for name in YOUNGER - recorded.keys():
            simulated.pop(name, None)
        if "notifyOnFail" in recorded:
            simulated["notifyOnFail"] = recorded["notifyOnFail"]  # an unasked route changes it
        self._expect(f"{place} fields", sorted(recorded), sorted(simulated))
        for name in sorted(recorded.keys() & simulated.keys()):
            inner, one, other = f"{place}.{name}", recorded[name], simulated[name]
            if name in MOMENTS and one is not None:
                self._compare_moments(inner, recorded, name, one, other)
            elif name == "cursor":
                self._simulated[one] = other
            elif name in HOST_FIELDS:
                self._expect(f"{inner} is text", True, bool(other) and isinstance(other, str))
            elif name == "sha":
                self._expect(f"{inner} form", True, bool(re.fullmatch(r"sha256:[0-9a-f]{64}", other)))
            elif name == "value" and (self.name, recorded.get("key")) in GENERATED_VARIABLES and one != "some-value":
                self._expect(f"{inner} form", True, bool(GENERATED.fullmatch(other)))
                self._expect(inner, self._simulated.setdefault(one, other), other)
            else:
                self._compare(inner, one, other)

    def _compare_moments(self, place: str, recorded: dict[str, Any], name: str, one: str, other: Any) -> None:
        """A moment has the recorded precision, and moves on exactly when the recorded one does."""
        if recorded.get("message") is not None:
            self._expect(place, one, other)  # a commit's own date
            return
        self._expect(f"{place} precision", len(one.partition(".")[2]) > 7, len(other.partition(".")[2]) > 7)
        seen = f"{recorded['id']} {name}"
        moments = microseconds(one), microseconds(other)
        before = self._updated.get(seen, moments)
        self._updated[seen] = moments
        self._expect(f"{place} moved", before[0] != moments[0], before[1] != moments[1])

    def _learn(self, recorded: str, simulated: str) -> None:
        """Note which of the simulator's ids stands for a recorded one, the first time the two meet."""
        one, other = IDENTIFIER.fullmatch(recorded), IDENTIFIER.fullmatch(simulated)
        if one and other and one.groups() == other.groups() and recorded not in self._simulated:
            self._simulated[recorded] = simulated

    def _expect(self, place: str, recorded: Any, simulated: Any) -> None:
        if recorded != simulated:
            self.differences.append(f"{place}: recorded {recorded!r}, simulated {simulated!r}")


def mask(text: str) -> str:
    """A text with what is random or belongs to the recorded account's host blotted out."""
    for pattern in (KEY_VALUE_HOST, PASSWORD, DATABASE_ENDING):
        text = pattern.sub("…", text)
    return text


def microseconds(moment: str) -> str:
    """A moment to the microsecond, so that a POST answer's nanoseconds compare with later answers."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    return f"{whole}.{round(int(fraction.ljust(9, '0')[:9]) / 1000):06d}"


def values(node: Any, name: str) -> Iterator[Any]:
    """Every value of a field, wherever it is."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and name in node:
        yield node[name]
    for child in children:
        yield from values(child, name)


def recorded_owner(recorded: list[dict[str, Any]]) -> dict[str, Any]:
    """The workspace a recording was made in; the ones that do not show it get a made-up one."""
    unknown = {"id": "some-owner-id", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}
    return dict(next(values(recorded, "owner"), unknown))


def recorded_commit(recorded: list[dict[str, Any]]) -> dict[str, Any]:
    """The commit that a recording's deploys take."""
    return dict(next((commit for commit in values(recorded, "commit") if commit), {"id": "0" * 40, "message": ""}))
