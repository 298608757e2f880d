"""Finds previews that are old and no longer used, and deletes them. Facts: vercel.com/docs/rest-api, Render API.

Only what is recognised as a pull request's preview is deleted: a build, or an instance of a known service, whose branch
is the head of a pull request. Everything else is kept, with the reason. A preview is used while its pull request is
open and it is the branch's newest, or while a domain serves its branch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from blueprint.workspace import Session
from components.accounts import Accounts
from components.accounts.repository import Repository
from components.accounts.vercel import state_of
from components.settings import Settings
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count


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


def prune(
    settings: Sequence[Settings], accounts: Accounts, session: Session, older_than: str, age: timedelta, *, delete: bool
) -> Pruned:
    """Look for previews of an environment's pull requests, and delete the old ones.

    Args:
        settings: of the environment, and then of its peers, whose branches are no pull requests'.
        older_than: the age as it was typed, for the report.

    Raises:
        VendorError, RenderError: a vendor cannot be read.
    """
    own = settings[0]
    repository = accounts.repository(own.github.repository)
    found: list[PreviewDeployment] = []
    bound = {one.github.branch.name for one in settings}
    if own.vercel:
        project = accounts.vercel.require_project(own.vercel.project)
        found += [_deployment(one) for one in accounts.vercel.deployments(project) if one.get("target") != "production"]
        bound |= {str(one["gitBranch"]) for one in accounts.vercel.domains(project) if one.get("gitBranch")}
    found += _at_render(session, [service.name for service in own.render.services])
    pulls = _of_pull_requests(repository, {one.branch for one in found if one.branch and not one.of})
    every = list(judged(found, pulls, bound, datetime.now(UTC), age))
    old, kept = [one for one in every if not one.reason], [one for one in every if one.reason]
    problems = []
    for one in old if delete else ():
        try:  # one that is already gone is fine
            if one.vendor == "Vercel":
                accounts.vercel.change("DELETE", f"/v13/deployments/{one.id}")
            else:
                session.client.delete(f"/services/{one.id}")
        except GateError as error:
            problems.append(f"{one.vendor} {one.name}: {error}")
    return Pruned(old=old, kept=kept, older_than=older_than, deleted=delete, problems=problems)


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


def _at_render(session: Session, services: Sequence[str]) -> list[PreviewDeployment]:
    """Return the preview instances of the named services."""
    listed = list(session.client.pages("/services", includePreviews="true"))
    parents = {one["id"] for one in listed if one["name"] in services}
    return [
        PreviewDeployment(
            "Render", one["id"], one["name"], one.get("branch", ""), datetime.fromisoformat(one["createdAt"])
        )
        for one in listed
        if (one["serviceDetails"].get("parentServer") or {}).get("id") in parents
    ]


def _of_pull_requests(repository: Repository, branches: Iterable[str]) -> dict[str, bool]:
    """Return the branches that are heads of a pull request, and whether one is open."""
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
        reason = _reason(one, pulls, bound, latest=latest)
        yield replace(one, reason=reason or ("it is not old enough" if now - one.created < age else ""))


def _reason(one: PreviewDeployment, pulls: Mapping[str, bool], bound: set[str], *, latest: bool) -> str:
    """Return why it is kept however old it is; empty if it is not."""
    if one.of:
        return one.of
    if not one.branch:
        return "it was not built from a branch"
    if one.branch in bound:
        return "it serves an environment or a domain" if latest else ""
    if one.branch not in pulls:
        return "no pull request has its branch as its head"
    return "it is the newest of an open pull request" if pulls[one.branch] and latest else ""
