"""Which previews are old and of no use any more, and their removal. Facts: vercel.com/docs/rest-api, Render API.

A preview is of use while the pull request of its branch is open and it is the branch's newest, or while a domain is
bound to its branch. Nothing but previews is ever removed: at Vercel what has a target of its own, at Render what has
no parent, is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from blueprint.workspace import Session
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count
from gate.vendors.repository import Repository
from gate.vendors.vercel import Vercel

_NEEDS = "a token whose scope is the team of the project (vercel:team)"
_PAGE = 100


@dataclass(frozen=True)
class Preview:
    """One preview. name: as the vendor shows it. works: it was built, so that it can serve."""

    vendor: Literal["Vercel", "Render"]
    id: str
    name: str
    branch: str
    created: datetime
    works: bool = True


class Pruned(Report):
    """What came of it. old: the previews that are old, and deleted if `deleted` says so."""

    old: list[Preview]
    kept: int
    older_than: str
    deleted: bool
    problems: list[str]

    @property
    def exit_code(self) -> int:
        return ExitCode.ERROR if self.problems else ExitCode.DONE

    def lines(self) -> Iterable[str]:
        verb = "deleted" if self.deleted else "would delete"
        for one in self.old:
            yield f"{verb}: {one.vendor} {one.name} (branch {one.branch or 'unknown'}, {one.created:%Y-%m-%d})"
        yield from (f"not deleted: {problem}" for problem in self.problems)
        if not self.old:
            yield f"No previews are older than {self.older_than}. Nothing to delete; {self.kept} stay."
        else:
            advice = "" if self.deleted else "; run it with --yes to delete them"
            yield f"{count(len(self.old), 'preview')} older than {self.older_than}, {self.kept} stay{advice}"


def at_vercel(vercel: Vercel, project: str) -> list[Preview]:
    """Every preview deployment, newest first. Raises: VendorError."""
    found: list[Preview] = []
    until: dict[str, str | int] = {}
    for _ in range(_PAGE):
        query = {"projectId": project, "limit": _PAGE, **until, **vercel.query}
        answer = vercel.api.get("/v6/deployments", query, needs=_NEEDS)
        found += [_deployment(one) for one in answer["deployments"] if not one.get("target")]
        following = (answer.get("pagination") or {}).get("next")
        if not following:
            break
        until = {"until": following}
    return found


def _deployment(found: dict[str, Any]) -> Preview:
    created = datetime.fromtimestamp(found["created"] / 1000).astimezone()
    branch = (found.get("meta") or {}).get("githubCommitRef", "")
    works = (found.get("readyState") or found.get("state")) == "READY"
    return Preview("Vercel", found["uid"], found["url"], branch, created, works)


def bound_branches(vercel: Vercel, project: str) -> set[str]:
    """Branches that a domain of the project serves. Raises: VendorError."""
    query = {"limit": _PAGE, **vercel.query}
    answer = vercel.api.get(f"/v9/projects/{project}/domains", query, needs=_NEEDS) or {}
    return {str(one["gitBranch"]) for one in answer.get("domains", []) if one.get("gitBranch")}


def at_render(session: Session, services: Sequence[str]) -> list[Preview]:
    """Preview instances of the named services. Raises: RenderError."""
    listed = list(session.client.pages("/services", "service", includePreviews="true"))
    parents = {one["id"] for one in listed if one["name"] in services}
    return [
        Preview("Render", one["id"], one["name"], one.get("branch", ""), datetime.fromisoformat(one["createdAt"]))
        for one in listed
        if (one["serviceDetails"].get("parentServer") or {}).get("id") in parents
    ]


def open_branches(repository: Repository) -> set[str]:
    """Heads of the open pull requests. Raises: VendorError."""
    found: set[str] = set()
    for number in range(1, _PAGE):
        query: dict[str, str | int] = {"state": "open", "per_page": _PAGE, "page": number}
        listed = repository.get("pulls", needs="Pull requests: read", **query) or []
        found |= {pull["head"]["ref"] for pull in listed}
        if len(listed) < _PAGE:
            break
    return found


def outlived(
    previews: Sequence[Preview], in_use: set[str], bound: set[str], now: datetime, age: timedelta
) -> Iterator[Preview]:
    """Args: in_use: branches of open pull requests. bound: branches that a domain serves, or that are environments'."""
    newest: set[tuple[str, str]] = set()
    for one in sorted(previews, key=lambda p: p.created, reverse=True):
        latest = one.works and (one.vendor, one.branch) not in newest
        if one.works:  # a build that failed serves nobody, and the one before it goes on serving
            newest.add((one.vendor, one.branch))
        if now - one.created < age or (latest and one.branch in in_use | bound):
            continue
        yield one


def remove(preview: Preview, vercel: Vercel | None, session: Session | None) -> None:
    """Delete it at its vendor; one that is gone already is fine. Raises: VendorError, RenderError."""
    if preview.vendor == "Vercel" and vercel is not None:
        team = f"?teamId={vercel.team_id}" if vercel.query else ""
        vercel.api.send("DELETE", f"/v13/deployments/{preview.id}{team}", needs=_NEEDS, repeatable=True)
    elif session is not None:
        session.client.delete(f"/services/{preview.id}")
