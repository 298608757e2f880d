"""What the issue of an incident holds for programs: since when it may be down, and when the alarm was raised."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gate.vendors.issues import WORKFLOW, marker
from gate.vendors.repository import Repository

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


def detections(repository: Repository, environment: str, since: datetime) -> Iterator[Detection]:
    """Return the times of every incident since a time, open or closed (docs.github.com/en/rest/issues/issues).

    Only issues of a workflow or of this token count, because a stranger can copy a marker. An issue without its two
    times is left out.

    Raises:
        VendorError: GitHub cannot be read.
    """
    mark, writers = incident_marker(environment), {WORKFLOW, repository.viewer() or WORKFLOW}
    for issue in repository.pages("issues", "Issues: read", state="all", since=since.strftime("%Y-%m-%dT%H:%M:%SZ")):
        text = issue.get("body") or ""
        if not text.startswith(mark) or (issue.get("user") or {}).get("login") not in writers:
            continue
        found = _read(text)
        if found and found.alarm >= since:
            yield found


def _read(text: str) -> Detection | None:
    try:
        data = json.loads(found[1]) if (found := _DATA.search(text)) else {}
        one = Detection(*(datetime.fromisoformat(data[name]) for name in ("down_since", "alarm")))
        return one if one.minutes >= 0 else None
    except (KeyError, TypeError, ValueError):
        return None
