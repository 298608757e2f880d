"""All checks of an environment. If a vendor cannot be asked, its lines are unknown, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from components.accounts import Accounts
from components.accounts.repository import Repository
from gate.checks.login import EMAIL, PASSWORD, SECRET
from gate.checks.verdict import UP, Line, Verdict, failed, passed, unknown
from gate.stack.target import Target
from gate.verify import certificates, frontend, github, render
from gate.verify.look import Check, Look

if TYPE_CHECKING:
    from gate.smoke import SmokeReport

PEOPLE = "manual step; cannot be checked automatically"
BY_PEOPLE = (
    ("1.3", "a login from a preview works in a browser", "it takes a browser; the smoke tests log in without one"),
    ("1.6", "current production deployment documented and reviewed by the team", PEOPLE),
    ("5.1", "team trained, stakeholders informed, rollback and communication plan ready", PEOPLE),
    ("5.3", "cutover announced, first pull requests accompanied", PEOPLE),
    ("5.5", "metrics reviewed every week", f"{PEOPLE}: gate metrics has those that GitHub knows"),
)
"""Task, criterion, and why no API answers it."""
ON_STAGING = (
    ("2.2", "migrations have run", "the deploy's log at Render tells; a migration that fails fails the deploy"),
    ("2.4", "no variable is missed in the logs", "Render, the service, Logs"),
)


@dataclass(frozen=True)
class Others:
    """What other features check.

    Attributes:
        smoke: runs the smoke tests.
        undelivered: the files that the environment's branch does not have as they are delivered, and how it has them.
    """

    smoke: Callable[[Target, Mapping[str, str]], SmokeReport]
    undelivered: Callable[[Target, Repository], Sequence[str]]

    def delivered(self, look: Look) -> Verdict:
        """Check the files that `gate workflows sync` delivers."""
        found = self.undelivered(look.target, look.repository)
        fix = f"merge what gate workflows sync --env {look.target.environment} delivers"
        return failed(", ".join(found), fix) if found else passed("as delivered")

    def smoke_tests(self, look: Look, _check: Check) -> Iterator[Line]:
        """Run the smoke tests without a login."""
        without = {key: value for key, value in look.environ.items() if key not in (EMAIL, PASSWORD, SECRET)}
        skipped = "it takes a test user and the application's own credentials: python -m gate smoke"
        for one in self.smoke(look.target, without).checks:
            verdicts = {"passed": passed(one.detail), "failed": failed(one.detail, one.fix)}
            yield Line(one.plan, one.name, verdicts.get(one.outcome, unknown(skipped)))


def verify(
    target: Target,
    environ: Mapping[str, str],
    others: Others,
    tell: Callable[[str], None] = lambda _t: None,
    stack: str = "",
) -> list[Line]:
    """Return every line, in the plan's order.

    Args:
        stack: its name, if that is not the environment's.
    """
    up = f"{UP} --stack {stack or target.environment}"
    found: list[Line] = []
    with Accounts(environ, target.config) as accounts, ExitStack() as closing:
        look = Look(target, accounts, environ, closing)
        for check in checks(look, others):
            tell(check.title)
            found += check.lines(look)
    by_people = BY_PEOPLE + (() if target.settings.live else ON_STAGING)
    found += [Line(task, text, unknown(why)) for task, text, why in by_people]
    # The engine needs to know which stack has to come up.
    named = [replace(one, verdict=replace(one.verdict, fix=one.verdict.fix.replace(UP, up))) for one in found]
    return sorted(named, key=lambda line: line.topic)


def checks(look: Look, others: Others) -> Iterator[Check]:
    """Yield the checks of an environment."""
    settings = look.settings
    yield from github.checks(settings)
    delivered = f"workflows, template and CONTRIBUTING of {settings.github.branch.name}"
    yield Check.of_one("5.3", delivered, others.delivered)
    yield Check("1.3", f"application {settings.auth0.application}", frontend.auth0_lines)
    for service in settings.render.services:
        yield Check("2.1", f"service {service.name}", partial(render.service_lines, declared=service))
    yield Check.of_one("5.4", "no Blueprint sets Render's objects again", render.blueprints)
    if database := settings.render.database:
        yield Check.of_one("2.2", f"database {database.name}", partial(render.database, name=database.name))
    if vercel := settings.vercel:
        yield Check("2.5", f"project {vercel.project}", partial(frontend.vercel_lines, declared=vercel))
        one_client_id = partial(frontend.one_client_id, declared=vercel)
        yield Check.of_one("2.5", "frontend and backend use one Auth0 application", one_client_id)
    yield Check("2.6", "certificates", lambda look, _check: certificates.lines(look.target))
    yield Check("3.2", "smoke tests", others.smoke_tests)
