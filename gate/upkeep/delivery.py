"""Opens the pull requests that bring the workflows to the branches, in an order in which they can be merged.

Each branch has a delivery branch of its own. A branch may require a check that only another branch's commits get, as
main does after the cutover (plan 5.2). A pull request from anywhere else never gets that check. So the files go to that
other branch first, and the usual pull request from there brings them. Facts: docs.github.com/en/rest (repos/contents,
git/refs, pulls).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from components.accounts.api import VendorError
from components.accounts.repository import Repository
from components.settings import Settings
from gate.common.errors import GateError
from gate.common.report import Report, ReportPart
from gate.upkeep.workflows import File, compare, decoded, pair

TITLE = "Staging gate: workflows"
EARLIER = "staging-gate/workflows"
"""The one delivery branch of earlier versions. Its open pull request is renewed."""
_NEEDS = "Contents, Workflows and Pull requests: write"
_BODY = (
    "The staging gate's workflows, as `python -m gate workflows sync` delivers them. Edit them there, not here: the "
    "next run would change them back."
)


@dataclass(frozen=True)
class Destination:
    """A branch that gets the files.

    Attributes:
        through: the branch whose pull requests it takes; empty if it takes them from anywhere.
        check: what this branch requires and only commits of `through` get.
    """

    branch: str
    through: str = ""
    check: str = ""


class Delivered(ReportPart):
    """What happened for one branch.

    Attributes:
        pull_request: its address; None if there is none.
        told: what to do now.
    """

    branch: str
    pull_request: str | None = None
    told: str


class Delivery(Report):
    """What was delivered, in the order in which it can be merged.

    As JSON: `schema`, `branches` (branch, pullRequest, null if there is none, told).
    """

    schema_version: ClassVar[int] = 2

    branches: list[Delivered]

    def lines(self) -> list[str]:
        return [" ".join(filter(None, [f"{one.branch}:", one.pull_request, one.told])) for one in self.branches]


def delivery_branch(base: str) -> str:
    """Return the branch on which the commits for a branch are made."""
    return f"{EARLIER}-to-{base}"


def destinations(chosen: Sequence[Settings], environ: Mapping[str, str], folder: Path = Path()) -> list[Destination]:
    """Return the branches of the environments, each after the one that it gets its commits from, and each once.

    Raises:
        GateError: no peer's file is in the folder.
    """
    found: list[Destination] = []
    for settings in sorted(chosen, key=lambda one: one.released_by_tag):
        before, last = (one.github.branch.name for one in pair(settings, environ, folder))
        branch, context = settings.github.branch.name, settings.release.smoke_context
        required = settings.github.protection_in(settings.phase).required_checks
        if settings.released_by_tag and branch == last != before and context in required:
            found += [Destination(before), Destination(branch, before, context)]
        else:
            found.append(Destination(branch))
    return list(dict.fromkeys(found))


def deliver(repository: Repository, wanted: Sequence[Destination], files: Sequence[File]) -> Delivery:
    """Open or renew the pull requests that are needed. A rerun that changes nothing writes nothing.

    Raises:
        VendorError: GitHub refused.
        GateError: a delivery branch belongs to somebody else.
    """
    return Delivery(branches=[_to(repository, one, list(files)) for one in wanted])


def _to(repository: Repository, wanted: Destination, files: list[File]) -> Delivered:
    base, through = wanted.branch, wanted.through
    if not compare(repository, base, files):
        return Delivered(branch=base, told="has the current version of every workflow")
    if not through:
        return Delivered(branch=base, pull_request=_own(repository, base, files), told="to be merged")
    if compare(repository, through, files):
        told = f"requires {wanted.check}, so it takes them from {through}: merge that one first, then run this again"
        return Delivered(branch=base, told=told)
    address = _open_now(repository, through, base) or _open(repository, through, base, f"{TITLE}, from {through}")
    told = f"from {through}, with all that is new there; to be merged once {wanted.check} has passed on {through}"
    return Delivered(branch=base, pull_request=address, told=told)


def _own(repository: Repository, base: str, files: list[File]) -> str:
    """Open or renew the pull request of the base's own delivery branch. Returns its address.

    A branch that is left from an earlier one, merged or closed, is reset to the base first, because its old commits
    would conflict.
    """
    heads = (delivery_branch(base), EARLIER)
    found = ((head, address) for head in heads if (address := _open_now(repository, head, base)))
    head, address = next(found, (heads[0], ""))
    _begin(repository, base, head, is_open=bool(address))
    for difference in compare(repository, head, files):
        _put(repository, head, next(file for file in files if file.path == difference.path))
    return address or _open(repository, head, base)


def _open_now(repository: Repository, head: str, base: str) -> str:
    """Return the address of the open pull request; empty if there is none."""
    listed = repository.pages("pulls", _NEEDS, state="open", head=f"{repository.owner}:{head}", base=base)
    return next((str(one["html_url"]) for one in listed), "")


def _open(repository: Repository, head: str, base: str, title: str = TITLE) -> str:
    """Open a pull request, and return its address."""
    body = {"title": title, "head": head, "base": base, "body": _BODY}
    return str(repository.send("POST", "pulls", body, needs=_NEEDS)["html_url"])


def _begin(repository: Repository, base: str, branch: str, *, is_open: bool) -> None:
    """Make the delivery branch. One that exists is set to the head of the base if no pull request is open.

    Raises:
        GateError: somebody else's branch has the name.
    """
    head, there = repository.head(base), repository.head(branch)
    if head is None:
        raise VendorError(f"GitHub has no branch {base}: run pulumi up for this environment first")
    if there is None:
        repository.send("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": head}, needs=_NEEDS)
    elif there != head and not _is_ours(repository, branch, f"{head}...{there}"):
        raise GateError(
            f"the branch {branch} has commits that are not of this command, so it was left as it is: rename it"
        )
    elif there != head and not is_open:
        body = {"sha": head, "force": True}
        repository.send("PATCH", f"git/refs/heads/{branch}", body, needs=_NEEDS, repeatable=True)


def _is_ours(repository: Repository, branch: str, span: str) -> bool:
    """Whether the branch is ours.

    Its name alone does not tell: a pull request of ours, or all its commits, must be ours.

    Args:
        span: the commits between which the branch's own are, as GitHub compares them.
    """
    pulls = repository.pages("pulls", _NEEDS, state="all", head=f"{repository.owner}:{branch}")
    if any(one["title"] == TITLE for one in pulls):
        return True
    found = repository.get(f"compare/{span}")
    commits = found.get("commits") or [] if found else None
    return commits is not None and all(one["commit"]["message"].startswith(TITLE) for one in commits)


def _put(repository: Repository, branch: str, file: File) -> None:
    path = f"contents/{quote(file.path)}"
    there = repository.get(path, ref=branch)
    body = {
        "message": f"{TITLE}: {file.path}",
        "branch": branch,
        "content": base64.b64encode(file.beside(decoded(there)).encode()).decode(),
        **({"sha": there["sha"]} if there else {}),
    }
    repository.send("PUT", path, body, needs=_NEEDS)
