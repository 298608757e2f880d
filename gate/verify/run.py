"""All checks of an environment. If a vendor cannot be asked, its lines are unknown, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from blueprint.errors import RenderError
from blueprint.workspace import Session, connect
from components.accounts import Accounts
from components.accounts.repository import Repository
from gate.checks.login_test import EMAIL, PASSWORD, SECRET
from gate.checks.verdict import Group, Line, Verdict, failed, for_stack, passed, unknown
from gate.common.errors import GateError
from gate.stack.target import Target
from gate.verify import certificates, frontend, github, render

if TYPE_CHECKING:
    from gate.smoke import Result, SmokeReport

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
    stack = stack or target.environment
    found: list[Line] = []
    with Accounts(environ, target.config) as accounts:
        for group in _groups(target, accounts, environ, others):
            tell(group.title)
            found += _asked(group)
    by_people = BY_PEOPLE + (() if target.settings.live else ON_STAGING)
    found += [Line(task, text, unknown(why)) for task, text, why in by_people]
    return sorted((for_stack(line, stack) for line in found), key=lambda line: line.topic)


def _groups(target: Target, accounts: Accounts, environ: Mapping[str, str], others: Others) -> Iterator[Group]:
    settings = target.settings

    def repository() -> Repository:
        return accounts.repository(target.repository)

    yield from github.groups(target, repository, others.undelivered)
    application = f"application {settings.auth0.application}"
    yield Group("1.3", application, lambda: frontend.auth0_lines(target, accounts.auth0))

    def at_render(check: Callable[[Session], Verdict]) -> Verdict:
        with connect(environ, lambda _line: None) as session:
            return check(session)

    def services() -> Iterator[Line]:
        with connect(environ, lambda _line: None) as session:
            yield from render.lines(target, session)

    service = f"service {settings.render.service.name}"
    yield Group("2.1", service, services)
    if database := settings.render.database:
        name = database.name
        yield Group.of_one("2.2", f"database {name}", lambda: at_render(partial(render.database, name=name)))
    if vercel := settings.vercel:
        project, bypass = f"project {vercel.project}", bool(environ.get("VERCEL_AUTOMATION_BYPASS_SECRET"))
        yield Group("2.5", project, lambda: frontend.vercel_lines(target, accounts.vercel, vercel, bypass=bypass))
        one, ids = "frontend and backend use one Auth0 application", partial(_one_client_id, target, accounts)
        yield Group.of_one("2.5", one, lambda: at_render(ids))
    yield Group("2.6", "certificates", lambda: certificates.lines(target))
    yield Group("3.2", "smoke tests", lambda: _smoke(target, environ, others))


def _asked(group: Group) -> list[Line]:
    lines: list[Line] = []
    try:
        lines.extend(group.look())
    except (GateError, RenderError) as error:
        why = str(error).splitlines()[0]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # One answer that nobody foresaw must not hide all the other lines; its text may be anything.
        why = f"an answer that is not understood ({type(error).__name__})"
    else:
        return lines
    return [*lines, Line(group.plan, group.title, unknown(why))]


def _smoke(target: Target, environ: Mapping[str, str], others: Others) -> Iterator[Line]:
    without_login = {key: value for key, value in environ.items() if key not in (EMAIL, PASSWORD, SECRET)}
    for check in others.smoke(target, without_login).checks:
        yield Line(check.plan, check.name, _of(check))


def _of(check: Result) -> Verdict:
    if check.outcome == "passed":
        return passed(check.detail)
    if check.outcome == "failed":
        return failed(check.detail, check.fix)
    return unknown("it takes a test user and the application's own credentials: python -m gate smoke")


def _one_client_id(target: Target, accounts: Accounts, session: Session) -> Verdict:
    """Check that frontend and backend use one application. Typed twice, the ids once were of different ones."""
    assert target.settings.vercel is not None
    shown = frontend.client_id(accounts.vercel, target.settings.vercel, target.settings.vercel_branch)
    own_variables = target.settings.render.variables_of(target.settings.render.service)
    key = next((str(v.key) for v in own_variables if v.from_output == "auth0.clientId"), "AUTH0_CLIENT_ID")
    service = session.find("/services", "service", target.settings.render.service.name)
    own = render.values_of(session, service).get(key) if service else None
    if not own or not shown:
        return unknown("one of the two client ids is not shown")
    if own != shown:
        fix = "correct the one that is not the application's, then redeploy"
        return failed(f"frontend {shown[:6]}…, backend {own[:6]}…", fix)
    return passed(f"{own[:6]}…")
