"""What is delivered, what the repository has, and one pull request that makes the two the same.

Facts: docs.github.com/en/rest (repos/contents, git/refs, pulls).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gate.release.repository import Repository
from gate.vendors.errors import VendorError

BRANCH = "staging-gate/workflows"
BEGIN, END = "<!-- staging gate: begin -->\n", "<!-- staging gate: end -->\n"
TITLE = "Staging gate: workflows"
_SOURCE = Path(__file__).resolve().parents[2] / "workflows"
_WRITE = "Contents, Workflows and Pull requests: write"


@dataclass(frozen=True)
class File:
    """One delivered file. path: in the repository. part: it is a part of a file, between marks; the rest is theirs."""

    path: str
    content: str
    part: bool = False

    def beside(self, there: str | None) -> str:
        """The whole file, as it belongs where this one is now."""
        if not self.part:
            return self.content
        mine = f"{BEGIN}{self.content}{END}"
        if there is None or not there.strip():
            return mine
        before, begin, rest = there.partition(BEGIN)
        _old, end, after = rest.partition(END)
        return before + mine + after if begin and end else f"{there.rstrip()}\n\n{mine}"


@dataclass(frozen=True)
class Difference:
    """state: missing, or different."""

    path: str
    state: str


def delivered(source: Path = _SOURCE) -> list[File]:
    """Every file, as it belongs into the repository."""
    pairs = [(workflow, f".github/workflows/{workflow.name}") for workflow in source.glob("*.yml")]
    pairs += [(source / "actions/gate/action.yml", ".github/actions/gate/action.yml")]
    pairs += [(source / "pull_request_template.md", ".github/pull_request_template.md")]
    files = [File(path, file.read_text(encoding="utf-8")) for file, path in pairs]
    files.append(File("CONTRIBUTING.md", (source / "CONTRIBUTING.md").read_text(encoding="utf-8"), part=True))
    return sorted(files, key=lambda file: file.path)


def compare(repository: Repository, ref: str, files: list[File]) -> list[Difference]:
    """What a branch of the repository does not have as it is delivered. Raises: VendorError."""
    found = []
    for file in files:
        there = _content(repository, ref, file.path)
        if there != file.beside(there):
            found.append(Difference(file.path, "missing" if there is None else "different"))
    return found


def _content(repository: Repository, ref: str, path: str) -> str | None:
    return _decoded(repository.get(f"contents/{quote(path)}", ref=ref))


def _decoded(found: dict[str, Any] | None) -> str | None:
    return base64.b64decode(found["content"]).decode("utf-8", "replace") if found else None


def sync(repository: Repository, base: str, files: list[File]) -> str | None:
    """Open the pull request, or renew the one that is open. A rerun that changes nothing writes nothing.

    A branch that is left of an earlier one, merged or closed, is set to the base first: its old commits would conflict.

    Returns: its address; None where the base branch has everything already.

    Raises: VendorError.
    """
    if not compare(repository, base, files):
        return None
    query = {"state": "open", "head": f"{repository.owner}:{BRANCH}", "base": base}
    listed = repository.get("pulls", needs=_WRITE, **query) or []
    if not listed:
        _begin(repository, base)
    for difference in compare(repository, BRANCH, files):
        _put(repository, next(file for file in files if file.path == difference.path))
    if listed:
        return str(listed[0]["html_url"])
    body = {"title": TITLE, "head": BRANCH, "base": base, "body": _BODY}
    return str(repository.send("POST", "pulls", body, needs=_WRITE)["html_url"])


_BODY = (
    "The staging gate's workflows, as `python -m gate workflows sync` delivers them. Edit them there, not here: the "
    "next run would change them back."
)


def _begin(repository: Repository, base: str) -> None:
    """The branch, at the head of the base."""
    head, there = repository.head(base), repository.head(BRANCH)
    if head is None:
        raise VendorError(f"GitHub has no branch {base}: run pulumi up for this environment first")
    if there is None:
        repository.send("POST", "git/refs", {"ref": f"refs/heads/{BRANCH}", "sha": head}, needs=_WRITE)
    elif there != head:
        body = {"sha": head, "force": True}
        repository.send("PATCH", f"git/refs/heads/{BRANCH}", body, needs=_WRITE, repeatable=True)


def _put(repository: Repository, file: File) -> None:
    path = f"contents/{quote(file.path)}"
    there = repository.get(path, ref=BRANCH)
    body = {
        "message": f"{TITLE}: {file.path}",
        "branch": BRANCH,
        "content": base64.b64encode(file.beside(_decoded(there)).encode()).decode(),
        **({"sha": there["sha"]} if there else {}),
    }
    repository.send("PUT", path, body, needs=_WRITE)
