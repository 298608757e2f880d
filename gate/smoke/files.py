"""The report as JUnit XML and as Markdown. Secrets are removed from its texts before."""

import re
from xml.etree import ElementTree

from gate.common.text import escaped
from gate.smoke.report import Outcome, Result, SmokeReport

_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.SKIPPED: "⏭️"}
_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def written(report: SmokeReport) -> dict[str, str | bytes]:
    """Return content by file name. Whatever ran the tests, the files are called smoke."""
    return {**report.files("smoke", markdown(report)), "smoke.xml": junit(report)}


def junit(report: SmokeReport) -> bytes:
    """Return one suite with one case for each check, in the form of pytest and of viewers for GitHub Actions."""
    totals = {
        "tests": str(len(report.checks)),
        "failures": str(len(report.of(Outcome.FAILED))),
        "errors": "0",
        "skipped": str(len(report.of(Outcome.SKIPPED))),
        "time": f"{report.seconds:.2f}",
    }
    name = f"smoke {report.environment}"
    root = ElementTree.Element("testsuites", {"name": name, **totals})
    stamp = report.started_at.isoformat(timespec="seconds")
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **totals, "timestamp": stamp})
    for check in report.checks:
        _case(suite, report.environment, check)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def markdown(report: SmokeReport) -> str:
    """Return Markdown for a step summary and for a comment."""
    mark = _MARKS[Outcome.PASSED if report.passed else Outcome.FAILED]
    rows = [
        f"## {mark} Smoke tests, {report.environment}: {report.headline}",
        "",
        f"{' and '.join(filter(None, (report.backend_url, report.frontend_url)))}, {report.seconds:.1f} s",
        "",
        "| | check | plan | seen | seconds |",
        "| --- | --- | --- | --- | ---: |",
    ]
    for check in report.checks:
        cells = (_MARKS[check.outcome], check.name, check.plan, check.detail)
        rows.append(f"| {' | '.join(map(escaped, cells))} | {check.seconds:.1f} |")
    if failures := report.failures():
        rows += ["", "### What to do", ""]
        rows += [f"- **{escaped(', '.join(check.name for check in checks))}**: expected {escaped(checks[0].expected)}. "
                 f"{escaped(checks[0].fix)}" for checks in failures]  # fmt: skip
    return "\n".join(rows) + "\n"


def _case(suite: ElementTree.Element, environment: str, check: Result) -> None:
    attributes = {"classname": f"smoke.{environment}", "name": _xml(check.name), "time": f"{check.seconds:.2f}"}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    detail = _xml(check.detail)
    if check.outcome is Outcome.SKIPPED:
        ElementTree.SubElement(case, "skipped", {"message": detail})
    elif check.outcome is Outcome.FAILED:
        failure = ElementTree.SubElement(case, "failure", {"message": detail, "type": "failed"})
        failure.text = _xml(f"{check.detail}\nexpected: {check.expected}\nwhat to do: {check.fix}\nplan: {check.plan}")
    else:
        ElementTree.SubElement(case, "system-out").text = detail


def _xml(text: str) -> str:
    """Return the text without what XML cannot hold, because an application may answer anything."""
    return _NOT_XML.sub("\ufffd", text)
