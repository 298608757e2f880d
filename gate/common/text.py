"""Text for people: on one line, as Markdown, with numbers and times. Every report uses it."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_MARKUP = re.compile(r"([\\`*{}\[\]<>|@#~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
"""Characters that Markdown may read as markup. An underscore inside a word is none (github.github.com/gfm, 6.4)."""


def printable(text: str) -> str:
    """Return the text on one line, without control characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def escaped(text: str) -> str:
    """Return Markdown text on one line, in which nothing is markup, a mention or a new column."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Return Markdown code, in which nothing is markup, a mention or a new column."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")


def fenced(text: str) -> str:
    """Return a Markdown code block, in which nothing is markup."""
    return f"```text\n{text.replace('```', '` ` `')}\n```"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], texts: int | None = None) -> str:
    """Return a Markdown table. Its cells are Markdown: pass texts of others through `escaped` or `code` first.

    Args:
        texts: how many columns from the left hold texts. The others hold numbers, at the right.
    """
    texts = len(header) if texts is None else texts
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def moment(time: datetime) -> str:
    """Return `2026-10-01 12:00 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, noun: str) -> str:
    """Return `1 difference`, `2 differences`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
