"""What a check finds."""

from dataclasses import dataclass
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


def passed(detail: str) -> Verdict:
    return Verdict("pass", detail)


def failed(detail: str, fix: str) -> Verdict:
    return Verdict("fail", detail, fix)


def note(detail: str, fix: str) -> Verdict:
    return Verdict("note", detail, fix)


def unknown(why: str) -> Verdict:
    return Verdict("unknown", why)


UP = "pulumi up --refresh"
"""The fix for everything that the stack declares. The engine needs a refresh to see what was changed by hand."""
