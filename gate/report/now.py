"""What goes on at this moment: the commit that serves, a release that is being made, an open incident."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from blueprint.errors import RenderError
from blueprint.workspace import connect
from gate.common.errors import GateError
from gate.vendors.deployments import deployments, is_ours, payload_of, statuses
from gate.vendors.incidents import incidents
from gate.vendors.render import commit_of, require_service
from gate.vendors.repository import Repository

_ANSWER = 10.0
"""Seconds that Render gets to answer."""
_UNFINISHED = frozenset({"queued", "pending", "in_progress"})
_NEEDS = "Deployments: read"


class Live(NamedTuple):
    """The commit that Render serves, and since when."""

    sha: str
    since: datetime


class News(NamedTuple):
    """Something that somebody has to know. tone: as that of a badge. address: where more is told, or empty."""

    tone: str
    text: str
    address: str = ""


def live(service: str, environ: Mapping[str, str]) -> Live | None:
    """Ask Render what a service serves (Render API reference, List deploys).

    Returns:
        None if Render cannot be asked, or nothing serves.
    """
    if not environ.get("RENDER_API_KEY"):
        return None
    try:
        with connect(environ, lambda _line: None, deadline=_ANSWER) as session:
            found = require_service(session, service)
            listed = session.client.get(f"/services/{found['id']}/deploys", limit=20)
    except (GateError, RenderError):
        return None
    one = next((entry["deploy"] for entry in listed if entry["deploy"]["status"] == "live"), None)
    if one is None or not commit_of(one):
        return None
    return Live(commit_of(one), datetime.fromisoformat(one.get("finishedAt") or one["createdAt"]))


def news(repository: Repository, environment: str, github_environment: str) -> Iterator[News]:
    """Yield a release that is being made, and an open incident.

    Args:
        environment: the gate's name for it.
        github_environment: GitHub's.

    Raises:
        VendorError: GitHub cannot be read.
    """
    newest = next(filter(is_ours, deployments(repository, github_environment, needs=_NEEDS)), None)
    states = [one["state"] for one in statuses(repository, newest["id"], needs=_NEEDS, most=1)] if newest else []
    if newest and _UNFINISHED.intersection(states):
        tag = payload_of(newest)["tag"]
        yield News("warn", f"{newest['task']} of {tag} began at {newest['created_at']} and has not ended")
    for issue in incidents(repository, environment, state="open"):
        yield News("bad", f"incident #{issue['number']}: {issue['title']}", issue.get("html_url", ""))
