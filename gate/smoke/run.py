"""Makes every check of the table at the same time, within the budget. The report has all of them."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import httpx

from gate.common.errors import GateError
from gate.common.redaction import Redactor, environment_secrets
from gate.smoke.client import Failed, Skipped, Visit
from gate.smoke.report import Outcome, Result, SmokeReport
from gate.smoke.table import TABLE, Check
from gate.stack.target import Target


class _Case(NamedTuple):
    check: Check
    subject: str

    @property
    def name(self) -> str:
        return f"{self.check.name} {self.subject}".rstrip()


def run(
    target: Target,
    environ: Mapping[str, str],
    *,
    expect_version: str | None = None,
    require_login: bool | None = None,
    preview: str = "",
    seconds: float | None = None,
    tell: Callable[[str], None] = lambda _text: None,
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    table: Sequence[Check] = TABLE,
) -> SmokeReport:
    """Smoke-test one environment.

    Args:
        environ: SMOKE_USER_EMAIL and SMOKE_USER_PASSWORD of a test user, SMOKE_AUTH0_CLIENT_ID and
            SMOKE_AUTH0_CLIENT_SECRET of the application (not Auth0's management application). All are optional.
        expect_version: commit or tag that has to serve.
        require_login: whether a login fails if it is not made. None: as the stack says.
        preview: address of a preview of the frontend, whose login is tested too.
        seconds: that it may take, if that is less than the stack's `smoke.budgetSeconds`.
        tell: is called with progress.

    Raises:
        GateError: nothing can be asked.
    """
    if not target.backend_url or (target.settings.frontend_url and not target.frontend_url):
        raise GateError("the addresses are not known: export BACKEND_URL and FRONTEND_URL")
    started, began = datetime.now(UTC), clock()
    own = target.settings.smoke.budget_seconds
    budget = own if seconds is None else min(own, seconds)
    visit = Visit(
        target,
        environ,
        began + budget,
        expect_version,
        target.settings.login_required if require_login is None else require_login,
        preview.rstrip("/"),
        clock,
        sleep,
        transport,
    )
    try:
        results = _results(visit, table, budget, tell)
    finally:
        visit.close()
    report = SmokeReport(
        environment=target.environment,
        frontend_url=target.frontend_url,
        backend_url=target.backend_url,
        started_at=started,
        seconds=round(clock() - began, 2),
        checks=results,
    )
    return report.redacted(Redactor([*environment_secrets(environ), *visit.tokens]))


def _results(visit: Visit, table: Sequence[Check], budget: float, tell: Callable[[str], None]) -> list[Result]:
    rows = [row for row in table if row.applies(visit)]
    cases = [_Case(row, subject) for row in rows for subject in row.subjects(visit)]
    done: dict[str, Result] = {}

    def work(case: _Case) -> None:
        done[case.name] = _made(case, visit)
        tell(f"{len(done)} of {len(cases)} checks")

    # As daemons, so that a connection which never ends cannot hold up the end of the program.
    threads = [threading.Thread(target=work, args=(case,), daemon=True) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, visit.left))
    finished = dict(done)
    results = [finished.get(case.name) or _not_made(case, budget) for case in cases]
    return results + [_without_subject(row) for row in rows if row.required and not row.subjects(visit)]


def _made(case: _Case, visit: Visit) -> Result:
    began = visit.clock()

    def result(outcome: Outcome, detail: str, expected: str = "", fix: str = "") -> Result:
        return Result(case.name, case.check.plan, outcome, round(visit.clock() - began, 2), detail, expected, fix)

    try:
        return result(Outcome.PASSED, case.check.run(visit, case.subject))
    except Failed as failure:
        return result(Outcome.FAILED, failure.detail, failure.expected, failure.fix)
    except Skipped as reason:
        return result(Outcome.SKIPPED, str(reason))
    except Exception as error:
        # Without its text, which may quote an answer. A check that breaks must not count as one that passed.
        broken = f"the check itself broke: {type(error).__name__}"
        return result(Outcome.FAILED, broken, "a check that runs", "report it, with this name and the answer it met")


def _not_made(case: _Case, budget: float) -> Result:
    late, fix = f"not finished within {budget:.0f} s", "find out what took so long, then run it again"
    return Result(case.name, case.check.plan, Outcome.FAILED, budget, late, "an outcome within the budget", fix)


def _without_subject(row: Check) -> Result:
    missing, fix = "nothing is configured to test", "complete marketedge:smoke of the stack"
    return Result(row.name, row.plan, Outcome.FAILED, 0, missing, "at least one", fix)
