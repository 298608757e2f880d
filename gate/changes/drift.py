"""What a check for drift found: the differences in words, and the report on the screen, in an issue and as JSON.

It knows neither the engine nor a vendor's API.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.consequences import NOT_DECLARED
from components.documents import templates
from gate.common.exit_codes import ExitCode
from gate.common.redaction import SECRET
from gate.common.report import Report, ReportPart
from gate.common.text import code, count, escaped, fenced, moment, printable
from gate.stack.names import VendorObject

OTHER_RECORD = "other record"
"""Field of a finding that no `up` puts right."""
FOLLOW_UPS = (
    "`pulumi preview` lists these too, because they depend on an object above. They do not change unless its value does"
)
DECLARED, BY_HAND = "declared", "changed outside Pulumi"
_LONGEST = 160
"""The most characters of a value in a table."""
TEMPLATES = templates(
    Path(__file__).parent / "templates",
    code=code,
    escaped=escaped,
    fenced=fenced,
    moment=moment,
    text=lambda text: escaped(printable(str(text))),
)
"""The Markdown of reports. `text` is a text of others, on one line and without markup."""


class FindingKind(StrEnum):
    """Why a live object is not as declared."""

    DRIFT = "drift"
    """It was changed, deleted or added to outside Pulumi."""
    NOT_APPLIED = "not applied"
    """The declaration was changed, and `pulumi up` has not run since."""


class Finding(ReportPart):
    """One field of one object.

    Attributes:
        field: its path in the vendor's words; None if the whole object is missing, or should not exist.
        declared, live: as JSON; `[secret]` for a secret. Of a Render variable only what happened to it.
        since: the vendor's own time of the change, if it tells one.
        seen: when the difference was seen, if that is not the report's own time.
    """

    kind: FindingKind
    object: VendorObject
    field: str | None
    declared: Any
    live: Any
    since: datetime | None = None
    seen: datetime | None = None

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Object, field, declared value, live value, and since when, as people read them."""
        return printable(str(self.object)), self.shown_field, *self.values, self._age

    @property
    def change(self) -> tuple[str, str, str, str]:
        """The field, its value now, its value after `up`, and why it differs."""
        declared, live = self.values
        if self.declared == self.live == SECRET:
            declared = "another secret"
        elif (self.field or "").startswith("env.") and self.declared in (None, NOT_DECLARED):
            declared = "(removed)"
        return self.shown_field, live, declared, BY_HAND if self.kind == FindingKind.DRIFT else DECLARED

    @property
    def shown_field(self) -> str:
        return printable(self.field) if self.field else "(the object)"

    @property
    def values(self) -> tuple[str, str]:
        """The declared and the live value, short enough for a table. What two lists share is only counted."""
        sides = (self.declared, self.live)
        if all(isinstance(side, list) and not any(isinstance(item, list | dict) for item in side) for side in sides):
            before, after = (Counter(map(_shortened, side)) for side in sides)
            shared = (before & after).total()
            if before != after and shared > 1:
                return _beside(before - after, shared), _beside(after - before, shared)
        texts = [_text(side, self.field or "") for side in sides]
        same = next((place for place, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
        start = max(0, same - 40) if max(map(len, texts)) > _LONGEST else 0
        return _cut(texts[0], start), _cut(texts[1], start)

    @property
    def _age(self) -> str:
        if self.since:
            return moment(self.since)
        if self.kind == FindingKind.NOT_APPLIED:
            return "last up"
        return f"unknown, seen {moment(self.seen)}" if self.seen else "unknown"


def _shortened(value: Any) -> str:
    return _cut(_text(value))


def _text(content: Any, field: str = "") -> str:
    """Return a value on one line. One that would look like another value on one line is written as JSON."""
    if content in (None, [], {}) or (content == "" and not field.startswith("env.")):
        return "(none)"
    if isinstance(content, str) and content and printable(content) == content:
        return content
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    shown = (char if char.isprintable() else f"\\u{ord(char):04x}" for char in re.sub("(?<= ) ", "\u00a0", text))
    return "".join(shown)


def _cut(text: str, start: int = 0) -> str:
    """Return what fits into a table, from where two long values begin to differ."""
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _beside(own: Counter[str], shared: int) -> str:
    listed = printable(", ".join(own.elements()))
    return f"{listed}, and the {shared} in both" if listed else f"only the {shared} in both"


def follow_ups(things: Iterable[VendorObject]) -> str:
    """Return the sentence about objects that only follow another one."""
    return f"{FOLLOW_UPS}: {', '.join(printable(str(thing)) for thing in things)}"


def plain(text: str) -> str:
    """Return a sentence for the screen, where backticks mark no code."""
    return text.replace("`", "")


class DriftVerdict(StrEnum):
    """The result of a check in one word."""

    CLEAN = "clean"
    DRIFT = "drift"
    NOT_APPLIED = "not applied"
    ERROR = "error"


_HEADER = ("object", "field", "declared", "live", "since")
_TITLES = {FindingKind.DRIFT: "Changed outside Pulumi", FindingKind.NOT_APPLIED: "Declared and not applied"}
_STYLES = {DriftVerdict.CLEAN: "bold green", DriftVerdict.ERROR: "bold red"}


class DriftReport(Report):
    """The result of one check for drift.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `stack`, `checkedAt`, `verdict`
    (clean, drift, not applied, error; drift if both were found), `findings` (kind, object {vendor, type, name}, field,
    declared, live, since, seen), `followUps` (objects that `up` would change only because a value that they use comes
    from an object above), `error` (text, or null).
    """

    stack: str
    checked_at: datetime
    findings: list[Finding] = Field([])
    follow_ups: list[VendorObject] = Field([])
    error: str | None = None

    @property
    def verdict(self) -> DriftVerdict:
        if self.error is not None:
            return DriftVerdict.ERROR
        if self.of(FindingKind.DRIFT):
            return DriftVerdict.DRIFT
        return DriftVerdict.NOT_APPLIED if self.findings else DriftVerdict.CLEAN

    @property
    def exit_code(self) -> int:
        return {DriftVerdict.CLEAN: ExitCode.DONE, DriftVerdict.ERROR: ExitCode.ERROR}.get(self.verdict, ExitCode.FOUND)

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        drifted, waiting = (count(len(self.of(kind)), "difference") for kind in FindingKind)
        match self.verdict:
            case DriftVerdict.CLEAN:
                return f"{self.stack} is clean: everything is as declared"
            case DriftVerdict.ERROR:
                return f"{self.stack} could not be checked"
            case DriftVerdict.NOT_APPLIED:
                return f"{self.stack} has no drift, but {waiting} declared and not applied"
        also = f", and {waiting} declared and not applied" if self.of(FindingKind.NOT_APPLIED) else ""
        return f"{self.stack} has drifted: {drifted} outside Pulumi{also}"

    @property
    def advice(self) -> list[str]:
        """What to do now, with commands between backticks; nothing for a clean report."""
        command = f"`pulumi up --refresh --stack {self.stack}`"
        steps = []
        if self.of(FindingKind.DRIFT):
            steps += [
                f"To put back what is declared: {command}.",
                f"To keep what is live: change `Pulumi.{self.stack}.yaml` (or the component), then {command}.",
            ]
        if any(finding.field == OTHER_RECORD for finding in self.findings):
            steps.append(
                "Delete the other record of a variable at Vercel (Settings, Environment Variables): no up does that."
            )
        if self.of(FindingKind.NOT_APPLIED):
            steps.append(f"To apply what is declared and not applied: {command}; it also puts back what has drifted.")
        if self.error is not None:
            steps.append("Fix this problem, then run the check again.")
        return steps

    def of(self, kind: FindingKind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == kind]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {**super().as_json(), "verdict": self.verdict.value}

    def lines(self) -> Iterator[str | Text]:
        yield Text(self.headline, _STYLES.get(self.verdict, "bold yellow"))
        for finding in self.findings:
            subject, field, declared, live, age = finding.row
            yield f"{finding.kind}: {subject}: {field}: declared {declared}; live {live}; since {age}"
        if self.follow_ups:
            yield plain(follow_ups(self.follow_ups))
        yield from map(plain, self.advice)

    def show(self, console: Console) -> None:
        """Print it for a person: a table on a terminal, and one plain line for each difference elsewhere."""
        if not (self.findings and console.is_terminal):
            super().show(console)
            return
        table = Table("kind", *_HEADER)
        for finding in self.findings:
            table.add_row(*(Text(cell) for cell in (finding.kind.value, *finding.row)))
        headline, *rest = self.lines()
        console.print(headline, soft_wrap=True)
        console.print(table)
        for line in rest[len(self.findings) :]:
            console.print(Text(str(line)), soft_wrap=True)

    def markdown(self) -> str:
        """Return a heading with the verdict, a table for each kind of finding, and what to do."""
        return TEMPLATES.get_template("drift.md.j2").render(report=self, titles=_TITLES, also=FOLLOW_UPS)
