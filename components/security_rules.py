"""The rules about secrets, other people's hosts, and who may release. See `guardrails`. Plan 1.1 to 1.3, 2.4."""

import fnmatch
import re
from collections.abc import Iterator, Sequence

from blueprint.sources import Sourced
from components.outputs import secret_digests
from components.phases import Part
from components.render_settings import AnyService
from components.rules import Facts, RuleFinding, error, notice, risk


def production_is_quiet(facts: Facts) -> Iterator[RuleFinding]:
    """Find debugging and switched-off protection in production (plan 2.4 has both for staging).

    A value that is kept at Render itself is not this stack's to change, so there it is a risk.
    """
    if not facts.settings.live:
        return
    declared = set()
    for variable in facts.settings.render.variables:
        secret = facts.loaded.secrets.get(variable.from_secret or "")
        value = variable.value if variable.value is not None else secret
        if value is not None:
            declared.add(variable.key)
            if _forbidden(str(variable.key), value):
                path = f"marketedge:render, variable {variable.key}"
                yield error(f"{path}: {_show(variable.from_secret, value)} in production — {_EXPECTED}")
    for key, value in facts.observed.switches.items():
        if key not in declared and _forbidden(key, value):
            yield risk(f"Render, variable {key}: {_show(None, value)} in production — {_EXPECTED}")


_ON, _OFF = frozenset({"true", "t", "1", "yes", "y", "on"}), frozenset({"false", "f", "0", "no", "n", "off"})
_FORBIDDEN = {"DEBUG": _ON, "CSRF_ENABLED": _OFF, "LOG_LEVEL": frozenset({"debug", "trace", "notset"})}
_EXPECTED = "expected DEBUG false, CSRF_ENABLED true, LOG_LEVEL INFO or above"


def _forbidden(key: str, value: str) -> bool:
    return value.strip().lower() in _FORBIDDEN.get(key, ())


def _show(secret: str | None, value: str) -> str:
    return f"the value of the secret {secret} switches it" if secret else repr(value.strip().lower())


def secrets_are_kept_as_such(facts: Facts) -> Iterator[RuleFinding]:
    """Find secrets in clear, which are then in the repository, in every preview and in the state."""
    settings = facts.settings
    variables: dict[str, Sequence[Sourced]] = {
        "marketedge:render": settings.render.variables,
        "marketedge:vercel": settings.vercel.variables if settings.vercel else [],
        "marketedge:github.environment": settings.github.environment.variables,
    }
    for path, listed in variables.items():
        for variable in listed:
            if variable.value is not None and _looks_secret(str(variable.key), variable.value):
                yield error(
                    f"{path}, variable {variable.key}: a secret in clear; expected fromSecret, and the value where "
                    "`pulumi config set --secret --path 'marketedge:secrets.<NAME>'` puts it"
                )


_PUBLIC_NAME = re.compile(r"(NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|PUBLIC|GATSBY|VUE_APP)_")
"""The prefixes of variables that frameworks send to browsers (Next.js, Vite, Create React App, Expo, Nuxt, SvelteKit,
Gatsby, Vue).
"""
_SECRET_NAME = re.compile(r".*(SECRET|SECRET_KEY|PASSWORD|PASSPHRASE|TOKEN|API_KEY|PRIVATE_KEY)")
_NO_SECRET = _ON | _OFF | {""}


def _looks_secret(key: str, value: str) -> bool:
    """Whether it looks like a secret: by its name, unless it is a switch or a number; or an address with a password."""
    named = (
        _SECRET_NAME.fullmatch(key)
        and not _PUBLIC_NAME.match(key)
        and value.lower() not in _NO_SECRET
        and not value.isdigit()
    )
    return bool(named or _PASSWORD.match(value))


_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@")


def no_wildcards(facts: Facts) -> Iterator[RuleFinding]:
    """Find wildcards: anybody can have a host under vercel.app or onrender.com (plan 1.2, 1.3 list both)."""
    settings = facts.settings
    if not settings.live:
        return
    for path, (entries, danger) in {
        "auth0.callbacks": (settings.auth0.callbacks, "receive the login codes of your users"),
        "auth0.logoutUrls": (settings.auth0.logout_urls, "get your users redirected to it after a logout"),
        "auth0.webOrigins": (settings.auth0.web_origins, "renew a session silently"),
        "auth0.allowedOrigins": (settings.auth0.allowed_origins or [], _ORIGIN),
        "cors.origins": (settings.cors.origins, _ORIGIN),
    }.items():
        if wildcards := [entry for entry in entries if "*" in entry]:
            told = danger if danger is _ORIGIN else f"anybody with a host there can {danger}"
            expected = "name the hosts, and leave wildcards to staging's own application"
            yield risk(f"marketedge:{path}: {', '.join(wildcards)} in production: {told}; {expected}")


