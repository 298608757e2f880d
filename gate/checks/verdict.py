"""What a check finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Outcome = Literal["pass", "fail", "note", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Attributes:
        outcome: a `note` is no failure, but there is something to do.
        detail: what was found, or why it cannot be checked from here.
        fix: what to do.
    """

    outcome: Outcome
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Line:
    """One check.

    Attributes:
        topic: what it belongs to; for the plan's checks, the task or the section.
    """

    topic: str
    title: str
    verdict: Verdict


@dataclass(frozen=True)
class Group:
    """Several checks that need the same look.

    Attributes:
        plan, title: of the one line that is shown if `look` fails.
    """

    plan: str
    title: str
    look: Callable[[], Iterator[Line]]


def passed(detail: str) -> Verdict:
    return Verdict("pass", detail)


def failed(detail: str, fix: str) -> Verdict:
    return Verdict("fail", detail, fix)


def note(detail: str, fix: str) -> Verdict:
    return Verdict("note", detail, fix)


def unknown(why: str) -> Verdict:
    return Verdict("unknown", why)


def expect(what: str, found: object, declared: object, fix: str) -> Verdict:
    """Compare two values, and return one line.

    Args:
        what: names the values if they differ.
    """
    if found == declared:
        return passed(_show(found))
    return failed(f"{what} is {_show(found)}, declared {_show(declared)}", fix)


def _show(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "absent" if value is None else str(value)


UP = "pulumi up --refresh"
"""The fix for everything that the stack declares. The engine needs a refresh to see what was changed by hand."""


def for_stack(line: Line, stack: str) -> Line:
    """Return the same line, with a fix that names the stack that has to come up."""
    fix = line.verdict.fix.replace(UP, f"{UP} --stack {stack}")
    return replace(line, verdict=replace(line.verdict, fix=fix))
