"""The checks of the backend: health and dependencies, CORS, the login address, the API (plan 1.1, 1.2, 2.4)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from blueprint.sending import json_object
from gate.checks.verdict import UP
from gate.smoke.client import Failed, Visit

_CONNECTED = frozenset({"connected", "healthy", "ok", "up", "ready"})
_AVAILABLE = frozenset({400, 401, 403, 405, 422, 429})
"""Refusals that show that a route exists."""
_STRANGER = "https://stranger.example"
_SUBDOMAIN = "smoke-test-preview"


def health(visit: Visit, _subject: str) -> str:
    """Expect 200, a good `status`, and the right environment, which shows a forgotten variable."""
    answer, content = _health(visit)
    smoke, wanted = visit.smoke, visit.target.environment
    state = content.get("status")
    if answer.status_code != 200 or state not in smoke.health_status:
        raise Failed(
            f"status {answer.status_code}, health {_shown(state)}",
            f"status 200, health {' or '.join(smoke.health_status)}",
            "read the service's logs at Render, then check its environment variables",
        )
    if smoke.environment_field is None:
        return str(state)
    found = content.get(smoke.environment_field)
    if found != wanted:
        fix = "set ENVIRONMENT of the service (pulumi up); or BACKEND_URL names another environment's backend: unset it"
        raise Failed(f"environment {_shown(found)}", f"environment {wanted}", fix)
    return f"{state}, environment {wanted}"


def other_health(visit: Visit, service: str) -> str:
    """Expect an answer from another service of the stack where Render checks its health, whatever it says."""
    path = visit.target.others[service].health_path
    status = visit.other(service, path).status_code
    if status == 200:
        return f"{path}: status 200"
    raise Failed(f"{path}: status {status}", "status 200", f"read the logs of {service} at Render")


def version(visit: Visit, wanted: str) -> str:
    """Compare the commit or version that serves: `commit`, `git_commit` or `version` of the health answer."""
    _answer, content = _health(visit)
    found = [str(content[key]) for key in ("commit", "git_commit", "version") if content.get(key)]
    if any(_same_version(text, wanted) for text in found):
        return wanted
    raise Failed(
        ", ".join(map(_shown, found)) or "the health answer names no commit or version",
        wanted,
        "wait for the deploy of it, or see why it failed: Render, the service, Events",
    )


def dependency(visit: Visit, name: str) -> str:
    """Expect that a dependency such as `database` or `redis` is connected, by the health detail or the ready path."""
    _answer, content = _health(visit)
    smoke = visit.smoke
    found = _detail(content, name)
    if found is None:
        # Where MarketEdge tells of its database and Redis when /health does not (its app/main.py).
        found = _detail(visit.once(smoke.ready_path, lambda: json_object(visit.backend("GET", smoke.ready_path))), name)
    if found is None:
        raise Failed(
            f"neither {smoke.health_path} nor {smoke.ready_path} says anything of {name}",
            f"{name}: connected",
            f"let the application report {name} in its health detail, or take it out of smoke.dependencies",
        )
    if found is True or str(found).lower() in _CONNECTED:
        return "connected"
    where = {"database": "DATABASE_URL", "redis": "REDIS_URL"}.get(name, "the variables")
    raise Failed(f"{name}: {_shown(found)}", f"{name}: connected", f"check {where} of the service, and read its logs")


def allowed_origin(visit: Visit, origin: str) -> str:
    """Send the preflight that a browser sends from an origin before it logs in."""
    answer = _preflight(visit, origin)
    allowed = answer.headers.get("access-control-allow-origin")
    if not answer.is_success or allowed != origin:
        raise Failed(
            f"status {answer.status_code}, access-control-allow-origin {_shown(allowed)}",
            f"access-control-allow-origin {origin}",
            "correct marketedge:cors and run pulumi up; the application has to match wildcards in CORS_ORIGINS",
        )
    return "allowed"


def refused_origin(visit: Visit, origin: str) -> str:
    """Expect that an unknown origin cannot use somebody's session."""
    answer = _preflight(visit, origin)
    allowed = answer.headers.get("access-control-allow-origin")
    if allowed in ("*", origin):
        raise Failed(f"access-control-allow-origin {allowed}", "no access-control-allow-origin", "tighten CORS_ORIGINS")
    if answer.status_code == 404 or answer.status_code >= 500:
        path = visit.smoke.cors_path
        raise Failed(f"status {answer.status_code}", "an answer to OPTIONS", f"correct smoke.corsPath ({path})")
    return "refused"


def origins(visit: Visit) -> list[str]:
    """Return every allowed origin; for a wildcard, a host that it has to cover."""
    return [origin.replace("*", _SUBDOMAIN) for origin in visit.target.settings.cors.origins]


def strangers(visit: Visit) -> list[str]:
    """Return an unknown origin, and a host that only begins like an allowed one."""
    first = origins(visit)[0]
    return [_STRANGER, f"https://{urlsplit(first).hostname}.stranger.example"]


def auth0_url(visit: Visit, _subject: str) -> str:
    """Compare tenant, audience, client and callback of the address that the frontend sends people to."""
    return _authorized(visit, authorize_query(visit), _callback(visit))


