"""The table of smoke tests, and the run that makes every check of it at the same time, within the budget."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from gate.common.redaction import Redactor, environment_secrets
from gate.common.text import printable
from gate.smoke import backend, frontend, login
from gate.smoke.client import Failed, Skipped, Visit
from gate.smoke.report import Outcome, Result, SmokeReport
from gate.stack.target import Target


@dataclass(frozen=True)
class Check:
    """One row of the table.

    Attributes:
        plan: the row of the plan that asks for it.
        run: makes the check of one subject. It returns what was seen, or raises Failed or Skipped.
        subjects: what it is made of, such as paths. Each has a result of its own.
        required: the check fails if it has no subjects. Any other is left out then.
        at_frontend: made only if the environment has a frontend.
        before_people: made only in environments that nobody depends on.
    """

    name: str
    plan: str
    run: Callable[[Visit, str], str]
    subjects: Callable[[Visit], Sequence[str]] = lambda _visit: [""]
    required: bool = False
    at_frontend: bool = False
    before_people: bool = False

    def applies(self, visit: Visit) -> bool:
        there = bool(visit.target.frontend_url) or not self.at_frontend
        return there and not (self.before_people and visit.target.settings.live)

    def name_of(self, subject: str) -> str:
        return f"{self.name} {subject}".rstrip()

    def result(self, subject: str, outcome: Outcome, seconds: float, *words: str) -> Result:
        """Return a result.

        Args:
            words: what was seen and, if it failed, what should have been seen and what to do. An application may answer
                anything, also what no terminal and no XML can hold.
        """
        return Result(printable(self.name_of(subject)), self.plan, outcome, round(seconds, 2), *map(printable, words))


def _one(subject: str | None) -> list[str]:
    """Return one subject, if there is such a thing."""
    return [subject] if subject else []


def _unnamed(subject: object) -> list[str]:
    """Return one check without a name of its own, if there is such a thing."""
    return [""] if subject else []


def _pages(visit: Visit) -> list[str]:
    return visit.smoke.pages[: 1 if visit.target.settings.live else None]


TABLE = (
    Check("health", "3.2, 3.4 health endpoint; 2.4 environment", backend.health),
    Check("health of", "3.2, 3.4 health endpoint", backend.other_health, lambda visit: list(visit.target.others)),
    Check("version", "4.2 production release", backend.version, lambda visit: _one(visit.expect_version)),
    Check("connected", "3.2, 3.4 database, Redis", backend.dependency, lambda visit: visit.smoke.dependencies),
    Check("CORS allows", "1.2 CORS", backend.allowed_origin, backend.origins, required=True),
    Check("CORS refuses", "1.2 CORS", backend.refused_origin, backend.strangers, required=True),
    Check("auth0-url", "1.1 audience", login.auth0_url, lambda visit: _unnamed(visit.smoke.auth0_url_path)),
    Check("API", "3.2, 3.4 API endpoints", backend.api, lambda visit: visit.smoke.api_paths, required=True),
    Check("authentication", "3.2, 3.4 authentication flow; 1.1 JWT", login.authentication),
    Check("page", "3.2 dashboard loading", frontend.page, _pages, required=True, at_frontend=True),
    Check(
        "frontend calls the backend, page",
        "2.5 NEXT_PUBLIC_API_BASE_URL",
        frontend.calls,
        lambda visit: visit.smoke.pages[:1],
        at_frontend=True,
    ),
    Check("login from", "1.3 login from a preview", login.preview_login, lambda visit: _one(visit.preview)),
    Check("suite", "3.2, 3.4 the team's own tests", frontend.own_suite, lambda visit: _unnamed(visit.smoke.suite)),
    Check(
        "super-admin page",
        "3.2 super admin panel",
        frontend.page,
        lambda visit: _one(visit.smoke.admin_page),
        at_frontend=True,
        before_people=True,
    ),
    Check(
        "super-admin API",
        "3.2 super admin panel",
        login.admin_api,
        lambda visit: _unnamed(visit.smoke.admin_api_path),
        before_people=True,
    ),
)
"""Staging runs the full suite of plan 3.2, production the minimal one of plan 3.4."""


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
    """
    started, began = datetime.now(UTC), clock()
    own = target.settings.smoke.budget_seconds
    budget = own if seconds is None else min(own, seconds)
    login_required = target.settings.login_required if require_login is None else require_login
    deadline = began + budget
    visit = Visit(
        target, environ, deadline, expect_version, login_required, preview.rstrip("/"), clock, sleep, transport
    )
    with closing(visit):
        results = _results(visit, table, budget, tell)
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
    cases = [(row, subject) for row in rows for subject in row.subjects(visit)]
    late = f"not finished within {budget:.0f} s", "an outcome within the budget"
    fix = "find out what took so long, then run it again"
    results = {row.name_of(one): row.result(one, Outcome.FAILED, budget, *late, fix) for row, one in cases}
    made = itertools.count(1)

    def work(row: Check, subject: str) -> None:
        results[row.name_of(subject)] = _made(row, subject, visit)
        tell(f"{next(made)} of {len(cases)} checks")

    # As daemons, so that a connection which never ends cannot hold up the end of the program.
    threads = [threading.Thread(target=work, args=case, daemon=True) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, visit.left))
    missing = "nothing is configured to test", "at least one", "complete marketedge:smoke of the stack"
    without = [row for row in rows if row.required and not row.subjects(visit)]
    return [*results.values(), *(row.result("", Outcome.FAILED, 0, *missing) for row in without)]


def _made(row: Check, subject: str, visit: Visit) -> Result:
    began, outcome = visit.clock(), Outcome.FAILED
    try:
        words: tuple[str, ...] = (row.run(visit, subject),)
        outcome = Outcome.PASSED
    except Failed as failure:
        words = failure.args
    except Skipped as reason:
        words, outcome = (str(reason),), Outcome.SKIPPED
    except Exception as error:
        # Without its text, which may quote an answer. A check that breaks must not count as one that passed.
        broken = f"the check itself broke: {type(error).__name__}"
        words = broken, "a check that runs", "report it, with this name and the answer it met"
    return row.result(subject, outcome, visit.clock() - began, *words)
