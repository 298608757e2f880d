"""Text for people: on one line, as Markdown, with numbers and moments; the same for every report."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_MARKUP = re.compile(r"([\\`*{}\[\]<>|@#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
"""An underscore inside of a word is none (github.github.com/gfm, 6.4)."""


def printable(text: str) -> str:
    """On one line, without the characters that a terminal obeys."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def escaped(text: str) -> str:
    """As Markdown text on one line, in which nothing is markup, a mention or a new column."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """As Markdown code, so that nothing in it is markup, a mention or a new column."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")


def fenced(text: str) -> str:
    """As a Markdown block of its own, in which nothing is markup."""
    return f"```text\n{text.replace('```', '` ` `')}\n```"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. Its cells are Markdown already: pass texts of others through `escaped` or `code` first."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def moment(time: datetime) -> str:
    """`2026-10-01 12:00 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, noun: str) -> str:
    """`1 difference`, `2 differences`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