def preview_login(visit: Visit, origin: str) -> str:
    """Test a login from a preview: its page loads, the backend lets it ask, and Auth0 shows its login page for it.

    Auth0 redirects to its own login page, and to none where the callback is not the application's
    (auth0.com/docs/api/authentication, Authorize).
    """
    visit.page("/", origin)
    allowed_origin(visit, origin)
    callback = f"{origin}{visit.smoke.callback_path}"
    query = _asked(visit, callback)
    _authorized(visit, query, callback)
    asked = {name: value for name, value in query.items() if name != "domain"}
    answer = visit.auth0("GET", "/authorize", params=asked)
    to = urlsplit(answer.headers.get("location", ""))
    if answer.has_redirect_location and to.netloc in ("", query["domain"]) and "error" not in parse_qs(to.query):
        return f"people come back to {callback}"
    raise Failed(
        f"Auth0 does not log people in for {callback}: status {answer.status_code}",
        "Auth0's login page",
        f"add the address to auth0.callbacks, then {UP}",
    )


def authorize_query(visit: Visit) -> dict[str, str]:
    """Return tenant (`domain`) and query of the address that the backend sends people to. It is asked once."""
    return visit.once("auth0-url", lambda: _asked(visit, _callback(visit)))


def _asked(visit: Visit, callback: str) -> dict[str, str]:
    answer = visit.backend("GET", str(visit.smoke.auth0_url_path), params={"redirect_uri": callback})
    content = json_object(answer)
    if content.get("status") == "fallback_mode":
        raise Failed(
            "status fallback_mode",
            "an address made by the application itself",
            "read the service's logs: its API router did not load",
        )
    if answer.status_code != 200 or not isinstance(content.get("auth_url"), str):
        raise Failed(
            f"status {answer.status_code}, auth_url {_shown(content.get('auth_url'))}",
            "status 200 and an auth_url",
            "read the service's logs at Render; check its AUTH0_DOMAIN and AUTH0_CLIENT_ID, and smoke.auth0UrlPath",
        )
    parts = urlsplit(content["auth_url"])
    return {"domain": parts.netloc, **{key: values[0] for key, values in parse_qs(parts.query).items()}}


def _authorized(visit: Visit, query: Mapping[str, str], callback: str) -> str:
    settings = visit.target.settings
    found = {key: query.get(key) for key in ("domain", "audience", "client_id", "redirect_uri")}
    wanted = {"domain": settings.auth0.domain, "audience": settings.auth0.audience, "redirect_uri": callback}
    # A client of the login test's own is not the one that people use.
    own = None if settings.auth0.login_test else visit.environ.get("SMOKE_AUTH0_CLIENT_ID")
    wanted |= {"client_id": own} if own else {}
    wrong = [key for key, value in wanted.items() if found[key] != value]
    if wrong or not found["client_id"]:
        wrong = wrong or ["client_id"]
        raise Failed(
            ", ".join(f"{key} {_shown(found[key])}" for key in wrong),
            ", ".join(f"{key} {wanted.get(key, 'of the application')}" for key in wrong),
            _auth0_fix(wrong),
        )
    return f"audience {found['audience']}, client_id {'as expected' if own else 'present'}"


def _callback(visit: Visit) -> str:
    """Return where a login comes back to: the frontend, or the first callback that is no pattern."""
    if visit.target.frontend_url:
        return f"{visit.target.frontend_url}{visit.smoke.callback_path}"
    callbacks = visit.target.settings.auth0.callbacks
    return next((one for one in callbacks if one.startswith("https://") and "*" not in one), callbacks[0])


def api(visit: Visit, path: str) -> str:
    """Expect that the route exists. Without a login it may refuse."""
    status = visit.backend("GET", path).status_code
    if status < 400 or status in _AVAILABLE:
        return f"status {status}"
    raise Failed(
        f"status {status}",
        "success, or a refusal such as 401",
        "read the service's logs at Render; check smoke.apiPaths",
    )


def _auth0_fix(wrong: list[str]) -> str:
    if "client_id" in wrong:
        return "backend and frontend have to use one application: correct AUTH0_CLIENT_ID of the service"
    return f"correct AUTH0_{'AUDIENCE' if 'audience' in wrong else 'DOMAIN'} of the service: pulumi up"


def _health(visit: Visit) -> tuple[httpx.Response, dict[str, Any]]:
    path = visit.smoke.health_path

    def ask() -> tuple[httpx.Response, dict[str, Any]]:
        answer = visit.backend("GET", path)
        return answer, json_object(answer)

    return visit.once(path, ask)


def _preflight(visit: Visit, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Authorization",
    }
    return visit.backend("OPTIONS", visit.smoke.cors_path, headers=headers)


def _detail(content: Mapping[str, Any], name: str) -> Any:
    """Return `name` at the top, or under `services` or `checks`: a text, true or false, or an object with `status`."""
    for place in (content, content.get("services"), content.get("checks")):
        if isinstance(place, Mapping) and place.get(name) is not None:
            found = place[name]
            return found.get("status") if isinstance(found, Mapping) else found
    return None


def _same_version(found: str, wanted: str) -> bool:
    """Whether two versions are equal, with or without a tag's v.

    A commit may be shortened to seven or more characters.
    """
    found, wanted = found.lower().removeprefix("v"), wanted.lower().removeprefix("v")
    shorter = min(found, wanted, key=len)
    is_commit = len(shorter) >= 7 and all(character in "0123456789abcdef" for character in shorter)
    return found == wanted or (is_commit and found[: len(shorter)] == wanted[: len(shorter)])


def _shown(value: Any) -> str:
    return "missing" if value is None else str(value)[:200]
