"""What a check finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Outcome = Literal["pass", "fail", "note", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """outcome: a `note` is no failure, and still something to do. fix: what to do.

    detail: what was found, or why it cannot be checked from here.
    """

    outcome: Outcome
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Line:
    """One check. topic: what it belongs to; of the plan's checks, the task or section."""

    topic: str
    title: str
    verdict: Verdict


@dataclass(frozen=True)
class Group:
    """Lines that stand or fall together. plan, title: of the one line there is where `look` cannot be carried out."""

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
    """Equal or not, in one line. Args: what: names it where it is not."""
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
"""The fix of everything that the stack declares: without a refresh the engine does not see what was changed by hand."""


def for_stack(line: Line, stack: str) -> Line:
    """The same line, whose fix names the stack that has to come up."""
    fix = line.verdict.fix.replace(UP, f"{UP} --stack {stack}")
    return replace(line, verdict=replace(line.verdict, fix=fix))
