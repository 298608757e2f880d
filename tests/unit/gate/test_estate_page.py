"""The page of the estate: what it shows, what it says where it shows nothing, and what a browser makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.configuration import load
from components.documents import environments
from components.settings import Settings
from gate.changes.drift import DriftReport, Finding, FindingKind
from gate.report.estate import Estate, ManagedObject, Missing, StackOverview, State
from gate.report.figures import figures
from gate.report.page import content as as_content
from gate.report.page import page
from gate.report.releases import Deployment, Live, News
from gate.stack.names import VendorObject
from gate.stack.target import read_config
from tests.unit.gate.browser import Browser
from tests.unit.settings.stack_file import PROJECT, STACKS

STYLE = (PROJECT / "gate" / "report" / "templates" / "style.css").read_text()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
HOSTILE = "<script>alert('x')</script>&\"|`"


def settings(stack: str, **changed: str) -> Settings:
    config = read_config(STACKS / f"Pulumi.{stack}.yaml") | {f"marketedge:{k}": v for k, v in changed.items()}
    return load(stack, config, frozenset(), {}, check_secrets=False).settings


def deployment(
    days: float, *, good: bool = True, tag: str = "v1", back: bool = False, task: str = "deploy"
) -> Deployment:
    began = NOW - timedelta(days=days)
    ended = began + timedelta(minutes=7, seconds=5)
    return Deployment("production", "a" * 40, tag, task, began, ended, good, back, (began - timedelta(hours=1),))


def thing(name: str, vendor: str = "Render") -> VendorObject:
    return VendorObject(vendor=vendor, type="service", name=name)


STATE = State(
    objects=[
        ManagedObject(thing("api"), "https://dashboard.render.com/web/srv-1", True, NOW),
        ManagedObject(thing("<hook>", "GitHub"), "javascript:alert(1)", False, None),
    ],
    phase="foundation",
    updated=NOW,
    frontend_url="https://app.test",
    backend_url="https://api.test",
    records=[("app.test", "CNAME", "cname.vercel-dns.com")],
    pending=2,
)
FINDING = Finding(kind=FindingKind.DRIFT, object=thing(HOSTILE), field="callbacks", declared=["a"], live=[HOSTILE * 9])
DRIFT = DriftReport(stack="staging", checked_at=NOW, findings=[FINDING])


def full() -> Estate:
    releases = [
        deployment(20),
        deployment(9, good=False, tag="v2", back=True),
        deployment(3, tag=HOSTILE, task="rollback"),
    ]
    one = StackOverview("staging", settings("staging"), "https://github.com/o/r", STATE, DRIFT, releases)
    other = replace(one, name="production", settings=settings("production"), releases=[deployment(1, good=False)])
    matrix = environments([settings("staging"), settings("production")])
    return Estate(NOW, SINCE, [one, other], matrix, figures(releases, releases, SINCE, NOW))


def empty() -> Estate:
    broken = Missing("its phase is 'x'")
    nothing = Missing("it was never up", trouble=False)
    stack = StackOverview(
        "staging", broken, "", nothing, Missing("the engine failed"), Missing("GitHub: export GITHUB_TOKEN")
    )
    return Estate(NOW, SINCE, [stack], Missing("both are needed", False), Missing("not enough", False))


def test_everything_is_escaped_and_only_web_addresses_are_links() -> None:
    text = page(full())
    assert "<script" not in text
    assert "javascript:" not in text
    assert "<hook>" not in text
    assert "&lt;hook&gt;" in text
    assert '<a href="https://dashboard.render.com/web/srv-1" rel="noopener noreferrer">api</a>' in text


def test_nothing_is_fetched() -> None:
    for text in (page(full()), page(empty())):
        assert "default-src 'none'" in text
        assert re.findall(r"""(?:src|xlink:href)=|<link|<img|<iframe|@import|url\(""", text) == []


def test_what_is_found_is_told_in_words_beside_the_colour() -> None:
    text = page(full())
    for told in (
        "infrastructure declared, foundation live",
        "drifted",
        "failed, rolled back",
        "7 min 05 s",
        "2 operations of the last run were begun and never reported done",
        "staging by week: 1 served and 1 failed in 5 weeks",
        "within",
        "AUTH0_AUDIENCE and CORS_ORIGINS of the adopted service",
        "<code>feature/*</code>",
        "put back what is declared: <code>pulumi up --refresh --stack staging</code>",
    ):
        assert told in text, told
    assert full().gaps == []


def test_what_needs_attention_comes_first_and_the_worst_on_top() -> None:
    soon = replace(STATE, expiries={"shop-db": NOW + timedelta(days=20), "old-db": NOW + timedelta(days=5)})
    stack = replace(full().stacks[1], state=soon, health={"backend": "status 503", "frontend": ""})
    assert [(one.tone, one.text) for one in stack.attention(NOW)] == [
        ("bad", "backend: status 503"),
        ("bad", "2 operations of the last run were begun and never reported done: run gate recover"),
        ("bad", "Render deletes the free database old-db on 2026-11-29"),
        ("warn", "Render deletes the free database shop-db on 2026-12-14"),
        ("warn", DRIFT.headline),
        ("warn", "the last release, v1, failed"),
    ]
    text = page(replace(full(), stacks=[stack]))
    assert text.index("Needs attention") < text.index('class="picture"') < text.index('id="releases"')
    assert "old-db, 2026-11-29" in text, "the next expiry"
    calm = replace(
        stack, state=replace(STATE, pending=0), drift=Missing("", False), releases=[deployment(1)], health={}
    )
    assert "nothing needs attention" in page(replace(full(), stacks=[calm]))


def test_the_picture_says_who_calls_whom_and_what_answers() -> None:
    stack = replace(full().stacks[0], health={"backend": "status 503", "frontend": ""})
    text = page(replace(full(), stacks=[stack]))
    boxes = re.findall(r'<li class="[a-z ]+"><strong>.*?</li>', text, re.DOTALL)
    assert [re.findall(r"<strong>(\w+)</strong> <span .*?>(\w+)</span>", box) for box in boxes] == [
        [("frontend", "Vercel")], [("backend", "Render")], [("data", "Render")], [("login", "Auth0")],
    ]  # fmt: skip
    assert ["answers" in box for box in boxes] == [True, False, False, False]
    assert ["status 503" in box for box in boxes] == [False, True, False, False]
    assert ["badge" in box for box in boxes] == [True, True, False, False], "nobody looked at the others"
    assert 'class="backend down"' in boxes[1]
    assert "<br>\nmarketedge-platform-staging<br>" in boxes[1]


def test_the_timeline_has_each_release_at_its_time() -> None:
    releases = [deployment(30), deployment(15, good=False, back=True), deployment(0, task="rollback")]
    text = page(replace(full(), stacks=[replace(full().stacks[0], releases=releases)]))
    dots = re.findall(r'<li class="(\w+)(?: high)?" style="--at: ([\d.]+)%"', text)
    assert [(round(float(at)), tone) for tone, at in dots] == [(0, "good"), (50, "bad"), (100, "plain")]


def test_what_serves_is_the_last_that_ended_well() -> None:
    stack = replace(full().stacks[0], releases=[deployment(9, tag="v1"), deployment(3, tag="v2", good=False)])
    assert stack.serving is not None
    assert stack.serving.tag == "v1"
    assert replace(stack, releases=Missing("")).serving is None


def test_each_part_that_is_missing_says_why() -> None:
    text = page(empty())
    for told in ("its phase is &#39;x&#39;", "it was never up", "the engine failed", "GitHub: export GITHUB_TOKEN",
                 "both are needed", "not enough"):  # fmt: skip
        assert told in text, told
    assert empty().gaps == [
        "staging: configuration: its phase is 'x'",
        "staging: drift: the engine failed",
        "staging: releases: GitHub: export GITHUB_TOKEN",
    ]


def test_a_check_for_drift_that_failed_is_a_gap_with_its_reason() -> None:
    failed = DriftReport(stack="staging", checked_at=NOW, error="GitHub answered <500>")
    estate = replace(full(), stacks=[replace(full().stacks[0], drift=failed)])
    assert estate.gaps == ["staging: drift: GitHub answered <500>"]
    assert "GitHub answered &lt;500&gt;" in page(estate)


def test_over_the_budget_and_without_a_price_is_said() -> None:
    dear = settings("staging", budgetUsd="0")
    assert dear.render.single_database is not None
    database = dear.render.single_database.model_copy(update={"plan": "basic_1gb"})
    priced = dear.model_copy(update={"render": dear.render.model_copy(update={"single_database": database})})
    text = page(replace(full(), stacks=[replace(full().stacks[0], settings=priced)]))
    assert "$23.5" in text
    assert re.search(r"over</span> the budget of \$0", text)
    strange = database.model_copy(update={"plan": "next_512gb"})
    unknown = dear.model_copy(update={"render": dear.render.model_copy(update={"single_database": strange})})
    text = page(replace(full(), stacks=[replace(full().stacks[0], settings=unknown)]))
    assert "no price known" in text


def test_the_content_is_plain_json() -> None:
    content = as_content(full())
    assert content["stacks"][0]["declared"] == {"environment": "staging", "phase": "infrastructure", "budgetUsd": 14}
    assert content["stacks"][0]["state"]["objects"][0]["thing"]["name"] == "api"
    assert content["stacks"][0]["drift"]["schema"] == 1
    assert as_content(empty())["figures"] == {"why": "not enough", "trouble": False}


def colours(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[["light", "dark"].index(scheme)]))


def luminance(colour: str) -> float:
    """W3C, WCAG 2.2, relative luminance."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def pairs() -> Iterator[tuple[str, str]]:
    for text in ("ink", "soft", "accent"):
        yield from ((text, ground) for ground in ("paper", "card"))
    yield from ((tone, f"{tone}-soft") for tone in ("good", "bad", "warn"))
    yield "ink", "plain-soft"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), list(pairs()))
