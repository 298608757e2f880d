"""What an import or an export says."""

from collections.abc import Iterator
from typing import Self

from components.configuration import set_secret
from gate.blueprints.importing import Imported
from gate.common.report import Report
from gate.common.text import escaped


class ImportReport(Report):
    """The result of an import.

    Attributes:
        stack: whose file it is.
        written: whether the file was changed.
        commands: set the secrets that the file refers to.
    """

    stack: str
    written: bool
    section: str
    notes: list[str]
    commands: list[str]

    @classmethod
    def of(cls, stack: str, found: Imported, section: str, *, written: bool) -> Self:
        """Return what is to be said."""
        shared = [
            f"{name}: one secret for {', '.join(holders)}; give each a name of its own if their values differ"
            for name, holders in found.secrets.items()
            if len(holders) > 1
        ]
        commands = [set_secret(stack, name) for name in sorted(found.secrets)]
        return cls(stack=stack, written=written, section=section, notes=found.notes + shared, commands=commands)

    def lines(self) -> Iterator[str]:
        if not self.written:
            yield self.section
        yield f"Pulumi.{self.stack}.yaml: {'written' if self.written else 'not written (--dry-run)'}"
        yield from (f"- {note}" for note in self.notes)
        if self.commands:
            yield "Set the secrets that it refers to:"
            yield from (f"  {command}" for command in self.commands)

    def markdown(self) -> str:
        lines = [f"### Blueprint imported into {self.stack}", *(f"- {escaped(note)}" for note in self.notes)]
        return "\n".join([*lines, "", "```", *self.commands, "```", ""])


class ExportReport(Report):
    """The result of an export.

    Attributes:
        blueprint: the file's text.
        place: where it was written; empty for nowhere.
    """

    blueprint: str
    place: str
    notes: list[str]

    def lines(self) -> Iterator[str]:
        yield f"{self.place}: written" if self.place else self.blueprint.rstrip()

    def markdown(self) -> str:
        return "\n".join(["### Blueprint", *(f"- {escaped(note)}" for note in self.notes), ""])
