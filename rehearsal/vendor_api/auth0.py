"""Auth0's applications and client grants, as its Management API shows them.

Shapes: auth0.com/docs/api/management/v2 (clients/get-clients, clients/get-clients-by-id,
client-grants/get-client-grants). How somebody logs in is in `auth0_logins`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..plugins import Estate
from .auth0_logins import Logins
from .wire import Answer, Request, Simulator, page

_SHOWN = {
    "client_id": "clientId",
    "name": "name",
    "description": "description",
    "app_type": "appType",
    "callbacks": "callbacks",
    "grant_types": "grantTypes",
    "client_secret": "clientSecret",
}
"""By the API's name: the estate's. The last one needs a scope of its own."""


_LISTS = {
    "callbacks": "callbacks",
    "allowed_logout_urls": "allowedLogoutUrls",
    "web_origins": "webOrigins",
    "allowed_origins": "allowedOrigins",
}


SCOPES = (
    *(f"{action}:clients" for action in ("read", "create", "update", "delete")),
    "read:client_keys",
    "read:client_credentials",
    "update:client_credentials",
    *(f"{action}:client_grants" for action in ("read", "create", "update", "delete")),
)
"""What docs/GETTING_STARTED.md asks for."""
QUERIES = {
    kind: {*names} for kind, names in json.loads(Path(__file__).with_name("auth0_queries.json").read_text()).items()
}
"""What each may be asked with, from the signatures of auth0-python. Anything else is refused."""


class Auth0(Simulator):
    """Args: scopes: what the management application has been granted; none for no grant at all."""

    vendor = "auth0"

    def __init__(
        self,
        estate: Estate,
        domain: str,
        client_id: str,
        client_secret: str,
        scopes: tuple[str, ...] = SCOPES,
    ) -> None:
        self._estate, self._scopes, self._audience = estate, scopes, f"https://{domain}/api/v2/"
        self._logins = Logins(estate, domain, (client_id, client_secret), scopes, self._audience)
        self._tokens: set[str] = set()

    def __call__(self, request: Request) -> Answer:
        match request.method, request.path:
            case "POST", ("oauth", "token"):
                asked = request.body or {}
                answer = self._logins.token(asked)
                if answer.status == 200 and asked.get("audience") == self._audience:
                    self._tokens.add(answer.content["access_token"])
                return answer
            case "GET", ("authorize",):
                return self._logins.authorize(request.query)
            case "GET", ("api", "v2", "clients"):
                return self._check(request, "clients") or self._clients(request)
            case "GET", ("api", "v2", "clients", identity):
                found = self._estate.find("auth0", "client", clientId=identity)
                if refused := self._check(request, "client"):
                    return refused
                if found is None:
                    return _refuse(404, "The client does not exist", "inexistent_client")
                lists = {name: found.get(key, []) for name, key in _LISTS.items()}
                return Answer(200, _client(found, []) | lists)
            case "GET", ("api", "v2", "client-grants"):
                return self._check(request, "client-grants", "read:client_grants") or self._grants(request)
        return _refuse(404, "Not Found", "inexistent_endpoint")

    def _check(self, request: Request, asked: str, scope: str = "read:clients") -> Answer | None:
        if request.token not in self._tokens:
            return _refuse(401, "Invalid token", "invalid_token")
        if scope not in self._scopes:
            return _refuse(403, f"Insufficient scope, expected any of: {scope}", "insufficient_scope")
        if unknown := sorted(request.query.keys() - QUERIES[asked]):
            text = f"Query validation error: 'Additional properties not allowed: {', '.join(unknown)}'."
            return _refuse(400, text, "invalid_query_string")
        return None

    def _grants(self, request: Request) -> Answer:
        """Answer a bare list, or with `take` an object whose `next` is where the list goes on."""
        names = {"client_id": "clientId", "audience": "audience"}
        wanted = {key: request.query[name] for name, key in names.items() if name in request.query}
        shown = [
            {name: one[key] for name, key in {"id": "id", **names}.items()} | {"scope": one.get("scopes") or []}
            for one in self._estate.find_all("auth0", "client_grant", **wanted)
        ]
        if "take" not in request.query:
            return Answer(200, page(shown, request, default=50, most=100, first=0))
        start, end = request.number("from", 0), request.number("from", 0) + request.number("take", 50)
        following = {"next": str(end)} if end < len(shown) else {}
        return Answer(200, {"client_grants": shown[start:end], **following})

    def _clients(self, request: Request) -> Answer:
        """Answer a bare list, or an object with include_totals. A page has at most 100."""
        fields = [name for name in request.query.get("fields", "").split(",") if name]
        if request.query.get("include_fields", "true") != "true":
            fields = [name for name in _SHOWN if name not in fields]
        found = self._estate.find_all("auth0", "client")
        size = request.number("per_page", 50)
        if size > 100:
            return _refuse(400, "Query validation error: 'per_page' must be at most 100", "invalid_query_string")
        listed = [_client(o, fields) for o in page(found, request, default=50, most=100, first=0)]
        if request.query.get("include_totals") != "true":
            return Answer(200, listed)
        start = request.number("page", 0) * size
        return Answer(200, {"total": len(found), "start": start, "limit": size, "clients": listed})


def _client(found: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    wanted = fields or [name for name in _SHOWN if name != "client_secret"]
    shown = {name: found.get(_SHOWN[name]) for name in wanted if name in _SHOWN and name != "client_secret"}
    return {name: value for name, value in shown.items() if value is not None}


def _refuse(status: int, message: str, code: str) -> Answer:
    error = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}[status]
    return Answer(status, {"statusCode": status, "error": error, "message": message, "errorCode": code})
