"""What a check finds."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

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

    @classmethod
    def of_one(cls, plan: str, title: str, check: Callable[[], Verdict]) -> Self:
        """Return a group of one check, which has the group's title."""
        return cls(plan, title, lambda: iter([Line(plan, title, check())]))


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


def compared(plan: str, subject: str, what: str, found: object, declared: object, fix: str = "") -> Line:
    """Return a line that compares one property of a subject with the declared one. By default `up` corrects it."""
    return Line(plan, f"{subject}: {what}", expect(what, found, declared, fix or UP))


def complete(wanted: Iterable[object], present: Collection[str], fix: str = "") -> Verdict:
    """Check that everything wanted is there, by name. By default `up` adds what is missing."""
    names = [str(name) for name in wanted]
    if missing := sorted(set(names) - set(present)):
        return failed(f"missing: {', '.join(missing)}", fix or UP)
    return passed(f"{len(names)} of {len(names)}")


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
