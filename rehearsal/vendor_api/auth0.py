"""Auth0's token endpoint and list of applications.

Shapes: auth0.com/docs/api/authentication (client credentials) and auth0.com/docs/api/management/v2/clients/get-clients.
"""

from __future__ import annotations

import secrets
from typing import Any

from ..plugins import Estate
from .wire import Answer, Request, page

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
)
"""What docs/GETTING_STARTED.md asks for."""


class Auth0:
    """Args: scopes: what the management application has been granted; none for no grant at all."""

    def __init__(
        self,
        estate: Estate,
        domain: str,
        client_id: str,
        client_secret: str,
        scopes: tuple[str, ...] = SCOPES,
    ) -> None:
        self._estate, self._audience = estate, f"https://{domain}/api/v2/"
        self._application, self._scopes = (client_id, client_secret), scopes
        self._tokens: set[str] = set()

    def __call__(self, request: Request) -> Answer:
        match request.method, request.path:
            case "POST", ("oauth", "token"):
                return self._token(request.body or {})
            case "GET", ("api", "v2", "clients"):
                return self._check(request) or self._clients(request)
            case "GET", ("api", "v2", "clients", identity):
                found = self._estate.find("auth0", "client", clientId=identity)
                if refused := self._check(request):
                    return refused
                if found is None:
                    return _refuse(404, "The client does not exist", "inexistent_client")
                lists = {name: found.get(key, []) for name, key in _LISTS.items()}
                return Answer(200, _client(found, []) | lists)
        return _refuse(404, "Not Found", "inexistent_endpoint")

    def _token(self, asked: dict[str, Any]) -> Answer:
        if (asked.get("client_id"), asked.get("client_secret")) != self._application:
            return Answer(401, {"error": "access_denied", "error_description": "Unauthorized"})
        if asked.get("grant_type") != "client_credentials":
            return Answer(403, {"error": "unauthorized_client", "error_description": "Grant type not allowed"})
        if asked.get("audience") != self._audience or not self._scopes:
            text = f'Client is not authorized to access "{asked.get("audience")}"'
            return Answer(403, {"error": "access_denied", "error_description": text})
        token = secrets.token_urlsafe(48)
        self._tokens.add(token)
        scope = " ".join(self._scopes)
        return Answer(200, {"access_token": token, "scope": scope, "expires_in": 86400, "token_type": "Bearer"})

    def _check(self, request: Request) -> Answer | None:
        if request.token not in self._tokens:
            return _refuse(401, "Invalid token", "invalid_token")
        if "read:clients" not in self._scopes:
            return _refuse(403, "Insufficient scope, expected any of: read:clients", "insufficient_scope")
        return None

    def _clients(self, request: Request) -> Answer:
        """A bare list, or with include_totals an object; the page size is at most 100."""
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
