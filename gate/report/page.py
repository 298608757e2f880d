"""The estate as one page. Every part says what it found, or why it found nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from components import cost
from components import environments_document as matrix
from components.phases import PHASES, Part
from components.settings import Settings
from gate.changes import wording
from gate.changes.report import DriftReport as Drift
from gate.changes.report import Verdict
from gate.common.text import moment
from gate.report.estate import Estate, Missing, Object, Stack, State
from gate.report.figures import by_week
from gate.report.figures_page import drawn, figures_table
from gate.report.history import Deployment
from gate.report.html import Html, Tone, badge, code, document, html, join, link, paragraph, table

_MOST_RELEASES = 12
_VERDICTS: dict[Verdict, tuple[str, Tone]] = {
    Verdict.CLEAN: ("as declared", "good"),
    Verdict.DRIFT: ("drifted", "bad"),
    Verdict.NOT_APPLIED: ("declared, not applied", "warn"),
    Verdict.ERROR: ("could not be checked", "bad"),
}


def page(estate: Estate) -> str:
    """The whole page."""
    period = f"releases since {_day(estate.since)}"
    blocks = [
        Html(f"<h1>{html(estate.title)}</h1>"),
        paragraph(f"Made {moment(estate.made)}; {period}. Links open the vendors' dashboards.", "soft"),
        _contents(estate),
        Html(f'<div class="cards">{join(_card(stack) for stack in estate.stacks)}</div>'),
        *_environments(estate),
        *(block for stack in estate.stacks for block in _stack(stack)),
        *_releases(estate),
        *_cost(estate),
        Html(f"<footer>Made by <code>python -m gate report</code>, {html(moment(estate.made))}. It holds "
             "no secret, and loads nothing from anywhere.</footer>"),
    ]  # fmt: skip
    return document(estate.title, join(blocks))


def _contents(estate: Estate) -> Html:
    stacks = [(f"stack-{stack.name}", f"Stack {stack.name}") for stack in estate.stacks]
    entries = [("environments", "Environments"), *stacks, ("releases", "Releases"), ("cost", "Cost")]
    items = "".join(f'<li><a href="#{html(anchor)}">{html(title)}</a></li>' for anchor, title in entries)
    return Html(f'<nav aria-label="Contents"><ul>{items}</ul></nav>')


def _heading(anchor: str, title: str) -> Html:
    return Html(f'<h2 id="{html(anchor)}">{html(title)}</h2>')


def _missing(what: str, missing: Missing) -> Html:
    if missing.trouble:
        return Html(f'<p class="notice bad">{badge(what, "bad")} {html(missing.why)}</p>')
    return Html(f'<p class="notice"><strong>{html(what)}:</strong> {html(missing.why)}</p>')


def _facts(rows: Sequence[tuple[str, str]]) -> Html:
    return Html("<dl>" + "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in rows) + "</dl>")


def _card(stack: Stack) -> Html:
    rows: list[tuple[str, str]] = []
    if isinstance(stack.settings, Settings):
        rows.append(("environment", stack.settings.environment))
        rows.append(("phase", _phase(stack.settings, stack.state)))
    state = stack.state
    rows.append(("objects", str(len(state.objects)) if isinstance(state, State) else _why(state)))
    rows.append(("drift", _drift_badge(stack.drift)))
    rows.append(("last release", _last(stack.releases)))
    if isinstance(stack.settings, Settings):
        rows.append(("cost", _money(cost.total(_prices(stack.settings)))))
    return Html(f'<section class="card"><h2>{html(stack.name)}</h2>{_facts(rows)}</section>')


def _why(missing: Missing) -> Html:
    return badge("could not be read", "bad") if missing.trouble else badge("never up", "plain")


def _phase(settings: Settings, state: State | Missing) -> str:
    """The declared one, and the live one where that is another."""
    live = state.phase if isinstance(state, State) else ""
    return f"{settings.phase} declared, {live} live" if live and live != settings.phase else settings.phase


def _drift_badge(drift: Drift | Missing) -> Html:
    if isinstance(drift, Missing):
        return badge("could not be checked", "bad") if drift.trouble else badge("not looked at", "plain")
    return badge(*_VERDICTS[drift.verdict])


def _last(releases: Sequence[Deployment] | Missing) -> str:
    if isinstance(releases, Missing):
        return badge("not known", "bad") if releases.trouble else badge("not known", "plain")
    if not releases:
        return "none in this time"
    return join([_what(releases[-1]), " ", _outcome(releases[-1])], "")


def _environments(estate: Estate) -> Iterator[Html]:
    yield _heading("environments", "Environments")
    if isinstance(estate.matrix, Missing):
        yield _missing("Not shown", estate.matrix)
        return
    rows = [[_ticked(cell) for cell in row] for row in estate.matrix]
    yield table("Who has what (plan 1.3)", matrix.MATRIX, rows)


def _ticked(text: str) -> Html:
    """Backticks of the documents as code."""
    pieces = re.split(r"`([^`]*)`", text)
    return join([code(piece) if i % 2 else html(piece) for i, piece in enumerate(pieces)], "")


def _stack(stack: Stack) -> Iterator[Html]:
    yield _heading(f"stack-{stack.name}", f"Stack {stack.name}")
    if isinstance(stack.settings, Missing):
        yield _missing("Configuration", stack.settings)
    else:
        yield _phases(stack.settings)
        rows = [[vendor, _ticked(what)] for vendor, what in matrix.owned(stack.settings).items()]
        yield table("Declared, over all phases", ["vendor", "what the stack owns"], rows)
    if isinstance(stack.state, Missing):
        yield Html("<h3>Objects</h3>")
        yield _missing("No objects", stack.state)
    else:
        yield from _objects(stack.state)
    yield Html("<h3>Drift</h3>")
    yield from _drift(stack.drift)


def _phases(settings: Settings) -> Html:
    items = []
    for phase in PHASES:
        now = phase == settings.phase
        adds = "; ".join(part.value for part in settings.added(phase)) or "nothing more"
        name = f"{phase} (declared now)" if now else phase
        current = ' aria-current="step"' if now else ""
        items.append(f'<li{current}><strong>{html(name)}</strong><span class="soft">{html(adds)}</span></li>')
    return Html(f'<h3>Phase</h3><ol class="phases">{"".join(items)}</ol>')


def _objects(state: State) -> Iterator[Html]:
    yield Html("<h3>Objects</h3>")
    updated = moment(state.updated) if state.updated else "at an unknown time"
    facts: list[tuple[str, str]] = [("last written", updated), ("phase then", state.phase or "not known")]
    facts += [("frontend", link(state.frontend_url, state.frontend_url))] if state.frontend_url else []
    facts += [("backend", link(state.backend_url, state.backend_url))] if state.backend_url else []
    yield _facts(facts)
    if state.pending:
        told = f"{state.pending} operations of the last run were begun and never reported done: gate recover"
        yield Html(f'<p class="notice bad">{html(told)}</p>')
    for vendor in dict.fromkeys(one.thing.vendor for one in state.objects):
        mine = [one for one in state.objects if one.thing.vendor == vendor]
        count = "1 object" if len(mine) == 1 else f"{len(mine)} objects"
        yield table(f"{vendor}: {count}", ["name", "kind", "protected", "changed by up"], map(_object, mine))
    if state.records:
        rows = [[name, kind, code(target, long=True)] for name, kind, target in state.records]
        yield table("DNS records that the stack needs", ["name", "type", "target"], rows)


def _object(one: Object) -> list[str]:
    name = link(one.address, one.thing.name) if one.address else one.thing.name
    return [name, one.thing.type, "yes" if one.protected else "no", _day(one.changed) if one.changed else "unknown"]


def _drift(drift: Drift | Missing) -> Iterator[Html]:
    if isinstance(drift, Missing):
        yield _missing("Drift", drift)
        return
    yield paragraph(join([badge(*_VERDICTS[drift.verdict]), f" {wording.headline(drift)}, looked at "
                          f"{moment(drift.checked_at)}"], ""))  # fmt: skip
    if drift.error is not None:
        yield _missing("Reason", Missing(drift.error))
    if drift.findings:
        rows = []
        for finding in drift.findings:
            declared, live = (code(value, long=True) for value in wording.values(finding))
            cells = [wording.thing(finding), finding.kind.value, wording.field(finding)]
            rows.append([*cells, declared, live, wording.since(finding)])
        yield table("Differences", ["object", "kind", "field", "declared", "live", "since"], rows)
    for step in wording.advice(drift):
        yield paragraph(_ticked(step))


def _releases(estate: Estate) -> Iterator[Html]:
    yield _heading("releases", "Releases")
    charts = []
    for stack in estate.stacks:
        if isinstance(stack.releases, Missing):
            yield _missing(f"Releases of {stack.name}", stack.releases)
            continue
        charts.append((f"{stack.name} by week", by_week(stack.releases, estate.since, estate.made)))
        newest = stack.releases[: -_MOST_RELEASES - 1 : -1]
        if not newest:
            yield paragraph(f"{stack.name}: nothing was released since {_day(estate.since)}.")
            continue
        rows = [_release(one, stack.repository) for one in newest]
        caption = f"{stack.name}: the last {len(newest)} of {len(stack.releases)} releases and rollbacks"
        yield table(caption, ["what", "outcome", "when", "took", "commit"], rows)
    if charts:
        yield drawn(charts)
    if isinstance(estate.figures, Missing):
        yield _missing("Figures", estate.figures)
    else:
        yield figures_table(estate.figures)


def _release(one: Deployment, repository: str) -> list[str]:
    commit = link(f"{repository}/commit/{quote(one.sha)}", code(one.sha[:7]))
    return [_what(one), _outcome(one), moment(one.ended), _took(one.ended - one.began), commit]


def _what(one: Deployment) -> str:
    return f"{'rollback to' if one.task == 'rollback' else 'release'} {one.tag or one.sha[:7]}"


def _outcome(one: Deployment) -> Html:
    if one.good:
        return badge("done", "good")
    return badge("failed, taken back", "warn") if one.rolled_back else badge("failed", "bad")


def _took(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def _cost(estate: Estate) -> Iterator[Html]:
    yield _heading("cost", "Cost at Render a month")
    for stack in estate.stacks:
        if isinstance(stack.settings, Missing):
            yield _missing(stack.name, Missing("its configuration cannot be read", trouble=False))
            continue
        prices, budget = _prices(stack.settings), stack.settings.budget_usd
        if not prices:
            yield paragraph(f"{stack.name}: adds nothing at Render in this phase that is paid for; budget ${budget}.")
            continue
        whole = cost.total(prices)
        rows = [[name, _money(price)] for name, price in prices.items()]
        rows.append([Html("<strong>together</strong>"), Html(f"<strong>{html(_money(whole))}</strong>")])
        yield table(f"{stack.name}: list prices; what was adopted was paid for before", ["object", "US dollars"],
                    rows, frozenset({1}))  # fmt: skip
        within = whole is not None and whole <= budget
        told = badge("within", "good") if within else badge("unknown" if whole is None else "over", "warn")
        yield paragraph(join([told, f" the budget of ${budget} a month (marketedge:budgetUsd)"], ""))


def _prices(settings: Settings) -> dict[str, float | None]:
    """As in the stack's outputs: nothing in a phase that declares nothing at Render."""
    return cost.monthly_usd(settings.render) if Part.BACKEND in settings.parts else {}


def _money(price: float | None) -> str:
    return "no price known" if price is None else f"${price:g}"


def _day(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d}"
