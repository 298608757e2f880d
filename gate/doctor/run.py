"""All checks, from the machine to the vendors. A failed look ends its own checks only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from pulumi import automation

from blueprint.errors import RateLimited
from blueprint.workspace import connect
from components.accounts import Accounts
from components.accounts.api import VendorRateLimited
from components.configuration import Loaded
from components.settings import Settings
from components.vendors import AUTH0, GITHUB, RENDER, VENDORS, VERCEL, Vendor, missing_credentials
from gate.checks import dns
from gate.checks.verdict import Line, Verdict, failed, passed, unknown
from gate.common.errors import GateError, StackUnavailable
from gate.doctor import github, machine, vendors
from gate.doctor.stack import Opened, settings_lines, stack_lines
from gate.doctor.vendors import Told
from gate.stack.project import open_project

Tell = Callable[[str], None]
_DEADLINE = 60.0
"""Seconds for Render, because somebody waits."""


def examine(names: Sequence[str], environ: Mapping[str, str], tell: Tell, folder: Path = Path()) -> list[Line]:
    """Return every line, those of the machine first.

    Args:
        names: of stacks with a file in the project's folder.
    """
    tell("this machine")
    found = list(machine.python_lines(folder))
    workspace = _engine(found, folder)
    for name in names:
        tell(name)
        if workspace:
            opened = stack_lines(workspace, name, found)
        else:
            opened = Opened()
            found.append(Line(name, "stack", unknown("not checked yet: fix the CLI and the backend first")))
        lines, loaded = settings_lines(name, opened, environ, folder)
        found += lines
        if loaded is None:
            found.append(Line(name, "vendors", unknown("not checked yet: fix the configuration first")))
        else:
            found += vendor_lines(Case(name, loaded, opened, environ), tell)
    return found


def _engine(found: list[Line], folder: Path) -> automation.LocalWorkspace | None:
    """Add lines about the CLI. Returns None if stacks cannot be asked for."""
    cli = machine.cli_verdict(folder)
    found.append(Line(machine.TOPIC, "Pulumi CLI", cli))
    if cli.outcome == "fail":
        return None
    try:
        workspace = open_project(str(folder))
    except StackUnavailable as error:
        found.append(Line(machine.TOPIC, "Pulumi CLI", failed(str(error), "install a newer one")))
        return None
    found.extend(machine.plugin_lines(workspace, folder))
    backend = machine.backend_verdict(workspace)
    found.append(Line(machine.TOPIC, "backend", backend))
    return workspace if backend.outcome == "pass" else None


@dataclass(frozen=True)
class Case:
    """One stack, as far as it can be read."""

    stack: str
    loaded: Loaded
    opened: Opened
    environ: Mapping[str, str] = field(repr=False)

    @property
    def settings(self) -> Settings:
        """Return what the stack's file says."""
        return self.loaded.settings

    @property
    def config(self) -> Mapping[str, str]:
        """Return what the providers take from the stack. The owner may come from the environment."""
        return {"github:owner": self.loaded.owner, **self.opened.config}

    def value(self, key: str, variable: str) -> str:
        """Return a value of the stack, or of the environment."""
        return self.config.get(key) or self.environ.get(variable, "")


def vendor_lines(case: Case, tell: Tell) -> list[Line]:
    """Check what the four vendors and DNS say of a stack."""
    found: list[Line] = []
    missing = missing_credentials({**case.config, **case.environ})
    with Accounts(case.environ, case.config) as accounts:
        for vendor in VENDORS:
            if vendor is VERCEL and not case.settings.vercel:
                continue
            tell(f"{case.stack}: {vendor.label}")
            if absent := missing.get(vendor):
                verdict = failed(f"{', '.join(absent)} not set", vendor.to_export(absent))
                found.append(Line(case.stack, f"{vendor.label}: credentials", verdict))
            else:
                asked = _asked(accounts.hosts[vendor.label], partial(_CHECKS[vendor], case, accounts))
                found += [Line(case.stack, f"{vendor.label}: {title}", told) for title, told in asked]
    tell(f"{case.stack}: DNS")
    domains = dns.domain_lines(case.loaded.settings, case.opened.records)
    return found + [Line(case.stack, title, told) for title, told in domains]


def _at_auth0(case: Case, accounts: Accounts) -> Told:
    domain, secrets = case.value("auth0:domain", "AUTH0_DOMAIN"), "auth0.clientSecret" in case.settings.wired
    return vendors.at_auth0(case.settings.auth0, domain, secrets=secrets, auth0=accounts.auth0)


def _at_vercel(case: Case, accounts: Accounts) -> Told:
    form = vendors.token_form(case.value("vercel:apiToken", "VERCEL_API_TOKEN"))
    yield "form of the token", form
    if form.outcome == "pass" and (declared := case.settings.vercel):
        team, zone = case.value("vercel:team", "VERCEL_TEAM"), case.settings.dns.zone or ""
        bypass = bool(case.environ.get("VERCEL_AUTOMATION_BYPASS_SECRET"))
        yield from vendors.at_vercel(case.stack, declared, team, accounts.vercel, bypass=bypass, zone=zone)


def _at_render(case: Case, _accounts: Accounts) -> Told:
    with connect(case.environ, lambda _line: None, deadline=_DEADLINE) as session:
        yield from vendors.at_render(case.settings, case.environ.get("RENDER_OWNER_ID", ""), session)


_CHECKS: Mapping[Vendor, Callable[[Case, Accounts], Told]] = {
    GITHUB: lambda case, accounts: github.lines(case.settings.github, accounts.github),
    AUTH0: _at_auth0,
    VERCEL: _at_vercel,
    RENDER: _at_render,
}


def _asked(host: str, look: Callable[[], Told]) -> list[tuple[str, Verdict]]:
    """Check the vendor's host and, if it answers, everything else."""
    found = [("host", reach(host))]
    if found[0][1].outcome == "fail":
        return found
    try:
        found.extend(look())
    except (VendorRateLimited, RateLimited) as error:
        found.append(("was asked", unknown(str(error))))
    except GateError as error:
        found.append(("was asked", failed(" ".join(str(error).split()), "")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # One answer that nobody foresaw must not hide all the other lines; its text may be anything.
        found.append(("was asked", unknown(f"an answer that is not understood ({type(error).__name__})")))
    return found


def reach(url: str, transport: httpx.BaseTransport | None = None) -> Verdict:
    """Check one host. Any answer will do: nothing is asked and no credential is sent."""
    address = urlsplit(url)
    proxy = getproxies().get(address.scheme) if not proxy_bypass(address.hostname or "") else None
    way = "through the proxy" if proxy else "directly"
    fix = "check the network: HTTPS_PROXY, NO_PROXY, and SSL_CERT_FILE where the proxy has a certificate of its own"
    try:
        with httpx.Client(timeout=httpx.Timeout(15.0, connect=10.0), transport=transport) as client:
            client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return failed(f"{address.hostname} is not reached {way}: {type(error).__name__}", fix)
    return passed(f"{address.hostname} answers, {way}")
