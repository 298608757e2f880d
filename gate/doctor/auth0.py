"""Auth0: the management application, its scopes, and whether it belongs to the tenant of the logins."""

from collections.abc import Iterator

from components.accounts.auth0 import Auth0
from components.vendor_settings import Auth0 as Declared
from gate.checks.verdict import Verdict, failed, note, passed, unknown

SCOPES = ("read:clients", "create:clients", "update:clients", "delete:clients")
SCOPES_OF_SECRETS = ("read:client_keys", "read:client_credentials", "update:client_credentials")
"""Also needed if the stack passes an application's secret on."""
SCOPES_OF_GRANTS = tuple(f"{action}:client_grants" for action in ("read", "create", "update", "delete"))
"""Also needed for a login test with the grant client_credentials."""


def lines(declared: Declared, domain: str, *, secrets: bool, auth0: Auth0) -> Iterator[tuple[str, Verdict]]:
    """Check the tenant.

    Args:
        domain: of the management application.
        secrets: whether the stack uses the application's secret.

    Raises:
        VendorError: Auth0 cannot be read.
    """
    yield "tenant", _tenant(declared.domain, domain)
    scopes = auth0.scopes()
    tester = declared.login_test
    needed = SCOPES + (SCOPES_OF_SECRETS if secrets or tester else ())
    needed += SCOPES_OF_GRANTS if tester and not tester.logs_a_user_in else ()
    yield "scopes", _scopes(scopes, needed)
    if scopes is None or "read:clients" in scopes:
        for name in [declared.application, *([tester.application] if tester else [])]:
            yield f"application {name}", _application(len(auth0.named(name)))


def _tenant(declared: str, domain: str) -> Verdict:
    if domain == declared:
        return passed(domain)
    found = f"AUTH0_DOMAIN is {domain}, logins go to {declared}"
    if declared.endswith(".auth0.com"):
        return failed(found, f"export AUTH0_DOMAIN={declared}, or correct marketedge:auth0.domain")
    return note(
        found, "right where the second is a custom domain of the first; otherwise correct marketedge:auth0.domain"
    )


def _scopes(granted: frozenset[str] | None, needed: tuple[str, ...]) -> Verdict:
    if granted is None:
        return unknown("the token does not name its scopes")
    missing = [scope for scope in needed if scope not in granted]
    if missing:
        where = "Applications, APIs, Auth0 Management API, Machine to Machine Applications, the application"
        return failed(f"missing: {', '.join(missing)}", f"tick them at manage.auth0.com: {where}")
    return passed(", ".join(needed))


def _application(count: int) -> Verdict:
    if count > 1:
        return failed(f"{count} have this name", "rename or delete those that nothing uses")
    return passed("exists" if count else "not there yet: pulumi up makes it")
