"""What is delivered, what the repository has, and one pull request that makes the two the same.

Facts: docs.github.com/en/rest (repos/contents, git/refs, pulls).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gate.release.repository import Repository

BRANCH = "staging-gate/workflows"
TITLE = "Staging gate: workflows"
_SOURCE = Path(__file__).resolve().parents[2] / "workflows"
_WRITE = "Contents, Workflows and Pull requests: write"


@dataclass(frozen=True)
class File:
    """One delivered file. path: in the repository."""

    path: str
    content: str


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
    pairs += [(source / "CONTRIBUTING.md", "docs/deployment/STAGING_GATE.md")]
    return [File(path, file.read_text(encoding="utf-8")) for file, path in sorted(pairs, key=lambda pair: pair[1])]


def compare(repository: Repository, ref: str, files: list[File]) -> list[Difference]:
    """What a branch of the repository does not have as it is delivered. Raises: VendorError."""
    found = []
    for file in files:
        there = _content(repository, ref, file.path)
        if there != file.content:
            found.append(Difference(file.path, "missing" if there is None else "different"))
    return found


def _content(repository: Repository, ref: str, path: str) -> str | None:
    found = repository.get(f"contents/{quote(path)}", ref=ref)
    return base64.b64decode(found["content"]).decode("utf-8", "replace") if found else None


def sync(repository: Repository, base: str, files: list[File]) -> str | None:
    """Open the pull request, or renew the one that is open. A rerun that changes nothing writes nothing.

    Returns: its address; None where the base branch has everything already.

    Raises: VendorError.
    """
    if not compare(repository, base, files):
        return None
    if repository.get(f"git/ref/heads/{BRANCH}") is None:
        head = repository.get(f"git/ref/heads/{quote(base)}")["object"]["sha"]
        repository.send("POST", "git/refs", {"ref": f"refs/heads/{BRANCH}", "sha": head}, needs=_WRITE)
    for difference in compare(repository, BRANCH, files):
        _put(repository, next(file for file in files if file.path == difference.path))
    owner = repository.owner
    listed = repository.get("pulls", needs=_WRITE, state="open", head=f"{owner}:{BRANCH}", base=base) or []
    if listed:
        return str(listed[0]["html_url"])
    body = {"title": TITLE, "head": BRANCH, "base": base, "body": _BODY}
    return str(repository.send("POST", "pulls", body, needs=_WRITE)["html_url"])


_BODY = (
    "The staging gate's workflows, as `python -m gate workflows sync` delivers them. Edit them there, not here: the "
    "next run would change them back."
)


def _put(repository: Repository, file: File) -> None:
    path = f"contents/{quote(file.path)}"
    there = repository.get(path, ref=BRANCH)
    body = {
        "message": f"{TITLE}: {file.path}",
        "branch": BRANCH,
        "content": base64.b64encode(file.content.encode()).decode(),
        **({"sha": there["sha"]} if there else {}),
    }
    repository.send("PUT", path, body, needs=_WRITE)
