"""Writes docs/ENVIRONMENTS.md from the shipped settings: environments, who calls whom, who owns what, the phases.

`make documents` renews it, `make check` compares it. Plan 1.3.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from components import stack_file
from components.configuration import load
from components.phases import PHASES
from components.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENT = PROJECT / "docs" / "ENVIRONMENTS.md"


def shipped(name: str, folder: Path = PROJECT) -> Settings:
    """Return the settings of a stack's file in the project."""
    file = stack_file.read(stack_file.locate(name, folder))
    return load(name, file, frozenset(), {}, check_secrets=False, file=file).settings


def stacks(folder: Path = PROJECT) -> list[Settings]:
    """Return the settings of every stack file in a folder, those that people depend on last."""
    return sorted((shipped(name, folder) for name in stack_file.names(folder)), key=lambda settings: settings.live)


def document(settings: Sequence[Settings]) -> str:
    """Return the whole document as Markdown."""
    sections = [
        "# Environments",
        "Written by `make documents` from the stack files; `make check` fails when it is out of date. Plan 1.3.",
        _table(MATRIX, environments(settings)),
        "## Who calls whom",
        "\n".join(["```mermaid", "flowchart LR", '  browser(["browser"])', *chain(*map(_nodes, settings)), "```"]),
        "## Which stack owns what",
        _owners(settings),
        "## Phases",
        "`marketedge:phase` of a stack. Each phase adds to the ones before it; moving back undoes exactly what the "
        "left phase added. A skipped phase is a warning. Moving from `infrastructure` back to `foundation` needs "
        "`marketedge:giveUp` with the names of every database and service that would be deleted.",
        _phases(settings),
        "In every phase, production's objects and every database are protected. If an object of production is no "
        "longer declared, and you unprotect it, Pulumi forgets it but does not delete it. The adopted service is never "
        "created, deployed, restarted or deleted: changes to it take effect with its next deploy. This program changes "
        "only what is declared of an adopted object.",
    ]
    return "\n\n".join(sections) + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(header)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


MATRIX = ["environment", "branch", "deployed", "database", "Auth0 tenant", "purpose", "lifecycle"]


def environments(settings: Sequence[Settings]) -> list[list[str]]:
    """Return the plan's environments, with a cell for each title of MATRIX; names in backticks."""
    first = settings[0]
    tenant = _tenant(first)
    development = ["development", "`feature/*`", "by hand", "local", f"{tenant}, as {first.environment}"]
    preview = ["PR preview", "`feature/*`", _previews(settings), "its own, or that of its environment", tenant]
    rows = [[*development, "a developer's own", "none"], [*preview, "review", "7 days"]]
    for one in settings:
        purpose = "live" if one.live else "UAT"
        branch = f"`{one.github.branch.name}`"
        rows.append([one.environment, branch, _trigger(one), _database(one), _tenant(one), purpose, "permanent"])
    return rows


def _tenant(settings: Settings) -> str:
    return settings.auth0.domain.partition(".")[0]


def _previews(settings: Sequence[Settings]) -> str:
    builds = ["Vercel: every branch"] if any(one.vercel for one in settings) else []
    for one in settings:
        previews = one.render.backend.previews if one.render.backend else None
        if previews and previews.generation != "off":
            builds.append(f"Render: {previews.generation}, against `{one.github.branch.name}`")
    return f"by opening a pull request ({'; '.join(builds) or 'none'})"


def _trigger(settings: Settings) -> str:
    if settings.released_by_tag:
        return f"by a tag `{settings.github.release_tags or 'v*'}` from cutover on, by a merge before"
    return f"by a merge to `{settings.github.branch.name}`"


def _database(settings: Settings) -> str:
    if settings.render.database is None:
        return f"{settings.environment}'s own, not declared here"
    return f"`{settings.render.database.name}` ({settings.render.database.plan})"


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


def _owners(settings: Sequence[Settings]) -> str:
    columns = [owned(one) for one in settings]
    rows = [[vendor, *(column[vendor] for column in columns)] for vendor in columns[0]]
    return _table(["", *(f"stack {one.environment}" for one in settings)], rows)


def owned(settings: Settings) -> Mapping[str, str]:
    """Return by vendor what a stack declares in all its phases together; names in backticks."""
    github, render, vercel = settings.github, settings.render, settings.vercel
    branch = f"branch `{github.branch.name}` and its protection" if github.branch.source else (
        f"protection of `{github.branch.name}`"
    )  # fmt: skip
    at_github = [branch, f"environment `{github.environment.name}`"]
    at_github += [f"tags `{github.release_tags}`"] if github.release_tags else []
    at_render = [f"`{one.name}`" for one in (render.database, render.key_value, render.env_group) if one]
    at_render += [f"`{s.name}`{' (adopted)' if s.is_adopted else ''}" for s in render.services]
    at_render += [f"domain {domain}" for service in render.services for domain in service.domains]
    at_vercel: list[str] = []
    if vercel:
        at_vercel += [f"project `{vercel.project}`"] if vercel.settings else []
        at_vercel += [f"{len(vercel.variables)} {vercel.target} variables", *vercel.domains]
    return {
        "GitHub": ", ".join(at_github),
        "Auth0": f"application {settings.auth0.application}",
        "Render": ", ".join(at_render),
        "Vercel": ", ".join(at_vercel) or "nothing",
    }


def _phases(settings: Sequence[Settings]) -> str:
    rows = [
        [one.environment, *("; ".join(part.value for part in one.added(phase)) or "nothing more" for phase in PHASES)]
        for one in settings
    ]
    return _table(["stack", *PHASES], rows)
