"""A report as JSON, as Markdown, as a table and as plain lines."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from gate.changes.drift import DriftReport, Finding, FindingKind
from gate.common.text import escaped
from gate.stack.names import VendorObject

AT = datetime(2026, 11, 23, 17, 5, 30, tzinfo=UTC)
PROTECTION = VendorObject(vendor="GitHub", type="branch protection", name="staging")
SERVICE = VendorObject(vendor="Render", type="service", name="api")


def report(*findings: Finding, **others: Any) -> DriftReport:
    return DriftReport(stack="staging", checked_at=AT, findings=list(findings), **others)


def drift(declared: Any = True, live: Any = False, **others: Any) -> Finding:
    return Finding(
        **{
            "kind": FindingKind.DRIFT,
            "object": PROTECTION,
            "field": "enforce_admins",
            "declared": declared,
            "live": live,
        }
        | others
    )


def waiting() -> Finding:
    return drift(kind=FindingKind.NOT_APPLIED, object=SERVICE, field="plan", declared="starter", live="free")


def row(found: Finding) -> str:
    (line,) = (line for line in report(found).markdown().splitlines() if line.startswith("| GitHub"))
    return line


def printed(shown: DriftReport, *, terminal: bool) -> str:
    out = io.StringIO()
    shown.show(Console(file=out, force_terminal=terminal, width=140, no_color=True))
    return out.getvalue()


def test_the_verdict_and_the_exit_code_follow_from_what_was_found() -> None:
    shown = [report(), report(drift(), waiting()), report(waiting()), report(error="no")]
    assert [(one.verdict, one.exit_code) for one in shown] == [
        ("clean", 0),
        ("drift", 2),
        ("not applied", 2),
        ("error", 1),
    ]


def test_json_is_as_documented() -> None:
    shown = report(drift(since=AT), waiting(), follow_ups=[SERVICE])
    assert json.loads(json.dumps(shown.as_json())) == {
        "schema": 1,
        "stack": "staging",
        "checkedAt": "2026-11-23T17:05:30Z",
        "verdict": "drift",
        "findings": [
            {
                "kind": "drift",
                "object": {"vendor": "GitHub", "type": "branch protection", "name": "staging"},
                "field": "enforce_admins",
                "declared": True,
                "live": False,
                "since": "2026-11-23T17:05:30Z",
                "seen": None,
            },
            {
                "kind": "not applied",
                "object": {"vendor": "Render", "type": "service", "name": "api"},
                "field": "plan",
                "declared": "starter",
                "live": "free",
                "since": None,
                "seen": None,
            },
        ],
        "followUps": [{"vendor": "Render", "type": "service", "name": "api"}],
        "error": None,
    }


def test_markdown_of_a_clean_stack_says_so_and_asks_for_nothing() -> None:
    assert report().markdown() == (
        "# Drift check: staging is clean: everything is as declared\n\n"
        "Checked on 2026-11-23 17:05 UTC with `pulumi preview --refresh --stack staging`. Nothing was changed.\n"
    )


def test_markdown_has_a_table_for_each_kind_and_says_what_to_do() -> None:
    text = report(drift(), waiting(), follow_ups=[SERVICE]).markdown()
    assert text.startswith(
        "# Drift check: staging has drifted: 1 difference outside Pulumi, and 1 difference declared and not applied\n"
    )
    assert "| object | field | declared | live | since |" in text
    assert "| GitHub branch protection staging | `enforce_admins` | `true` | `false` | unknown |" in text
    assert "| Render service api | `plan` | `starter` | `free` | last up |" in text
    assert "\n- Render service api\n" in text
    assert "put back what is declared: `pulumi up --refresh --stack staging`" in text
    assert "change `Pulumi.staging.yaml`" in text


def test_markdown_of_an_error_holds_the_whole_message() -> None:
    text = report(error="no token:\n  GitHub: export GITHUB_TOKEN").markdown()
    assert "staging could not be checked" in text
    assert "```text\nno token:\n  GitHub: export GITHUB_TOKEN\n```" in text


def test_since_is_the_vendors_time_or_when_it_was_seen() -> None:
    assert row(drift(since=AT)).endswith("| 2026-11-23 17:05 UTC |")
    assert row(drift(seen=AT)).endswith("| unknown, seen 2026-11-23 17:05 UTC |")


def test_a_value_cannot_break_the_table_or_mention_anybody() -> None:
    assert "| ``a`b\\|c => @team <b>`` |" in row(drift(live="a`b|c => @team <b>"))
    assert '| `"a\\nb"` |' in row(drift(live="a\nb")), "a line's end is seen"
    assert '| `"a \\u00a0b "` |' in row(drift(live="a  b ")), "and so is what Markdown would leave out"


def test_a_value_cannot_command_the_terminal() -> None:
    shown = report(drift(live="\x1b[2Jgone", object=VendorObject(vendor="Auth0", type="application", name="A\x1b]0;B")))
    assert "\x1b" not in printed(shown, terminal=False) + shown.markdown()


def test_what_two_lists_share_is_only_counted() -> None:
    assert "| `only the 2 in both` | `c, and the 2 in both` |" in row(drift(["a", "b"], ["b", "a", "c"]))
    assert '| `["a", "b"]` | `["b", "a"]` |' in row(drift(["a", "b"], ["b", "a"]))
    assert '| `["a"]` | `(none)` |' in row(drift(["a"], []))


def test_a_long_value_is_cut_in_tables_and_whole_in_json() -> None:
    found = drift(live="x" * 500)
    assert len(row(found)) < 300
    assert "x" * 500 in json.dumps(report(found).as_json())


def test_a_terminal_gets_a_table_and_everything_else_plain_lines() -> None:
    shown = report(drift(live="[bold]x[/bold]"), follow_ups=[SERVICE])
    assert "━" in printed(shown, terminal=True)
    assert "[bold]x[/bold]" in printed(shown, terminal=True)
    assert printed(shown, terminal=False).splitlines() == [
        "staging has drifted: 1 difference outside Pulumi",
        "drift: GitHub branch protection staging: enforce_admins: declared true; live [bold]x[/bold]; since unknown",
        "pulumi preview lists these too, because they depend on an object above. "
        "They do not change unless its value does: Render service api",
        "To put back what is declared: pulumi up --refresh --stack staging.",
        "To keep what is live: change Pulumi.staging.yaml (or the component), "
        "then pulumi up --refresh --stack staging.",
    ]


def test_text_of_others_is_shown_as_it_is_written() -> None:
    assert escaped("a ~~b~~ &lt; #5 @team") == r"a \~\~b\~\~ \&lt; \#5 \@team"
