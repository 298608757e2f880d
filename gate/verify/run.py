"""All checks of an environment. A vendor that cannot be asked makes its lines unknown, and does not end the run."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from gate.errors import GateError
from gate.release.repository import Repository
from gate.smoke.report import Result
from gate.smoke.run import run as smoke
from gate.target import Target
from gate.vendors import Accounts
from gate.verify import frontend, github, render
from gate.verify.verdict import Line, Verdict, failed, passed, unknown
from render.errors import RenderError
from render.session import Session, connect

HUMAN = {
    "1.6": "current production deployment documented and reviewed by the team",
    "5.1": "team trained, stakeholders informed, rollback and communication plan ready",
    "5.3": "cutover announced, first pull requests accompanied",
    "5.5": "metrics reviewed every week: python -m gate metrics has those that GitHub knows",
}
"""What no API answers, by task."""


def verify(target: Target, environ: Mapping[str, str], tell: Callable[[str], None] = lambda _t: None) -> list[Line]:
    """Every line, in the plan's order."""
    found: list[Line] = []
    with Accounts(environ, target.config) as accounts:
        for vendor, look in _vendors(target, accounts, environ).items():
            tell(f"looking at {vendor}")
            found += _asked(vendor, look)
    tell("smoke tests")
    found += _asked("smoke tests", lambda: _smoke(target, environ))
    found += _certificates(target)
    found += [Line(task, text, unknown("people do this")) for task, text in HUMAN.items()]
    return sorted(found, key=lambda line: line.topic)


def _vendors(target: Target, accounts: Accounts, environ: Mapping[str, str]) -> dict[str, Callable[[], Iterator[Line]]]:
    vercel = target.settings.vercel

    def at_github() -> Iterator[Line]:
        repository = Repository(accounts.github, target.repository)
        base, token = environ.get("GITHUB_BASE_URL", ""), environ.get("GITHUB_TOKEN", "")
        return github.lines(target, repository, base, token)

    def at_render() -> Iterator[Line]:
        with connect(environ, lambda _line: None) as session:
            yield from render.lines(target, session)
            if vercel:
                yield _one_client_id(target, accounts, session)

    looks = {
        "GitHub": at_github,
        "Auth0": lambda: frontend.auth0_lines(target, accounts.auth0),
        "Render": at_render,
    }
    if vercel:
        looks["Vercel"] = lambda: frontend.vercel_lines(target, accounts.vercel, vercel)
    return looks


def _asked(vendor: str, look: Callable[[], Iterator[Line]]) -> list[Line]:
    lines: list[Line] = []
    try:
        lines.extend(look())
    except (GateError, RenderError) as error:
        lines.append(Line("0", f"{vendor} was asked", unknown(str(error).splitlines()[0])))
    return lines


def _smoke(target: Target, environ: Mapping[str, str]) -> Iterator[Line]:
    # These name the management application here; which application the backend uses is a line of its own.
    others = {key: value for key, value in environ.items() if key not in ("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET")}
    for check in smoke(target, others).checks:
        yield Line(check.plan, check.name, _of(check))


def _of(check: Result) -> Verdict:
    if check.outcome == "passed":
        return passed(check.detail)
    return failed(check.detail, check.fix) if check.outcome == "failed" else unknown(check.detail)


def _one_client_id(target: Target, accounts: Accounts, session: Session) -> Line:
    """Typed twice, exactly this went wrong once: frontend and backend on different applications."""
    assert target.settings.vercel is not None
    shown = frontend.client_id(accounts.vercel, target.settings.vercel)
    service = session.find("/services", "service", target.settings.render.service.name)
    values: dict[str, str] = {}
    if service:
        for group in session.listing("/env-groups", "envGroup"):
            if any(link["id"] == service["id"] for link in group["serviceLinks"]):
                found = session.client.get(f"/env-groups/{group['id']}")["envVars"]
                values |= {v["key"]: v["value"] for v in found}
        values |= {v["key"]: v["value"] for v in session.client.pages(f"/services/{service['id']}/env-vars", "envVar")}
    own, title = values.get("AUTH0_CLIENT_ID"), "frontend and backend use one Auth0 application"
    if not own or not shown:
        return Line("2.5", title, unknown("one of the two client ids is not shown"))
    if own != shown:
        difference = f"frontend {shown[:6]}…, backend {own[:6]}…"
        return Line("2.5", title, failed(difference, "correct the one that is not the application's, then redeploy"))
    return Line("2.5", title, passed(f"{own[:6]}…"))


def _certificates(target: Target) -> list[Line]:
    hosts = {urlsplit(url).hostname for url in (target.frontend_url, target.backend_url) if url.startswith("https://")}
    return [Line("2.6", f"certificate of {host}", _certificate(str(host))) for host in sorted(filter(None, hosts))]


def _certificate(host: str) -> Verdict:
    """Valid for this host, and for how long; past a proxy that opens TLS, that one's is seen."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, 443), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return failed(error.verify_message, "look at the domain in the vendor's dashboard")
    except OSError as error:
        return unknown(f"no connection from here: {type(error).__name__}")
    days = 0.0
    with suppress(KeyError, ValueError):
        days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86400
    return passed(f"valid for {days:.0f} days") if days > 14 else failed(f"{days:.0f} days left", "have it renewed")
