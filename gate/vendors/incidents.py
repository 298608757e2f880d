"""What the issue of an incident holds for programs: since when it may be down, and when the alarm was raised."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.accounts.repository import Repository
from gate.vendors.issues import WORKFLOW, marker

_DATA = re.compile(r"<!-- staging gate: detected (\{[^\n]*\}) -->")


@dataclass(frozen=True)
class Detection:
    """When an environment went down, and when people knew.

    Attributes:
        down_since: the last good look before the alarm. A watch that goes on without a break names the first look that
            failed, which comes seconds later.
        alarm: when people were told.
    """

    down_since: datetime
    alarm: datetime

    @property
    def minutes(self) -> float:
        return (self.alarm - self.down_since).total_seconds() / 60

    def as_text(self) -> str:
        """Return a line of an issue that readers do not see."""
        data = {name: moment.isoformat() for name, moment in vars(self).items()}
        return f"<!-- staging gate: detected {json.dumps(data)} -->"


def incident_marker(environment: str) -> str:
    return marker(f"incident {environment}")


def incidents(repository: Repository, environment: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the issues of incidents (docs.github.com/en/rest/issues/issues).

    Only issues of a workflow or of this token count, because a stranger can copy a marker.

    Args:
        query: what GitHub shall list, such as `state`.

    Raises:
        VendorError: GitHub cannot be read.
    """
    mark, writers = incident_marker(environment), {WORKFLOW, repository.viewer() or WORKFLOW}
    for issue in repository.pages("issues", "Issues: read", **query):
        if (issue.get("body") or "").startswith(mark) and (issue.get("user") or {}).get("login") in writers:
            yield issue


def detections(repository: Repository, environment: str, since: datetime) -> Iterator[Detection]:
    """Yield the times of every incident since a time, open or closed. An issue without its two times is left out.

    Raises:
        VendorError: GitHub cannot be read.
    """
    for issue in incidents(repository, environment, state="all", since=since.strftime("%Y-%m-%dT%H:%M:%SZ")):
        found = _read(issue["body"])
        if found and found.alarm >= since:
            yield found


def _read(text: str) -> Detection | None:
    try:
        data = json.loads(found[1]) if (found := _DATA.search(text)) else {}
        one = Detection(*(datetime.fromisoformat(data[name]) for name in ("down_since", "alarm")))
        return one if one.minutes >= 0 else None
    except (KeyError, TypeError, ValueError):
        return None
