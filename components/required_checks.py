"""Finds required checks that nothing reports on pull requests: one rule, for the guardrail and `gate verify`.

A required check that is not reported blocks every pull request (docs.github.com: Troubleshooting required status
checks). Other apps report checks too, so the rule also looks at what recent pull requests really got. It reads all that
from the repository at GitHub.
"""

import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from components.accounts.api import NotThere, VendorError
from components.accounts.repository import Repository
from components.workflow_jobs import FOLDER, Job, Workflows, matches, read

_SETS_STATUS = re.compile(r"(-m gate|bin/gate|\bgate) deploy ")
"""In a workflow: it runs after each deploy, and sets the status of the commit."""


@dataclass(frozen=True)
class Evidence:
    """What tells which checks are reported.

    Attributes:
        workflows: of the branch.
        sets_status: whether one of them has the gate set its commit status, which no job's name tells.
        heads: the checks and statuses that each of the recent pull requests to the branch got.
        required: the checks that the branch requires today; None if they could not be read.
    """

    workflows: Workflows
    sets_status: bool = False
    heads: tuple[frozenset[str], ...] = ()
    required: frozenset[str] | None = None

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Self:
        """Read the workflow files.

        Args:
            files: texts of the workflows, by path.
        """
        return cls(read(files), any(_SETS_STATUS.search(text) for text in files.values()))


@dataclass(frozen=True)
class Unreported:
    """A required check that blocks pull requests.

    Attributes:
        instead: what to require; empty if no reported name is similar.
        filtered: it can also be required once its paths filter is gone.
    """

    check: str
    problem: str
    instead: str = ""
    filtered: bool = False

    def __str__(self) -> str:
        advice = f"require {self.instead!r} instead" if self.instead else "correct the name, or add a job that has it"
        if self.filtered and self.instead in ("", self.check):
            advice = "remove the `paths` filter from its workflow"
        elif self.filtered:
            advice += ", and remove the `paths` filter from its workflow"
        return f"{self.check!r}: {self.problem}, so GitHub would wait for it forever; {advice}"


def unreported(required: Iterable[str], evidence: Evidence, branch: str, smoke_context: str) -> list[Unreported]:
    """Return the required checks that not every pull request to the branch gets.

    Args:
        smoke_context: the gate's own commit status.
    """
    seen = frozenset().union(*evidence.heads)
    always = frozenset.intersection(*evidence.heads) if evidence.heads else frozenset()
    found = []
    for check in required:
        if check in always or (check == smoke_context and evidence.sets_status):
            continue
        jobs = evidence.workflows.jobs
        named = [job for job in jobs if any(fnmatch.fnmatchcase(check, _literal(one)) for one in job.contexts)]
        starting = [job for job in named if job.starts_on_pull_requests_to(branch) or job.on_pushes]
        certain = [j for j in starting if (j.starts_on_pull_requests_to(branch) or j.every_pull_request)]
        if any(not job.filtered for job in certain) or (check in seen and not any(job.filtered for job in starting)):
            continue
        found.append(_explained(check, certain, starting, jobs, branch))
    return found


def _literal(context: str) -> str:
    """Return a regular expression in which only `*` is a wildcard, because names hold brackets."""
    return context.replace("[", "[[]").replace("?", "[?]")


def _explained(check: str, certain: list[Job], starting: list[Job], jobs: Collection[Job], branch: str) -> Unreported:
    if certain:
        job = certain[0]
        return Unreported(check, f"pull requests outside the paths filter of {job.file} do not start it", check, True)
    if starting:
        job, kept = starting[0], ", ".join(starting[0].on_pushes)
        return Unreported(check, f"{job.file} runs on pushes to {kept} only, so not for every pull request")
    for job in jobs:
        if check in job.contexts:
            return Unreported(check, f"no pull request to this branch starts {job.file}")
        if check == job.id:
            said = f"it is a job's id in {job.file}, whose name is {' or '.join(map(repr, job.contexts))}"
            return Unreported(check, said, job.contexts[0], job.filtered)
        if check == job.workflow:
            said = f"it is the name of the workflow {job.file}, not of a job"
            return Unreported(check, said, job.contexts[0], job.filtered)
    reporting = [job for job in jobs if matches(job.on_pull_requests, branch) or job.every_pull_request]
    known = ", ".join(sorted({context for job in reporting for context in job.contexts})) or "none"
    return Unreported(check, f"no job has this name (reported on pull requests: {known})")


_RECENT = 5
"""How many recent pull requests are looked at."""


def read_evidence(
    repository: Repository, branch: str, reference: str, required: Collection[str], smoke_context: str
) -> Evidence:
    """Return what tells which of the required checks are reported on pull requests to the branch.

    Args:
        reference: the branch whose workflows count. If they explain every check, nothing else is asked.

    Raises:
        VendorError: the repository cannot be read.
    """
    try:
        found = Evidence.of(_workflows(repository, reference))
        if not unreported(required, found, branch, smoke_context):
            return found
        return replace(found, heads=_heads(repository, branch), required=_required(repository, branch))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise VendorError(f"GitHub: an answer that is not understood ({type(error).__name__})") from None


def _workflows(repository: Repository, reference: str) -> dict[str, str]:
    """Return texts by path (rest/repos/contents)."""
    listed = repository.get(f"contents/{FOLDER}", ref=reference)
    if listed is None:
        raise NotThere(f"GitHub answered 404 to contents/{FOLDER} of {repository.full_name} at {reference}")
    files = [one["name"] for one in listed if one.get("type", "file") == "file"]  # no folder, and no link
    paths = [f"contents/{FOLDER}/{quote(name)}" for name in files if name.endswith((".yml", ".yaml"))]
    return {path.removeprefix("contents/"): repository.text(path, ref=reference) for path in paths}


def _heads(repository: Repository, branch: str) -> tuple[frozenset[str], ...]:
    """Return what recent pull requests got (rest/pulls, rest/checks/runs, rest/commits/statuses).

    The branch itself does not tell, because its pushes start other workflows.
    """
    query: dict[str, str | int] = {"base": branch, "sort": "updated", "direction": "desc", "per_page": _RECENT}
    pulls = repository.get("pulls", "Pull requests: read", state="all", **query)
    found = []
    for sha in dict.fromkeys(pull["head"]["sha"] for pull in pulls):
        runs = repository.pages(f"commits/{sha}/check-runs", "Checks: read", item="check_runs")
        statuses = repository.pages(f"commits/{sha}/status", "Commit statuses: read", item="statuses")
        found.append(frozenset([*(run["name"] for run in runs), *(one["context"] for one in statuses)]))
    return tuple(one for one in found if one)


def _required(repository: Repository, branch: str) -> frozenset[str] | None:
    """Return the protection (rest/branches/branch-protection), or None if the token may not see it."""
    try:
        rule = repository.get(f"branches/{quote(branch, safe='')}/protection", "Administration: read") or {}
    except VendorError:
        return None
    return frozenset((rule.get("required_status_checks") or {}).get("contexts", []))
