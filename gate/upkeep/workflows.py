"""What is delivered, and what the repository has instead. `delivery` opens the pull requests for the difference.

The shipped workflows have MarketEdge's names in them, so that they can be run and checked. When they are delivered, the
stack's names replace these. Facts: docs.github.com/en/rest (repos/contents, git/refs, pulls).
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Self
from urllib.parse import quote

import yaml

from components.accounts.repository import Repository
from components.settings import Settings
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.stack.target import Target, load_peers

BEGIN, END = "<!-- staging gate: begin -->\n", "<!-- staging gate: end -->\n"
_SOURCE = Path(__file__).resolve().parents[2] / "workflows"
_PLACES = {
    "*.yml": ".github/workflows/",
    "actions/gate/action.yml": ".github/actions/gate/",
    "pull_request_template.md": ".github/",
    "CONTRIBUTING.md": "",
}
"""The folder in the repository for each shipped file. Of one that is in none, a part is delivered."""


@dataclass(frozen=True)
class File:
    """One delivered file.

    Attributes:
        path: in the repository.
        part: it is a part of a file, between marks. The rest belongs to the team.
    """

    path: str
    content: str
    part: bool = False

    def beside(self, there: str | None) -> str:
        """Return the whole file as it should be, given the present one."""
        if not self.part:
            return self.content
        mine = f"{BEGIN}{self.content}{END}"
        if there is None or not there.strip():
            return mine
        before, begin, rest = there.partition(BEGIN)
        _old, end, after = rest.partition(END)
        return before + mine + after if begin and end else f"{there.rstrip()}\n\n{mine}"


@dataclass(frozen=True)
class WorkflowDifference:
    """A file that is not as delivered.

    Attributes:
        state: missing, or different.
    """

    path: str
    state: str


class Comparison(Report):
    """What a branch has instead of what is delivered."""

    branch: str
    differences: list[WorkflowDifference]

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.differences else ExitCode.DONE

    def lines(self) -> list[str]:
        lines = [f"{one.state}: {one.path}" for one in self.differences]
        return lines or [f"{self.branch} has the current version of every workflow"]


@dataclass(frozen=True)
class Names:
    """The names that the two stacks use.

    Attributes:
        staging_url: where people open staging.
        watch_schedule: when "Production watch" looks, as cron.
    """

    staging_branch: str
    production_branch: str
    staging_environment: str
    production_environment: str
    tags: str
    smoke_context: str
    staging_url: str
    watch_schedule: str

    @classmethod
    def of(cls, staging: Settings, production: Settings) -> Self:
        domains = [f"https://{domain}" for domain in staging.render.service.domains]
        return cls(
            staging.github.branch.name,
            production.github.branch.name,
            staging.github.environment.name,
            production.github.environment.name,
            production.github.environment.tags or production.github.release_tags or "v*",
            production.release.smoke_context,
            staging.frontend_url or next(iter(domains), "staging's address at Render"),
            production.watch.schedule,
        )

    def in_workflow(self, text: str) -> str:
        """Return a shipped workflow with these names in the places where GitHub takes no variable."""
        own = {
            "branches: [staging]": f"branches: [{_scalar(self.staging_branch)}]",
            "environment: staging": f"environment: {_scalar(self.staging_environment)}",
            "environment: production": f"environment: {_scalar(self.production_environment)}",
            "STAGING_BRANCH: staging": f"STAGING_BRANCH: {_scalar(self.staging_branch)}",
            "PRODUCTION_BRANCH: main": f"PRODUCTION_BRANCH: {_scalar(self.production_branch)}",
            'tags: ["v*"]': f"tags: [{json.dumps(self.tags)}]",
            '- cron: "*/5 * * * *"': f"- cron: {json.dumps(self.watch_schedule)}",
        }
        return re.sub(r"(?m)(?<=^ )( *)(\S.*)$", lambda line: line[1] + own.get(line[2], line[2]), text)

    def in_document(self, text: str) -> str:
        """Return a shipped document with these names in the places of $NAMES."""
        return Template(text).substitute({key.upper(): value for key, value in vars(self).items()})


def names(settings: Settings, environ: Mapping[str, str], folder: Path = Path()) -> Names:
    """Return the names for the repository's workflows, which are the same on every branch.

    Raises:
        GateError: no peer's file is in the folder.
    """
    return Names.of(*pair(settings, environ, folder))


def pair(settings: Settings, environ: Mapping[str, str], folder: Path = Path()) -> tuple[Settings, Settings]:
    """Return the environment that is released by tags, and before it the first of its peers.

    A further environment, such as uat, is in no pair: its branch gets the same files as the others.

    Raises:
        GateError: no peer's file is in the folder.
    """
    if other := _other(settings, environ, folder):
        return (other, settings) if settings.released_by_tag else (_other(other, environ, folder) or settings, other)
    kind = "merge" if settings.released_by_tag else "tag"
    raise GateError(
        f"none of marketedge:peers ({', '.join(settings.peers) or 'empty'}) has a Pulumi.<stack>.yaml here that is "
        f"released by {kind}: the workflows hold the names of both environments"
    )


def _other(settings: Settings, environ: Mapping[str, str], folder: Path) -> Settings | None:
    """Return the first peer that is released in the other way."""
    peers = load_peers(settings, environ, folder)
    return next((one for one in peers if one.released_by_tag != settings.released_by_tag), None)


def _scalar(text: str) -> str:
    """Return a value as YAML, quoted if it could be read as something else."""
    return text if re.fullmatch(r"[A-Za-z][\w./-]*", text) and yaml.safe_load(text) == text else json.dumps(text)


def delivered(own: Names, source: Path = _SOURCE) -> list[File]:
    """Return every file as it should be in the repository."""
    files = []
    for pattern, folder in _PLACES.items():
        for file in source.glob(pattern):
            text = file.read_text(encoding="utf-8")
            content = own.in_document(text) if file.suffix == ".md" else own.in_workflow(text)
            files.append(File(f"{folder}{file.name}", content, part=not folder))
    return sorted(files, key=lambda file: file.path)


def undelivered(target: Target, repository: Repository) -> list[str]:
    """Return the files that an environment's branch does not have as they are delivered.

    Raises:
        GateError: no peer's file is here, or GitHub cannot be read.
    """
    files = delivered(names(target.settings, os.environ))
    return [f"{one.path} {one.state}" for one in compare(repository, target.settings.github.branch.name, files)]


def compare(repository: Repository, ref: str, files: list[File]) -> list[WorkflowDifference]:
    """Return what a branch of the repository does not have as it is delivered.

    Raises:
        VendorError: GitHub cannot be read.
    """
    found = []
    for file in files:
        there = decoded(repository.get(f"contents/{quote(file.path)}", ref=ref))
        if there != file.beside(there):
            found.append(WorkflowDifference(file.path, "missing" if there is None else "different"))
    return found


def decoded(found: dict[str, Any] | None) -> str | None:
    """Return the text of a file as GitHub answers it."""
    return base64.b64decode(found["content"]).decode("utf-8", "replace") if found else None
