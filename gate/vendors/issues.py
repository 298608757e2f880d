"""Tells people what was found, in the repository that runs the workflow: a comment on a pull request, an issue.

The issue of an incident also holds for programs since when it may be down, and when the alarm was raised.

What was written before is found by a hidden marker at the start of its text, and only if this token wrote it, because a
stranger can copy a marker. Facts: docs.github.com/en/rest (issues/issues, issues/comments).
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.accounts.api import VendorOutcomeUnknown
from components.accounts.github import BASE_URL, GitHub
from components.accounts.repository import Repository
from gate.common.errors import GateError

LIMIT = 65_536
"""The most characters that GitHub takes in the text of a comment or an issue."""
TOKEN = "REPORT_TOKEN"
WORKFLOW = "github-actions[bot]"
"""The login of a workflow's own token, if GitHub does not say who is asking."""

_DATA = re.compile(r"<!-- staging gate: detected (\{[^\n]*\}) -->")

Json = dict[str, Any]


def marker(name: str) -> str:
    """Return the hidden sign at the start of a text, by which it is found again."""
    return f"<!-- staging gate: {name} -->"


def cut(text: str, limit: int, note: str) -> str:
    """Return as many whole lines of a Markdown text as fit, and then the note. If all fits, return all of it.

    Args:
        note: may hold {lines}, the number of missing lines.
    """
    if len(text) <= limit:
        return text
    lines = text.rstrip("\n").split("\n")
    kept: list[str] = []
    room = limit - len(note) - 20  # for the number, and for the fence
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    fence = ["```"] if sum(line.startswith("```") for line in kept) % 2 else []
    return "\n".join([*kept, *fence, "", note.format(lines=len(lines) - len(kept))])


class IssueTracker:
    """The pull requests and issues of one repository.

    Raises:
        VendorError: any method.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository, self._viewer = repository, repository.viewer() or WORKFLOW

    def comment(self, number: int, mark: str, body: str) -> tuple[str, str]:
        """Write or renew the one comment with this marker on a pull request.

        Args:
            body: starts with the marker.

        Returns:
            Its address, and `written`, `renewed` or `unchanged`.
        """
        needs, path = "Pull requests: write", f"issues/{number}/comments"
        found = self._ours(self._pages(path, needs), mark)
        if found and found[0]["body"] == body:
            return _address(found[0]), "unchanged"
        if found:
            return _address(self._change(f"issues/comments/{found[0]['id']}", {"body": body}, needs)), "renewed"
        try:
            return _address(self._create(path, {"body": body}, needs)), "written"
        except VendorOutcomeUnknown:
            if found := self._ours(self._pages(path, needs), mark):
                return _address(found[0]), "written"
            raise

    def pull_request(self, number: int) -> Json:
        """Check that the pull request exists (pulls/get-a-pull-request).

        Raises:
            GateError: it does not.
        """
        found = self.repository.get(f"pulls/{number}", needs="Pull requests: read")
        if found is None:
            raise GateError(f"{self.repository.full_name} has no pull request #{number}: correct --pull-request")
        return dict(found)

    def open_issues(self, mark: str) -> list[Json]:
        """Return the open issues with this marker, the oldest first."""
        listed = self._pages("issues", "Issues: write", state="open", sort="created", direction="asc")
        return self._ours((issue for issue in listed if "pull_request" not in issue), mark)

    def open_issue(self, mark: str, title: str, body: str) -> Json:
        """Open an issue. If the answer is lost, the one that the request made is found."""
        try:
            return self._create("issues", {"title": title, "body": body}, "Issues: write")
        except VendorOutcomeUnknown:
            if found := self.open_issues(mark):
                return found[0]
            raise

    def edit_issue(self, number: int, **fields: Any) -> Json:
        """Change fields of an issue, and return it."""
        return self._change(f"issues/{number}", fields, "Issues: write")

    def add_to_issue(self, number: int, body: str) -> None:
        """Add a comment."""
        self._create(f"issues/{number}/comments", {"body": body}, "Issues: write")

    def _ours(self, listed: Iterator[Json], mark: str) -> list[Json]:
        return [one for one in listed if (one.get("body") or "").startswith(mark) and self._is_ours(one)]

    def _is_ours(self, one: Json) -> bool:
        author = one.get("user") or {}
        login = str(author.get("login", ""))
        # GraphQL may leave out what REST puts behind an app's name.
        app = author.get("type") == "Bot" and login == f"{self._viewer}[bot]"
        return bool(login) and (login == self._viewer or app)

    def _pages(self, path: str, needs: str, **query: Any) -> Iterator[Json]:
        return self.repository.pages(path, needs, **query)

    def _create(self, path: str, body: Json, needs: str) -> Json:
        return dict(self.repository.send("POST", path, body, needs=needs))

    def _change(self, path: str, body: Json, needs: str) -> Json:
        return dict(self.repository.send("PATCH", path, body, needs=needs, repeatable=True))


@contextlib.contextmanager
def open_issue_tracker(environ: Mapping[str, str]) -> Iterator[IssueTracker]:
    """Open the repository that runs the workflow.

    Args:
        environ: GITHUB_REPOSITORY (owner/name, set by the runner) and REPORT_TOKEN. GITHUB_TOKEN is another one,
            because it belongs to the application's repository. The API is at GITHUB_BASE_URL, else where the runner
            says.

    Raises:
        GateError: names the missing variable.
    """
    owner, _, name = environ.get("GITHUB_REPOSITORY", "").partition("/")
    if not owner or not name:
        raise GateError("the repository to report to is not known: export GITHUB_REPOSITORY=owner/name")
    token = environ.get(TOKEN)
    if not token:
        raise GateError(
            f"{TOKEN} is not set: export a token that may write to {owner}/{name}; in a workflow {TOKEN}: "
            "${{ github.token }}"
        )
    github = GitHub(owner, token, base_url=_base_url(environ), credential=TOKEN)
    try:
        yield IssueTracker(Repository(github, name))
    finally:
        github.close()


def _base_url(environ: Mapping[str, str]) -> str:
    """Return the base address of the runner's REST API, which is `https://HOST/api/v3` at an Enterprise Server."""
    runner = environ.get("GITHUB_API_URL", "").removesuffix("/").removesuffix("/api/v3")
    return environ.get("GITHUB_BASE_URL") or runner or BASE_URL


def _address(found: Json) -> str:
    return str(found.get("html_url") or found.get("url") or found["id"])


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
        """Return the time from the one to the other, in minutes."""
        return (self.alarm - self.down_since).total_seconds() / 60

    def as_text(self) -> str:
        """Return a line of an issue that readers do not see."""
        data = {name: moment.isoformat() for name, moment in vars(self).items()}
        return f"<!-- staging gate: detected {json.dumps(data)} -->"


def incident_marker(environment: str) -> str:
    """Return the hidden sign of an environment's incident."""
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
