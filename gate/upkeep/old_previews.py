"""Finds previews that are old and no longer used, and deletes them. Facts: vercel.com/docs/rest-api, Render API.

Only what is recognised as a pull request's preview is deleted: a build, or an instance of a known service, whose branch
is the head of a pull request. Everything else is kept, with the reason. A preview is used while its pull request is
open and it is the branch's newest, or while a domain serves its branch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from blueprint.workspace import Session
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count
from gate.vendors.repository import Repository
from gate.vendors.vercel import Vercel, state_of


@dataclass(frozen=True)
class PreviewDeployment:
    """Something that may be a preview.

    Attributes:
        name: as the vendor shows it.
        works: it was built, so that it can serve.
        of: what it is, if it is no preview of a pull request.
        reason: why it is kept; empty if it is to be deleted.
    """

    vendor: Literal["Vercel", "Render"]
    id: str
    name: str
    branch: str
    created: datetime
    works: bool = True
    of: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.vendor} {self.name} (branch {self.branch or 'unknown'}, {self.created:%Y-%m-%d})"


class Pruned(Report):
    """The result.

    Attributes:
        old: the previews that are old. They are deleted if `deleted` says so.
        kept: each with its reason.
    """

    old: list[PreviewDeployment]
    kept: list[PreviewDeployment]
    older_than: str
    deleted: bool
    problems: list[str]

    @property
    def exit_code(self) -> int:
        return ExitCode.ERROR if self.problems else ExitCode.DONE

    def lines(self) -> Iterable[str]:
        verb = "deleted" if self.deleted else "would delete"
        yield from (f"{verb}: {one}" for one in self.old)
        yield from (f"kept: {one}: {one.reason}" for one in self.kept)
        yield from (f"not deleted: {problem}" for problem in self.problems)
        if not self.old:
            yield f"No previews are older than {self.older_than}. Nothing to delete; {len(self.kept)} stay."
        else:
            advice = "" if self.deleted else "; run it with --yes to delete them"
            yield f"{count(len(self.old), 'preview')} older than {self.older_than}, {len(self.kept)} stay{advice}"


def at_vercel(vercel: Vercel, project: str) -> list[PreviewDeployment]:
    """Return every deployment that is not production's, newest first.

    Raises:
        VendorError: Vercel cannot be read.
    """
    return [_deployment(one) for one in vercel.deployments(project) if one.get("target") != "production"]


def _deployment(found: dict[str, Any]) -> PreviewDeployment:
    """Return what a deployment is. One of a custom environment has no target of its own, like a preview."""
    created = datetime.fromtimestamp(found["created"] / 1000).astimezone()
    branch = (found.get("meta") or {}).get("githubCommitRef", "")
    works = state_of(found) == "READY"
    environment = found.get("customEnvironment") or {}
    of = f"it serves the environment {environment.get('slug') or environment.get('id')}" if environment else ""
    if target := found.get("target"):
        of = f"its target is {target}"
    return PreviewDeployment("Vercel", found["uid"], found.get("url") or found["uid"], branch, created, works, of)


def bound_branches(vercel: Vercel, project: str) -> set[str]:
    """Return the branches that a domain of the project serves.

    Raises:
        VendorError: Vercel cannot be read.
    """
    return {str(one["gitBranch"]) for one in vercel.domains(project) if one.get("gitBranch")}


def at_render(session: Session, services: Sequence[str]) -> list[PreviewDeployment]:
    """Return the preview instances of the named services.

    Raises:
        RenderError: of any kind.
    """
    listed = list(session.client.pages("/services", "service", includePreviews="true"))
    parents = {one["id"] for one in listed if one["name"] in services}
    return [
        PreviewDeployment(
            "Render", one["id"], one["name"], one.get("branch", ""), datetime.fromisoformat(one["createdAt"])
        )
        for one in listed
        if (one["serviceDetails"].get("parentServer") or {}).get("id") in parents
    ]


def of_pull_requests(repository: Repository, branches: Iterable[str]) -> dict[str, bool]:
    """Return the branches that are heads of a pull request, and whether one is open.

    Raises:
        VendorError: GitHub cannot be read.
    """
    found = {}
    for branch in sorted(branches):
        head = f"{repository.owner}:{branch}"
        listed = repository.pages("pulls", "Pull requests: read", state="all", head=head)
        if states := {pull["state"] for pull in listed}:
            found[branch] = "open" in states
    return found


def judged(
    previews: Sequence[PreviewDeployment], pulls: Mapping[str, bool], bound: set[str], now: datetime, age: timedelta
) -> Iterator[PreviewDeployment]:
    """Return each with the reason to keep it, if there is one.

    Args:
        pulls: whether there is an open pull request, for each branch that has any.
        bound: branches that a domain serves, or that belong to environments.
    """
    newest: set[tuple[str, str]] = set()
    for one in sorted(previews, key=lambda p: p.created, reverse=True):
        latest = one.works and (one.vendor, one.branch) not in newest
        if one.works:  # a build that failed serves nobody, and the one before it goes on serving
            newest.add((one.vendor, one.branch))
        reason = one.of
        if not reason and not one.branch:
            reason = "it was not built from a branch"
        elif not reason and one.branch in bound:
            reason = "it serves an environment or a domain" if latest else ""
        elif not reason and one.branch not in pulls:
            reason = "no pull request has its branch as its head"
        elif not reason and pulls[one.branch] and latest:
            reason = "it is the newest of an open pull request"
        yield replace(one, reason=reason or ("it is not old enough" if now - one.created < age else ""))


def remove(preview: PreviewDeployment, vercel: Vercel | None, session: Session | None) -> None:
    """Delete it at its vendor. One that is already gone is fine.

    Raises:
        VendorError, RenderError: it could not be deleted.
    """
    if preview.vendor == "Vercel" and vercel is not None:
        vercel.send("DELETE", f"/v13/deployments/{preview.id}")
    elif session is not None:
        session.client.delete(f"/services/{preview.id}")