def test_contrast_is_enough_to_read(scheme: str, text: str, ground: str) -> None:
    found = colours(scheme)
    light, dark = sorted((luminance(found[text]), luminance(found[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    return Browser(tmp_path / "profile")


@pytest.mark.parametrize("estate", [full, empty])
def test_in_a_browser_it_fits_and_asks_for_nothing(
    browser: Browser, tmp_path: Path, estate: Callable[[], Estate]
) -> None:
    file = tmp_path / "estate.html"
    file.write_text(page(estate()))
    assert browser.problems(file, 390, 960, 1200) == []


def test_the_pictures_of_light_and_dark_differ(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "estate.html"
    file.write_text(page(full()))
    taken = [browser.picture(file, tmp_path / f"{dark}.png", 1200, 2400, dark=dark) for dark in (False, True)]
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 50_000 for picture in taken)
    assert taken[0] != taken[1]


BAD = """<!DOCTYPE html><title>x</title><body><h1>x</h1><h3>y</h3><table><tr><td>1</td></tr></table>
<a href="#nowhere">z</a><img src="https://example.com/x.png" alt=""><div style="width:3000px">wide</div>
<script>console.error("oh")</script></body>"""


def test_the_browser_sees_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text(BAD)
    found = browser.problems(file, 390)
    assert [problem for problem in found if "oh" in problem]
    assert {"headings out of order", "a table without a caption", "nothing at #nowhere"} <= set(found)
    assert "it asked for https://example.com/x.png" in found
    assert "wider than the window: DIV wide" in found


def test_production_comes_first_for_somebody_on_call() -> None:
    staging, production = full().stacks
    broken = replace(staging, health={"backend": "status 503"}), replace(production, health={"backend": "status 500"})
    text = page(replace(full(), stacks=list(broken)))
    pictures = [text.index(f'<section class="picture"><h2>{one.name}</h2>') for one in (production, staging)]
    assert pictures == sorted(pictures)
    assert text.index("status 500") < text.index("status 503")
    assert "<code>gate rollback --env production</code>, or" in text
    assert "/actions/workflows/production-rollback.yml" in text


def test_what_goes_on_now_is_shown() -> None:
    incident = News("bad", "incident #7: production is down", "https://github.com/acme/shop/issues/7")
    live = Live("b" * 40, NOW)
    warned = replace(STATE, warnings=["nobody reports this check"])
    stack = replace(full().stacks[1], live=live, news=[incident], state=warned)
    text = page(replace(full(), stacks=[stack]))
    assert 'href="https://github.com/acme/shop/issues/7"' in text
    assert f"/commit/{'b' * 40}" in text
    assert "1 warning of the last up" in text
    assert "<li>nobody reports this check</li>" in text
