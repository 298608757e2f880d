"""Writes docs/ENVIRONMENTS.md from the shipped settings: the environments, who calls whom, who owns what, the phases.

`python -m components.environments_document` renews the document; `make check` compares it (`--check`). Plan 1.3.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from blueprint.spec import Previews
from components.configuration import SECRETS, load
from components.phases import ADDS, PHASES
from components.render_settings import AdoptedService
from components.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENT = PROJECT / "docs" / "ENVIRONMENTS.md"


def shipped(name: str, folder: Path = PROJECT) -> Settings:
    """The settings of a stack's file as it lies in the project."""
    content = yaml.safe_load((folder / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))["config"]
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}
    config.pop(SECRETS, None)
    return load(name, config, frozenset(), {}, check_secrets=False).settings


def document(staging: Settings, production: Settings) -> str:
    """The whole document as Markdown."""
    sections = [
        "# Environments",
        "Written by `python -m components.environments_document` from `Pulumi.staging.yaml` and "
        "`Pulumi.production.yaml`; `make check` fails when it is out of date. Plan 1.3.",
        _table(MATRIX, environments(staging, production)),
        "## Who calls whom",
        _picture(staging, production),
        "## Which stack owns what",
        _owners(staging, production),
        "## Phases",
        "`marketedge:phase` of a stack. Each phase adds to the ones before it; moving back undoes exactly what the "
        "left phase added. A skipped phase is a warning. Leaving `infrastructure` for `foundation` is refused unless "
        "`marketedge:giveUp` names every database and service that goes.",
        _phases(),
        "At every phase: production's objects, and every database, are protected; an object of production that is not "
        "declared any more, once it is unprotected, is forgotten and not deleted. The adopted service is never "
        "created, deployed, restarted or deleted. What is written to it takes effect with its next deploy. What is not "
        "declared of an adopted object stays as it is.",
    ]
    return "\n\n".join(sections) + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(header)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


MATRIX = ["environment", "branch", "deployed", "database", "Auth0 tenant", "purpose", "lifecycle"]


def environments(staging: Settings, production: Settings) -> list[list[str]]:
    """The plan's environments, with a cell for each title of MATRIX; names in backticks."""
    tenant = staging.auth0.domain.partition(".")[0]
    branches = [f"`{settings.github.branch.name}`" for settings in (staging, production)]
    return [
        ["development", "`feature/*`", "by hand", "local", f"{tenant}, as staging", "a developer's own", "none"],
        [
            "PR preview",
            "`feature/*`",
            _previews(staging, production),
            "its own, or staging's",
            tenant,
            "review",
            "7 days",
        ],
        ["staging", branches[0], _trigger(staging), _database(staging), tenant, "UAT", "permanent"],
        ["production", branches[1], _trigger(production), _database(production), tenant, "live", "permanent"],
    ]


def _previews(staging: Settings, production: Settings) -> str:
    previews = production.render.service.previews or Previews()
    builds = ["Vercel: every branch"] if staging.vercel or production.vercel else []
    return f"by opening a pull request ({'; '.join([*builds, f'Render: {previews.generation}'])})"


def _trigger(settings: Settings) -> str:
    if settings.github.release_tags:
        return f"by a tag `{settings.github.release_tags}` from cutover on, by a merge before"
    return f"by a merge to `{settings.github.branch.name}`"


def _database(settings: Settings) -> str:
    if settings.render.database is None:
        return f"{settings.environment}'s own, not declared here"
    return f"`{settings.render.database.name}` ({settings.render.database.plan})"


def _picture(staging: Settings, production: Settings) -> str:
    lines = ["```mermaid", "flowchart LR", '  browser(["browser"])']
    for settings in (staging, production):
        lines += _nodes(settings)
    return "\n".join([*lines, "```"])


def _nodes(settings: Settings) -> list[str]:
    name, render = settings.environment, settings.render
    lines = [f'  subgraph {name}["stack {name}"]', f'    {name}_backend["Render: {render.service.name}"]']
    lines += [f'    {name}_auth0["Auth0: {settings.auth0.application}"]']
    if settings.vercel:
        lines += [f'    {name}_frontend["Vercel: {settings.vercel.domain}"]']
    others = [(f"{name}_service{number}", other.name) for number, other in enumerate(render.other_services, 2)]
    lines += [f'    {node}["Render: {service}"]' for node, service in others]
    if render.database:
        lines += [f'    {name}_database[("Postgres: {render.database.name}")]']
    lines += ["  end", *(f"  browser --> {node}" for node, _ in others)]
    if settings.vercel is None:
        lines += [f"  browser --> {name}_backend"]
    else:
        lines += [f"  browser --> {name}_frontend", f"  {name}_frontend -->|API| {name}_backend"]
        lines += [f"  {name}_frontend -->|login| {name}_auth0"]
    lines += [f"  {name}_backend -->|tokens| {name}_auth0"]
    lines += [f"  {name}_backend --> {name}_database"] if render.database else []
    return lines


def _owners(staging: Settings, production: Settings) -> str:
    columns = [owned(staging), owned(production)]
    rows = [[vendor, columns[0][vendor], columns[1][vendor]] for vendor in columns[0]]
    return _table(["", "stack staging", "stack production"], rows)


def owned(settings: Settings) -> Mapping[str, str]:
    """By vendor, what a stack declares in all its phases together; names in backticks."""
    github, render, vercel = settings.github, settings.render, settings.vercel
    branch = f"branch `{github.branch.name}` and its protection" if github.branch.source else (
        f"protection of `{github.branch.name}`"
    )  # fmt: skip
    at_github = [branch, f"environment `{github.environment.name}`"]
    at_github += [f"tags `{github.release_tags}`"] if github.release_tags else []
    at_render = [f"`{one.name}`" for one in (render.database, render.key_value, render.env_group) if one]
    at_render += [f"`{s.name}`{' (adopted)' if isinstance(s, AdoptedService) else ''}" for s in render.services]
    at_render += [f"domain {domain}" for service in render.services for domain in service.domains]
    at_vercel: list[str] = []
    if vercel:
        kind = "production" if vercel.settings else "preview"
        at_vercel += [f"project `{vercel.project}`"] if vercel.settings else []
        at_vercel += [f"{len(vercel.variables)} {kind} variables", *(vercel.domain, *vercel.aliases)]
    return {
        "GitHub": ", ".join(at_github),
        "Auth0": f"application {settings.auth0.application}",
        "Render": ", ".join(at_render),
        "Vercel": ", ".join(at_vercel) or "nothing",
    }


def _phases() -> str:
    rows = [
        [environment, *("; ".join(part.value for part in added[phase]) or "nothing more" for phase in PHASES)]
        for environment, added in ADDS.items()
    ]
    return _table(["stack", *PHASES], rows)


if __name__ == "__main__":
    text = document(shipped("staging"), shipped("production"))
    if "--check" not in sys.argv:
        DOCUMENT.write_text(text, encoding="utf-8")
    elif text != DOCUMENT.read_text(encoding="utf-8"):
        sys.exit("docs/ENVIRONMENTS.md is out of date: run python -m components.environments_document")
