"""Documents that are made from templates (Jinja2), and docs/ENVIRONMENTS.md among them.

The templates are files that an editor can open. ENVIRONMENTS.md shows the shipped settings: environments, who calls
whom, who owns what, the phases (plan 1.3). `make documents` renews it, `make check` compares it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components import stack_file
from components.configuration import load
from components.phases import PHASES
from components.settings import Settings


def templates(folder: Path, *, escape: bool = False, **filters: Callable[..., Any]) -> Environment:
    """Return the templates of a folder.

    Args:
        escape: whether every value is escaped as HTML.
        filters: functions that the templates use, by name.
    """
    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not escape,
    )
    found.filters |= filters
    return found


def markdown_row(cells: list[str]) -> str:
    """Return a row of a Markdown table. Its cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


PROJECT = Path(__file__).resolve().parents[1]


def stacks(folder: Path = PROJECT) -> list[Settings]:
    """Return the settings of every stack file in a folder, those that people depend on last."""
    files = {name: stack_file.read(stack_file.locate(name, folder)) for name in stack_file.names(folder)}
    found = [load(name, f, frozenset(), {}, check_secrets=False, file=f).settings for name, f in files.items()]
    return sorted(found, key=lambda settings: settings.live)


def environments_document(settings: Sequence[Settings]) -> str:
    """Return the whole document as Markdown."""
    made = templates(Path(__file__).parent / "templates", row=markdown_row, owned=owned)
    matrix = [MATRIX, *environments(settings)]
    return made.get_template("environments.md.j2").render(matrix=matrix, stacks=settings, phases=PHASES)


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


def owned(settings: Settings) -> Mapping[str, str]:
    """Return by vendor what a stack declares in all its phases together; names in backticks."""
    github, render, vercel = settings.github, settings.render, settings.vercel
    name = github.branch.name
    branch = f"branch `{name}` and its protection" if github.branch.source else f"protection of `{name}`"
    at_github = [branch, f"environment `{github.environment.name}`"]
    at_github += [f"tags `{github.release_tags}`"] if github.release_tags else []
    at_render = [f"`{one.name}`" for one in (*render.databases, *render.key_values, *render.env_groups)]
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