_ORIGIN = "a page of anybody with a host there can call the backend as your users"


def own_hosts_are_allowed(facts: Facts) -> Iterator[RuleFinding]:
    """Find a frontend whose own address is missing from one of the lists, so that nobody can log in (plan 1.2, 1.3)."""
    settings, auth0 = facts.settings, facts.settings.auth0
    path = settings.smoke.callback_path
    needed = {
        "auth0.callbacks": (auth0.callbacks, path),
        "auth0.logoutUrls": (auth0.logout_urls, ""),
        "auth0.webOrigins": (auth0.web_origins, ""),
        "cors.origins": (settings.cors.origins, ""),
    }
    for key, (listed, ending) in needed.items() if settings.frontend_url else ():
        address = f"{settings.frontend_url}{ending}"
        if not any(fnmatch.fnmatchcase(address, entry) for entry in listed):
            told = f"{address} is missing, so logins from the frontend fail; add '{{frontend}}{ending}' to the list"
            yield error(f"marketedge:{key}: {told}")


def secrets_differ(facts: Facts) -> Iterator[RuleFinding]:
    """Find secrets that two environments share: a token that staging signs must not open production (plan 2.4)."""
    for key, own in secret_digests(facts.loaded, facts.observed).items():
        for stack, outputs in facts.before.peers.items():
            if own == (outputs.get("secretDigests") or {}).get(key):
                yield error(
                    f"{key} is the same here and in stack {stack}: whoever signs tokens there can sign them here; "
                    "expected two values: give one environment a new one (fromSecret, or generateValue: true)"
                )


def previews_use_no_live_data(facts: Facts) -> Iterator[RuleFinding]:
    """Find previews that run on production's data.

    A preview at Render copies every variable of its service, also the database's address (render.com/docs). So the code
    of an unreviewed pull request, and its migrations, would run on it.
    """
    if not facts.settings.live or Part.BACKEND not in facts.declared:
        return
    for service in facts.settings.render.services:
        if service.preview_generation != "off" and _holds_data(service):
            yield error(
                f"marketedge:render, service {service.name}: previews are {service.preview_generation}, so pull "
                "requests would run on live data; expected generation off here, and previews at the environment that "
                "pull requests are merged to"
            )


def _holds_data(service: AnyService) -> bool:
    return service.is_adopted or any(
        variable.from_database or variable.key_value or variable.sync is False for variable in service.env_vars
    )


def releases_have_an_author(facts: Facts) -> Iterator[RuleFinding]:
    """Find release tags and commit statuses that everybody may set. Who may set them can release, or open the gate."""
    github, release = facts.settings.github, facts.settings.release
    if Part.RELEASE_TAGS in facts.declared and github.release_managers is None:
        yield notice(
            f"marketedge:github.releaseManagers: nobody is named, so everybody who can write to {github.repository} "
            "can release; name a team or a role"
        )
    protection = github.protection_in(facts.settings.phase)
    if release.smoke_context in protection.required_checks and release.smoke_context not in protection.checks_by:
        yield notice(
            f"marketedge:github.protection.checksBy: {release.smoke_context} is bound to no app, so everybody who can "
            f"write to {github.repository} can set it; add {release.smoke_context}: 15368 (GitHub Actions)"
        )


def public_variables(facts: Facts) -> Iterator[RuleFinding]:
    """Find secrets in variables with a public prefix, which a framework puts into pages that everybody can read."""
    settings = facts.settings
    for variable in (*settings.render.variables, *(settings.vercel.variables if settings.vercel else ())):
        if variable.from_secret and _PUBLIC_NAME.match(str(variable.key)):
            told = f"{variable.key} is public by its prefix: browsers get the secret {variable.from_secret}"
            yield notice(f"{told}; rename the variable, or write the value out if it is no secret")
