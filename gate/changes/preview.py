"""What `up` would do to one or more stacks: as data, on the screen, and as the comment on a pull request.

It knows neither the engine nor a vendor's API.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, Self

from pydantic import Field
from rich.text import Text

from components.cost import OUTPUT, change, in_words, number
from components.vendors import LABELS, RENDER
from gate.changes.drift import DECLARED, TEMPLATES, Finding, FindingKind, follow_ups, plain
from gate.common.exit_codes import ExitCode
from gate.common.report import Report, ReportPart
from gate.common.text import code, count, escaped, fenced, markdown_table, moment, printable
from gate.stack.names import VendorObject
from gate.vendors.issues import cut

_NOTE = "*{lines} more lines are left out here; `--report` and the run's summary have them all.*"


class Operation(StrEnum):
    """What `up` would do, in the engine's words. Those that may lose something come first."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"

    @property
    def does(self) -> str:
        """The word for it in a sentence: what exists at Render is adopted."""
        return "adopts" if self is Operation.IMPORT else f"{self}s"


class PlannedChange(ReportPart):
    """One object.

    Attributes:
        findings: its fields that differ.
        adopted: whether it belongs to others too and is not deployed.
    """

    operation: Operation
    object: VendorObject
    findings: list[Finding] = Field([])
    adopted: bool = False

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """Each field that is told, its value now and then, and why it differs; empty texts for the whole object."""
        told = [one.change for one in self.findings if one.field or one.kind == FindingKind.DRIFT]
        return told or [("", "", "", DECLARED)]

    def lines(self) -> Iterator[str]:
        what = f"{self.operation}: {printable(str(self.object))}"
        for field, now, then, why in self.rows:
            yield f"{what}: {field}: now {now}; then {then} ({why})" if field else f"{what} ({why})"


class PriceChange(ReportPart):
    """US dollars a month; None if it is not known."""

    before: float | None
    after: float | None


