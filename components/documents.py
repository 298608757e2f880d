"""Documents that are made from a template (Jinja2): the templates are files that an editor can open."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


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
