"""The checks of the backend: health and dependencies, CORS, the API (plan 1.2, 2.4, 3.2, 3.4)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from gate.smoke.client import Failed, Visit, shown

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
        expected = f"status 200, health {' or '.join(smoke.health_status)}"
        fix = "read the service's logs at Render, then check its environment variables"
        raise Failed(f"status {answer.status_code}, health {shown(state)}", expected, fix)
    if smoke.environment_field is None:
        return str(state)
    found = content.get(smoke.environment_field)
    if found != wanted:
        fix = "set ENVIRONMENT of the service (pulumi up); or BACKEND_URL names another environment's backend: unset it"
        raise Failed(f"environment {shown(found)}", f"environment {wanted}", fix)
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
    seen = ", ".join(map(shown, found)) or "the health answer names no commit or version"
    raise Failed(seen, wanted, "wait for the deploy of it, or see why it failed: Render, the service, Events")


def dependency(visit: Visit, name: str) -> str:
    """Expect that a dependency such as `database` or `redis` is connected, by the health detail or the ready path."""
    _answer, content = _health(visit)
    smoke = visit.smoke
    found = _detail(content, name)
    if found is None:
        # Where MarketEdge tells of its database and Redis when /health does not (its app/main.py).
        _answer, content = visit.once(smoke.ready_path, lambda: visit.backend_json(smoke.ready_path))
        found = _detail(content, name)
    if found is None:
        seen = f"neither {smoke.health_path} nor {smoke.ready_path} says anything of {name}"
        fix = f"let the application report {name} in its health detail, or take it out of smoke.dependencies"
        raise Failed(seen, f"{name}: connected", fix)
    if found is True or str(found).lower() in _CONNECTED:
        return "connected"
    where = {"database": "DATABASE_URL", "redis": "REDIS_URL"}.get(name, "the variables")
    raise Failed(f"{name}: {shown(found)}", f"{name}: connected", f"check {where} of the service, and read its logs")


def allowed_origin(visit: Visit, origin: str) -> str:
    """Send the preflight that a browser sends from an origin before it logs in."""
    answer = _preflight(visit, origin)
    allowed = answer.headers.get("access-control-allow-origin")
    if not answer.is_success or allowed != origin:
        seen = f"status {answer.status_code}, access-control-allow-origin {shown(allowed)}"
        fix = "correct marketedge:cors and run pulumi up; the application has to match wildcards in CORS_ORIGINS"
        raise Failed(seen, f"access-control-allow-origin {origin}", fix)
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


def api(visit: Visit, path: str) -> str:
    """Expect that the route exists. Without a login it may refuse."""
    status = visit.backend("GET", path).status_code
    if status < 400 or status in _AVAILABLE:
        return f"status {status}"
    fix = "read the service's logs at Render; check smoke.apiPaths"
    raise Failed(f"status {status}", "success, or a refusal such as 401", fix)


def _health(visit: Visit) -> tuple[httpx.Response, dict[str, Any]]:
    path = visit.smoke.health_path
    return visit.once(path, lambda: visit.backend_json(path))


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
