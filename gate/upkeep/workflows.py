"""What is delivered, what the repository has, and one pull request that makes the two the same.

The workflows are shipped with MarketEdge's names in them, ready to be run and checked; another stack's names take their
place as they are delivered. Facts: docs.github.com/en/rest (repos/contents, git/refs, pulls).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import yaml

from components.settings import Settings
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.stack.target import load_peers
from gate.vendors.errors import VendorError
from gate.vendors.repository import Repository

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


class Comparison(Report):
    """What a branch has instead of what is delivered."""

    branch: str
    differences: list[Difference]

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.differences else ExitCode.DONE

    def lines(self) -> list[str]:
        lines = [f"{one.state}: {one.path}" for one in self.differences]
        return lines or [f"{self.branch} has every workflow as it is delivered"]


class Delivery(Report):
    """The pull request that delivers them; its address is empty where there is nothing to deliver."""

    branch: str
    pull_request: str | None

    def lines(self) -> list[str]:
        return [self.pull_request or f"{self.branch} has every workflow as it is delivered"]


@dataclass(frozen=True)
class Names:
    """What the two stacks call things. url: where people look at staging."""

    staging_branch: str
    production_branch: str
    staging_environment: str
    production_environment: str
    tags: str
    smoke_context: str
    staging_url: str

    @classmethod
    def of(cls, staging: Settings, production: Settings) -> Names:
        domains = [f"https://{domain}" for domain in staging.render.service.domains]
        return cls(
            staging.github.branch.name,
            production.github.branch.name,
            staging.github.environment.name,
            production.github.environment.name,
            production.github.environment.tags or production.github.release_tags or "v*",
            production.release.smoke_context,
            staging.frontend_url or next(iter(domains), "staging's address at Render"),
        )

    def in_workflow(self, text: str) -> str:
        """A shipped workflow with these names in the places where GitHub takes no variable."""
        own = {
            "branches: [staging]": f"branches: [{_scalar(self.staging_branch)}]",
            "environment: staging": f"environment: {_scalar(self.staging_environment)}",
            "environment: production": f"environment: {_scalar(self.production_environment)}",
            "STAGING_BRANCH: staging": f"STAGING_BRANCH: {_scalar(self.staging_branch)}",
            'tags: ["v*"]': f"tags: [{json.dumps(self.tags)}]",
        }
        return re.sub(r"(?m)(?<=^ )( *)(\S.*)$", lambda line: line[1] + own.get(line[2], line[2]), text)

    def in_document(self, text: str) -> str:
        """A shipped document with these names in the places of $NAMES."""
        return Template(text).substitute({key.upper(): value for key, value in vars(self).items()})


def names(settings: Settings, environ: Mapping[str, str], folder: Path = Path()) -> Names:
    """Of an environment and the one beside it: the one that is released by tags, and the one before it.

    Raises: GateError where no peer's file is in the folder.
    """
    peers = load_peers(settings, environ, folder)
    peer = next((one for one in peers if one.released_by_tag != settings.released_by_tag), None)
    if peer is None:
        kind = "merge" if settings.released_by_tag else "tag"
        raise GateError(
            f"none of marketedge:peers ({', '.join(settings.peers) or 'empty'}) has a Pulumi.<stack>.yaml here that is "
            f"released by {kind}: the workflows hold the names of both environments"
        )
    return Names.of(peer, settings) if settings.released_by_tag else Names.of(settings, peer)


def _scalar(text: str) -> str:
    """As YAML: quoted where it could be taken for something else."""
    return text if re.fullmatch(r"[A-Za-z][\w./-]*", text) and yaml.safe_load(text) == text else json.dumps(text)


def delivered(own: Names, source: Path = _SOURCE) -> list[File]:
    """Every file, as it belongs into the repository."""
    pairs = [(workflow, f".github/workflows/{workflow.name}") for workflow in source.glob("*.yml")]
    pairs += [(source / "actions/gate/action.yml", ".github/actions/gate/action.yml")]
    pairs += [(source / "pull_request_template.md", ".github/pull_request_template.md")]
    files = [File(path, _own(own, file)) for file, path in pairs]
    files.append(File("CONTRIBUTING.md", _own(own, source / "CONTRIBUTING.md"), part=True))
    return sorted(files, key=lambda file: file.path)


def _own(own: Names, file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return own.in_document(text) if file.suffix == ".md" else own.in_workflow(text)


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
