"""What has to hold before a release changes anything (plan 3.3, 4.2). Every one is looked at; none is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.common.version import EXPECTED, parse
from gate.release.errors import Refused
from gate.release.frontend import Frontend
from gate.release.records import Record
from gate.stack.target import Target
from gate.vendors.repository import Repository

_BUILDING = frozenset({"QUEUED", "INITIALIZING", "BUILDING"})


@dataclass(frozen=True)
class Ready:
    """What is to be released. build: the frontend's staged build, empty where the environment has no frontend."""

    tag: str
    sha: str
    build: str


@dataclass(frozen=True)
class Condition:
    """One precondition. problem: why it does not hold, and what to do; empty where it holds."""

    title: str
    problem: str = ""


def look(
    tag: str, target: Target, repository: Repository, frontend: Frontend | None, records: Sequence[Record]
) -> tuple[list[Condition], Ready | None]:
    """Look at every precondition. Answers what is to be released where all of them hold.

    Raises: Refused for a tag that is no version, of which nothing else can be said.
    """
    version = parse(tag)
    if version is None:
        raise Refused(f"{tag} is no release tag: {EXPECTED}")
    sha = repository.commit_of(tag)
    if sha is None:
        raise Refused(f"tag {tag} does not exist at GitHub: git tag -a {tag} -m {tag} && git push origin {tag}")
    branch = target.settings.github.branch.name
    conditions = [
        Condition(f"{tag} is {sha[:7]}"),
        _on_branch(repository, branch, sha),
        newer(tag, sha, records),
        _smoked(target, repository, sha),
    ]
    build = ""
    if frontend:
        found = frontend.build_of(sha)
        build = found["uid"] if found else ""
        conditions.append(_built(frontend, branch, sha, build, "" if build else frontend.state_of(sha) or ""))
    ready = all(not condition.problem for condition in conditions)
    return conditions, Ready(tag, sha, build) if ready else None


def _on_branch(repository: Repository, branch: str, sha: str) -> Condition:
    problem = "" if repository.is_on(branch, sha) else f"it is not: merge it to {branch}, and tag the merge"
    return Condition(f"{sha[:7]} is on {branch}", problem)


def newer(tag: str, sha: str, records: Sequence[Record]) -> Condition:
    """Than the last good release. The same tag again, on the same commit, is the continuation of a run."""
    released = [(version, r) for r in records if r.good and r.task == "deploy" and (version := parse(r.tag))]
    last = max(released, key=lambda pair: pair[0], default=None)
    version, title = parse(tag), "newer than the last release"
    if last is None or version is None or last[0] < version:
        return Condition(title)
    if (last[1].tag, last[1].sha) != (tag, sha):
        return Condition(title, f"{last[1].tag} is: to go back run gate rollback --to {tag}")
    if earlier := _gone_back_from(sha, records):  # a workflow that runs again must not bring it back
        return Condition(title, f"it was rolled back to {earlier}: to serve it again run gate rollback --to {tag}")
    return Condition(title)


def _gone_back_from(sha: str, records: Sequence[Record]) -> str:
    """The release that a rollback has put in the place of a commit since it was last put there; empty without one."""
    for record in records:
        if record.good and record.sha == sha:
            return ""
        if record.good and record.task == "rollback" and record.before.render_commit == sha:
            return record.tag
    return ""


def _smoked(target: Target, repository: Repository, sha: str) -> Condition:
    """On staging, on this commit or, where main got it by a merge that added nothing, on the commit that was merged."""
    context = target.settings.release.smoke_context
    title = f"staging passed its smoke tests ({context})"
    state = repository.status(sha, context)
    if state is None and (merged := repository.merged_head(sha)):
        state = repository.status(merged, context)
    if state == "success":
        return Condition(title)
    found = f"its status is {state}" if state else "neither it nor what it merged has this status"
    return Condition(title, f"{found}: deploy it to staging and let gate smoke --env staging pass there")


def _built(frontend: Frontend, branch: str, sha: str, build: str, state: str) -> Condition:
    """Args: state: of the newest build, where none is ready."""
    if state in _BUILDING:
        problem = f"it is {state} at Vercel: wait for it, then run this again"
    else:
        problem = (
            f"Vercel has none that is ready{f' (it is {state})' if state else ''}: push the commit to {branch} with "
            f"the Git integration on, or redeploy its build for production in the dashboard of {frontend.name}, then "
            "run this again"
        )
    return Condition(f"the frontend has a production build of {sha[:7]}", "" if build else problem)
