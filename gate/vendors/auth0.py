"""Finds applications of an Auth0 tenant by name. Facts: auth0.com/docs/api/management/v2."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from blueprint.sending import problem_with
from gate.vendors.api import Api
from gate.vendors.errors import VendorError, VendorForbidden, VendorUnauthorized

_PAGE = 100
_MOST_PAGES = 100
_SCOPE = "the scope read:clients (Applications, the management application, APIs, Auth0 Management API)"


@dataclass(frozen=True)
class Client:
    id: str
    name: str
    app_type: str
    description: str


class Auth0:
    """Read access to one tenant, with the management application's credentials or a token made elsewhere.

    Args:
        domain: the tenant's.
        token: AUTH0_API_TOKEN, instead of id and secret.
        base_url: of the tenant if it is not at https://{domain}: a simulator.

    Raises:
        VendorError: any method.
    """

    def __init__(
        self,
        domain: str,
        client_id: str = "",
        client_secret: str = "",
        *,
        token: str = "",
        base_url: str = "",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        for name, value in (("AUTH0_CLIENT_ID", client_id), ("AUTH0_CLIENT_SECRET", client_secret)):
            if not token and (problem := problem_with(name, value)):
                raise VendorUnauthorized(problem)
        self._audience = f"https://{domain}/api/v2/"
        self._application = (client_id, client_secret)
        self._api = Api(
            "Auth0",
            base_url or f"https://{domain}",
            credential="AUTH0_API_TOKEN" if token else "AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET",
            secrets=tuple(filter(None, (client_secret,))),
            transport=transport,
            sleep=sleep,
        )
        self._authorized = bool(token)
        self._scopes = _scopes((claims_of(token) or {}).get("scope"))
        if token:
            self._api.authorize(token)
        self._clients: list[Client] | None = None

    def close(self) -> None:
        self._api.close()

    def scopes(self) -> frozenset[str] | None:
        """Return the scopes that the management application has; None if the token does not tell."""
        self._log_in()
        return self._scopes

    def named(self, name: str) -> list[Client]:
        """Return every application of this name. Auth0 allows several."""
        return [client for client in self.clients() if client.name == name]

    def with_id(self, client_id: str) -> Client | None:
        return next((client for client in self.clients() if client.id == client_id), None)

    def clients(self) -> list[Client]:
        """Return every application (clients/get-clients, in pages with `include_totals`). It is asked once."""
        if self._clients is None:
            self._require_reading()
            self._clients = self._all()
        return self._clients

    def forget(self) -> None:
        """Forget what was read."""
        self._clients = None

    def _all(self) -> list[Client]:
        found: list[Client] = []
        for page in range(_MOST_PAGES):
            answer = self._api.get(
                "/api/v2/clients",
                {
                    "fields": "client_id,name,app_type,description",
                    "include_fields": "true",
                    "is_global": "false",
                    "include_totals": "true",
                    "per_page": _PAGE,
                    "page": page,
                },
                needs=_SCOPE,
            )
            if answer is None:
                raise VendorError("Auth0 has no Management API at this address: AUTH0_DOMAIN must be the tenant's own")
            found += [
                Client(c["client_id"], c.get("name", ""), c.get("app_type", ""), c.get("description", ""))
                for c in answer["clients"]
            ]
            if len(answer["clients"]) < _PAGE or len(found) >= answer.get("total", 0):
                break
        return found

    def details(self, client_id: str) -> dict[str, Any]:
        """Return one application without its secret (clients/get-clients-by-id); empty if there is none."""
        self._require_reading()
        query: dict[str, str | int] = {"fields": "client_secret", "include_fields": "false"}
        found: dict[str, Any] | None = self._api.get(f"/api/v2/clients/{client_id}", query, needs=_SCOPE)
        return found or {}

    def grants(self, client_id: str, audience: str) -> list[str]:
        """management/v2/client-grants/get-client-grants: ids of what lets an application get tokens for an API."""
        self._require_reading()
        query: dict[str, str | int] = {"client_id": client_id, "audience": audience}
        found = self._api.get("/api/v2/client-grants", query, needs="the scope read:client_grants")
        return [str(one["id"]) for one in found or []]

    def _log_in(self) -> None:
        """Get a token.

        authentication/client-credentials: POST /oauth/token answers `{access_token, scope, expires_in}`.
        """
        if self._authorized:
            return
        client_id, client_secret = self._application
        question = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "audience": self._audience,
        }
        answer = self._api.post("/oauth/token", question, needs=f"a grant for {self._audience}, with {_SCOPE}")
        if answer is None:
            raise VendorError("Auth0 has no tenant at this address: correct AUTH0_DOMAIN")
        self._scopes = _scopes(answer.get("scope"))
        self._api.authorize(answer["access_token"])
        self._authorized = True

    def _require_reading(self) -> None:
        self._log_in()
        if self._scopes is not None and "read:clients" not in self._scopes:
            raise VendorForbidden(
                f"the management application AUTH0_CLIENT_ID may not list applications: it needs {_SCOPE}"
            )


def claims_of(token: str) -> dict[str, Any] | None:
    """Return what a JWT says, or None if the token is none. Reading it proves nothing; whoever accepts it checks it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def _scopes(said: object) -> frozenset[str] | None:
    """Return the scopes of a management token; None if it does not tell."""
    return frozenset(said.split()) if isinstance(said, str) else None
