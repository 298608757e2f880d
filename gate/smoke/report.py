"""What the smoke tests found: for a person, as JSON, as Markdown and as JUnit XML."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

from rich.text import Text

from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import escaped, markdown_table


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.SKIPPED: "yellow"}
_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.SKIPPED: "⏭️"}


@dataclass(frozen=True)
class Result:
    """The result of one check.

    Attributes:
        plan: the row of the plan that asks for it.
        detail: what was seen, or why it was skipped.
        expected, fix: what should have been seen, and what to do; empty unless it failed.
    """

    name: str
    plan: str
    outcome: Outcome
    seconds: float
    detail: str
    expected: str = ""
    fix: str = ""


class SmokeReport(Report):
    """The result of one run, with the checks in the order of the table.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `passed`, `environment`,
    `frontendUrl`, `backendUrl`, `startedAt`, `seconds`, `checks` (name, plan, outcome, seconds, detail, expected, fix).
    """

    environment: str
    frontend_url: str
    backend_url: str
    started_at: datetime
    seconds: float
    checks: list[Result]

    @property
    def passed(self) -> bool:
        """Whether it passed. A run that checked nothing did not."""
        return not self.of(Outcome.FAILED) and bool(self.of(Outcome.PASSED))

    @property
    def exit_code(self) -> int:
        return ExitCode.DONE if self.passed else ExitCode.FOUND

    @property
    def headline(self) -> str:
        """Return `12 passed, 1 skipped`."""
        counts = [f"{len(found)} {outcome}" for outcome in Outcome if (found := self.of(outcome))]
        return ", ".join(counts) or "nothing was checked"

    @property
    def problems(self) -> list[str]:
        """Return the failed checks, those with one reason together; empty if the tests passed."""
        failed = [
            checks[0].name if len(checks) == 1 else f"{checks[0].detail} ({len(checks)} checks)"
            for checks in self.failures()
        ]
        return failed or ([] if self.passed else [self.headline])

    def failures(self) -> list[list[Result]]:
        """Return the failed checks, those with the same reason and the same fix together."""
        groups: dict[tuple[str, ...], list[Result]] = {}
        for check in self.of(Outcome.FAILED):
            groups.setdefault((check.detail, check.expected, check.fix), []).append(check)
        return list(groups.values())

    def of(self, outcome: Outcome) -> list[Result]:
        return [result for result in self.checks if result.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {**super().as_json(), "passed": self.passed}

    def lines(self) -> list[Text]:
        """Return one line for each check, and the failures with one reason together, last and with the fix."""
        others = [check for check in self.checks if check.outcome != Outcome.FAILED]
        lines = [_line(one.outcome, f"{one.name}: {one.detail} ({one.seconds:.1f} s)") for one in others]
        for checks in self.failures():
            names, first = ", ".join(check.name for check in checks), checks[0]
            told = f"{names}: {first.detail}; expected {first.expected}\n        fix: {first.fix}"
            lines.append(_line(Outcome.FAILED, told))
        headline = f"smoke tests of {self.environment}: {self.headline} in {self.seconds:.1f} s"
        return [*lines, Text(headline, "bold green" if self.passed else "bold red")]

    def markdown(self) -> str:
        mark = _MARKS[Outcome.PASSED if self.passed else Outcome.FAILED]
        rows = [
            (*map(escaped, (_MARKS[one.outcome], one.name, one.plan, one.detail)), f"{one.seconds:.1f}")
            for one in self.checks
        ]
        parts = [
            f"## {mark} Smoke tests, {self.environment}: {self.headline}",
            f"{' and '.join(filter(None, (self.backend_url, self.frontend_url)))}, {self.seconds:.1f} s",
            markdown_table(("", "check", "plan", "seen", "seconds"), rows, texts=4),
        ]
        advice = []
        for checks in self.failures():
            names, first = ", ".join(check.name for check in checks), checks[0]
            advice.append(f"- **{escaped(names)}**: expected {escaped(first.expected)}. {escaped(first.fix)}")
        parts += ["### What to do", "\n".join(advice)] if advice else []
        return "\n\n".join(parts) + "\n"

    def files(self, name: str = "smoke") -> dict[str, str | bytes]:
        """Return content by file name. Whatever ran the tests, the files are called smoke."""
        return {**super().files("smoke"), "smoke.xml": self.junit()}

    def junit(self) -> bytes:
        """Return one suite with one case for each check, in the form of pytest and of viewers for GitHub Actions."""
        totals = {
            "name": f"smoke {self.environment}",
            "tests": str(len(self.checks)),
            "failures": str(len(self.of(Outcome.FAILED))),
            "errors": "0",
            "skipped": str(len(self.of(Outcome.SKIPPED))),
            "time": f"{self.seconds:.2f}",
        }
        root = ElementTree.Element("testsuites", totals)
        stamp = self.started_at.isoformat(timespec="seconds")
        suite = ElementTree.SubElement(root, "testsuite", {**totals, "timestamp": stamp})
        for check in self.checks:
            attributes = {"classname": f"smoke.{self.environment}", "name": check.name, "time": f"{check.seconds:.2f}"}
            case = ElementTree.SubElement(suite, "testcase", attributes)
            if check.outcome is Outcome.SKIPPED:
                ElementTree.SubElement(case, "skipped", {"message": check.detail})
            elif check.outcome is Outcome.FAILED:
                failure = ElementTree.SubElement(case, "failure", {"message": check.detail, "type": "failed"})
                told = {"expected": check.expected, "what to do": check.fix, "plan": check.plan}
                failure.text = "\n".join([check.detail, *(f"{name}: {text}" for name, text in told.items())])
            else:
                ElementTree.SubElement(case, "system-out").text = check.detail
        document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return document


def _line(outcome: Outcome, text: str) -> Text:
    return Text.assemble((f"{outcome}: ", _STYLES[outcome]), text)
