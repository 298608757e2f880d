"""What every check of the verification works with: the vendors, opened when they are needed, and one line's form."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from blueprint.workspace import Session, connect
from components.accounts import Accounts
from components.accounts.repository import Repository
from components.settings import Settings
from gate.checks.verdict import UP, Line, Verdict, failed, passed, unknown
from gate.common.errors import GateError
from gate.stack.target import Target


@dataclass(frozen=True)
class Look:
    """A look at one environment.

    Attributes:
        environ: RENDER_API_KEY, and what says whether tests get past Vercel's login page.
        closing: closes the connection to Render.

    Raises:
        GateError, RenderError: a vendor cannot be opened.
    """

    target: Target
    accounts: Accounts
    environ: Mapping[str, str] = field(repr=False)
    closing: ExitStack

    @property
    def settings(self) -> Settings:
        return self.target.settings

    @cached_property
    def repository(self) -> Repository:
        return self.accounts.repository(self.target.repository)

    @cached_property
    def render(self) -> Session:
        return self.closing.enter_context(connect(self.environ, lambda _line: None))


@dataclass(frozen=True)
class Check:
    """Checks that need the same look.

    Attributes:
        plan: the plan's task or section.
        title: of the lines, and of the one line that is shown if nothing can be seen.
        look: yields the lines, and may raise.
    """

    plan: str
    title: str
    look: Callable[[Look, "Check"], Iterable[Line]]

    @classmethod
    def of_one(cls, plan: str, title: str, judge: Callable[[Look], Verdict]) -> Self:
        """Return a check of one line."""
        return cls(plan, title, lambda look, check: [check.line(judge(look))])

    def line(self, verdict: Verdict, what: str = "") -> Line:
        return Line(self.plan, f"{self.title}: {what}" if what else self.title, verdict)

    def compared(self, what: str, found: object, declared: object, fix: str = UP) -> Line:
        """Return a line that compares one property with the declared one."""
        return self.line(expect(what, found, declared, fix), what)

    def lines(self, look: Look) -> list[Line]:
        """Return every line that could be found out."""
        found: list[Line] = []
        try:
            found.extend(self.look(look, self))
        except GateError as error:
            return [*found, self.line(unknown(str(error).splitlines()[0]))]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # One answer that nobody foresaw must not hide all the other lines; its text may be anything.
            return [*found, self.line(unknown(f"an answer that is not understood ({type(error).__name__})"))]
        return found


def expect(what: str, found: object, declared: object, fix: str = UP) -> Verdict:
    """Compare two values.

    Args:
        what: names the values if they differ.
    """
    if found == declared:
        return passed(_shown(found))
    return failed(f"{what} is {_shown(found)}, declared {_shown(declared)}", fix)


def complete(wanted: Iterable[object], present: Collection[str], fix: str = UP) -> Verdict:
    """Check that everything wanted is there, by name."""
    names = [str(name) for name in wanted]
    if missing := sorted(set(names) - set(present)):
        return failed(f"missing: {', '.join(missing)}", fix)
    return passed(f"{len(names)} of {len(names)}")


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "absent" if value is None else str(value)
