"""What `gate init` did, and what a person does next."""

from collections.abc import Iterator

from gate.checks.report import CheckReport
from gate.checks.verdict import Line
from gate.common.report import Report


class InitReport(Report):
    """The result. As JSON:

    `schema`, `written` (file names), `notes`, `secrets` (names to set), `checks` (doctor's lines).
    """

    written: list[str]
    notes: list[str]
    secrets: list[str]
    checks: list[Line]

    @property
    def exit_code(self) -> int:
        return self._doctor.exit_code

    @property
    def _doctor(self) -> CheckReport:
        return CheckReport(title="Doctor", checks=self.checks)

    def lines(self) -> Iterator[str]:
        yield from (f"not seen: {note}" for note in self.notes)
        yield from (str(line) for line in self._doctor.lines())
        yield f"written: {', '.join(self.written)}. Read both files before you go on"
        yield "next:"
        yield "  pulumi stack init staging"
        for name in self.secrets:
            yield f"  pulumi config set --stack staging --secret --path 'marketedge:secrets.{name}'"
        yield "  pulumi preview --stack staging"

    def markdown(self) -> str:
        return "\n".join(["## gate init", "", *(f"- {line.strip()}" for line in self.lines()), ""])