class CostChange(PriceChange):
    """The cost of the whole stack.

    Attributes:
        before, after: None if a part has no price.
        parts: by the object's name at Render.
    """

    parts: dict[str, PriceChange] = Field({})

    @classmethod
    def between(cls, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Self:
        """Return the change of cost between the outputs of the last `up` and those of a preview.

        Args:
            before: None before the first `up`, when nothing costs anything.
        """
        old, new = ({} if before is None else _prices(before.get(OUTPUT))), _prices(after.get(OUTPUT))
        names = sorted({*(old or ()), *(new or ()), ""})
        parts = {name: PriceChange(before=_price(old, name), after=_price(new, name)) for name in names}
        return cls(**parts.pop("").model_dump(), parts=parts)

    @property
    def headline(self) -> str:
        """`$0 → $7 a month (+$7)`."""
        return in_words(self.before, self.after)

    @property
    def changed_parts(self) -> list[str]:
        """The objects whose price changes, or is not known."""
        return [
            f"{printable(name)} {change(one.before, one.after)}"
            for name, one in self.parts.items()
            if one.before != one.after or one.after is None
        ]


def _prices(output: Any) -> dict[str, float | None] | None:
    """Return the price of each object by its name, and of all under no name; None if the output is not known."""
    if not isinstance(output, Mapping):
        return None
    parts = output.get("parts")
    found = {**(parts if isinstance(parts, Mapping) else {}), "": output.get("total")}
    return {name: number(value) for name, value in found.items()}


def _price(prices: Mapping[str, float | None] | None, name: str) -> float | None:
    """Return one price. An object that does not exist costs nothing."""
    return None if prices is None else prices.get(name, 0.0)


class Consequence(ReportPart):
    """What happens besides the writes.

    Attributes:
        danger: something is lost, or stops.
    """

    text: str
    danger: bool = False


class StackPreview(ReportPart):
    """One stack.

    Attributes:
        changes: what `up` would do, object by object, the dangerous operations first.
        follow_ups: objects that the engine lists because they use a value that only `up` will know.
        consequences: what else happens, the dangerous ones first.
        warnings: of this preview.
        known_warnings: those of them that the last `up` had too.
        cost: of the stack's objects at Render.
        error: why it could not be previewed. The rest is empty then.
    """

    stack: str
    changes: list[PlannedChange] = Field([])
    follow_ups: list[VendorObject] = Field([])
    consequences: list[Consequence] = Field([])
    warnings: list[str] = Field([])
    known_warnings: list[str] = Field([])
    cost: CostChange | None = None
    error: str | None = None

    @property
    def new_warnings(self) -> list[str]:
        return [text for text in self.warnings if text not in self.known_warnings]

    @property
    def counts(self) -> dict[Operation, int]:
        """How many objects each operation changes, without those that change none."""
        found = Counter(one.operation for one in self.changes)
        return {operation: found[operation] for operation in Operation if found[operation]}

    @property
    def headline(self) -> str:
        """What would happen to the stack."""
        if self.error is not None:
            return f"{self.stack} could not be previewed"
        if not self.changes:
            return f"{self.stack} {'changes no object' if self.consequences else 'does not change'}"
        *others, last = (f"{operation.does} {objects}" for operation, objects in self.counts.items())
        done = f"{', '.join(others)} and {last}" if others else last
        dangers = sum(one.danger for one in self.consequences)
        careful = f"; {count(dangers, 'consequence')} {'needs' if dangers == 1 else 'need'} care" if dangers else ""
        return f"{self.stack} {done} object{'' if done.endswith(' 1') else 's'}{careful}"

    @property
    def _known(self) -> str:
        return f"{count(len(self.known_warnings), 'warning')} that the last `up` gave as well"

    def lines(self) -> Iterator[str | Text]:
        style = "bold red" if self.error is not None else "bold yellow" if self.changes else "bold green"
        yield Text(self.headline + (f"; cost at Render: {self.cost.headline}" if self.cost else ""), style)
        for one in self.consequences:
            yield f"{'careful' if one.danger else 'then'}: {printable(one.text)}"
        for planned in self.changes:
            yield from planned.lines()
        if self.follow_ups:
            yield plain(follow_ups(self.follow_ups))
        for text in self.new_warnings:
            yield f"warning: {printable(text)}"
        if self.known_warnings:
            yield f"{plain(self._known)}; --json lists them"

    def changes_table(self) -> str:
        """Return the changes as one Markdown table, or the error; empty if there are none."""
        if self.error is not None:
            return fenced(self.error)
        header = ("vendor", "operation", "object", "field", "now", "then", "why")
        return markdown_table(header, self._rows()) if self.changes else ""

    def _rows(self) -> Iterator[list[str]]:
        """Return the rows grouped by vendor, without a name that is repeated from the row above."""
        order = [RENDER.label, *LABELS]  # what is served comes first
        vendor = ""
        for one in sorted(self.changes, key=lambda one: [*order, one.object.vendor].index(one.object.vendor)):
            name = printable(f"{one.object.type} {one.object.name}")
            first = ["" if one.object.vendor == vendor else escaped(one.object.vendor), one.operation, escaped(name)]
            vendor = one.object.vendor
            for *cells, why in one.rows:
                yield [*first, *(code(text) if text else "" for text in cells), why]
                first = ["", "", ""]

    def besides(self, *, known_warnings: bool) -> str:
        """Return as Markdown what else there is to say.

        Args:
            known_warnings: whether to list those that the last `up` gave as well, or only to count them.
        """
        also, known = follow_ups(self.follow_ups), self._known
        found = TEMPLATES.get_template("besides.md.j2")
        return found.render(stack=self, also=also, known=known, known_warnings=known_warnings).strip()


class PreviewReport(Report):
    """What `up` would do to one or more stacks.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `previewedAt`, `commit` (empty outside
    of a workflow), `stacks` (stack, counts, changes {operation, object {vendor, type, name}, adopted, findings as of
    `gate drift`}, followUps, consequences {text, danger}, warnings, knownWarnings, cost {before, after, parts} in
    dollars, null for unknown, error).

    Attributes:
        run: the address of the workflow's run, for the Markdown; empty outside of one.
    """

    previewed_at: datetime
    commit: str = ""
    run: str = ""
    stacks: list[StackPreview]

    @property
    def exit_code(self) -> int:
        if any(stack.error is not None for stack in self.stacks):
            return ExitCode.ERROR
        return ExitCode.FOUND if any(stack.changes for stack in self.stacks) else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        content = super().as_json()
        del content["run"]
        for shown, stack in zip(content["stacks"], self.stacks, strict=True):
            shown["counts"] = {operation.value: number for operation, number in stack.counts.items()}
        return content

    def lines(self) -> Iterable[str | Text]:
        return chain.from_iterable(stack.lines() for stack in self.stacks)

    def markdown(self, limit: int | None = None) -> str:
        """Return the verdict in words, then for each stack its changes, their consequences, and its warnings.

        Args:
            limit: the most characters. Known warnings are left out first; then each stack gets its share of the space,
                and of each part the end is cut first, so that danger is always shown.
        """
        what = f"Commit {self.commit}, previewed" if self.commit else "Previewed"  # GitHub makes a link of it
        when = f"{what} on {moment(self.previewed_at)} with `pulumi preview --refresh`. Nothing was changed."
        verdict = escaped(". ".join(stack.headline for stack in self.stacks))
        head = f"**{verdict}.**\n\n{when}{f' [This run]({self.run})' if self.run else ''}"
        titles = [f"## {escaped(stack.stack)}" for stack in self.stacks]
        tables = [stack.changes_table() for stack in self.stacks]
        besides = [stack.besides(known_warnings=True) for stack in self.stacks]
        room = (limit or 0) - len(head) - 10 * len(titles)
        if limit is not None and _size(titles + tables + besides) > room:
            besides = [stack.besides(known_warnings=False) for stack in self.stacks]
            room -= _size(titles)
            besides = _fitted(besides, max(room // 2, room - _size(tables)))
            tables = _fitted(tables, room - _size(besides))
        parts = chain.from_iterable(zip(titles, tables, besides, strict=True))
        return "\n\n".join([head, *filter(None, parts)]) + "\n"


def _size(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


def _fitted(texts: Sequence[str], room: int) -> list[str]:
    """Share the space between texts: what a short one leaves is for the long ones."""
    fitted = list(texts)
    shortest_first = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for done, place in enumerate(shortest_first):
        fitted[place] = cut(texts[place], room // (len(texts) - done), _NOTE)
        room -= len(fitted[place])
    return fitted
