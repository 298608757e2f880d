"""Auth0's Management API of one tenant, to read its applications (auth0.com/docs/api/management/v2)."""

import base64
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from blueprint.sending import problem_with
from components.accounts.api import Api, VendorError, VendorForbidden, VendorUnauthorized

_PAGE = 100
_SCOPE = "the scope read:clients (Applications, the management application, APIs, Auth0 Management API)"


@dataclass(frozen=True)
class Client:
    """An application."""

    id: str
    name: str
    app_type: str


class Auth0(Api):
    """Read access to one tenant, with the management application's credentials or a token made elsewhere.

    Args:
        domain: the tenant's.
        token: AUTH0_API_TOKEN, instead of id and secret.
        base_url: of the tenant if it is not at https://{domain}: a simulator.
        options: as Api takes them.

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
        **options: Any,
    ) -> None:
        for name, value in (("AUTH0_CLIENT_ID", client_id), ("AUTH0_CLIENT_SECRET", client_secret)):
            if not token and (problem := problem_with(name, value)):
                raise VendorUnauthorized(problem)
        self._audience = f"https://{domain}/api/v2/"
        self._application = (client_id, client_secret)
        credential = "AUTH0_API_TOKEN" if token else "AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET"
        secrets = (client_secret,) if client_secret else ()
        super().__init__("Auth0", base_url or f"https://{domain}", credential=credential, secrets=secrets, **options)
        self._authorized = bool(token)
        self._scopes = _scopes((claims_of(token) or {}).get("scope"))
        if token:
            self.authorize(token)

    def get(self, path: str, needs: str = _SCOPE, **query: str | int) -> Any:
        """Return the answer's JSON, or None if Auth0 knows nothing at this path. It gets a token first."""
        scopes = self.scopes()
        if scopes is not None and "read:clients" not in scopes:
            raise VendorForbidden(
                f"the management application AUTH0_CLIENT_ID may not list applications: it needs {_SCOPE}"
            )
        return super().get(path, needs, **query)

    def scopes(self) -> frozenset[str] | None:
        """Return the scopes that the management application has; None if the token does not tell.

        authentication/client-credentials: POST /oauth/token answers `{access_token, scope, expires_in}`.
        """
        if self._authorized:
            return self._scopes
        client_id, client_secret = self._application
        question = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "audience": self._audience,
        }
        answer = self.post("/oauth/token", question, needs=f"a grant for {self._audience}, with {_SCOPE}")
        if answer is None:
            raise VendorError("Auth0 has no tenant at this address: correct AUTH0_DOMAIN")
        self._scopes, self._authorized = _scopes(answer.get("scope")), True
        self.authorize(answer["access_token"])
        return self._scopes

    def named(self, name: str) -> list[Client]:
        """Return every application of this name. Auth0 allows several."""
        return [client for client in self.clients() if client.name == name]

    def with_id(self, client_id: str) -> Client | None:
        """Return an application."""
        return next((client for client in self.clients() if client.id == client_id), None)

    def clients(self) -> list[Client]:
        """Return every application (clients/get-clients, in pages with `include_totals`). It is asked once."""
        return self.once("clients", lambda: list(self._all()))

    def _all(self) -> Iterator[Client]:
        wanted = {"fields": "client_id,name,app_type", "include_fields": "true", "is_global": "false"}
        for page in itertools.count():
            query: dict[str, str | int] = {**wanted, "include_totals": "true", "per_page": _PAGE, "page": page}
            answer = self.get("/api/v2/clients", _SCOPE, **query)
            if answer is None:
                raise VendorError("Auth0 has no Management API at this address: AUTH0_DOMAIN must be the tenant's own")
            for one in answer["clients"]:
                yield Client(one["client_id"], one.get("name", ""), one.get("app_type", ""))
            if len(answer["clients"]) < _PAGE or (page + 1) * _PAGE >= answer.get("total", 0):
                return

    def details(self, client_id: str) -> dict[str, Any]:
        """Return one application without its secret (clients/get-clients-by-id); empty if there is none."""
        found: dict[str, Any] | None = self.get(
            f"/api/v2/clients/{client_id}", fields="client_secret", include_fields="false"
        )
        return found or {}

    def grants(self, client_id: str, audience: str) -> list[str]:
        """Return the ids of what lets an application get tokens for an API (client-grants/get-client-grants)."""
        needs = "the scope read:client_grants"
        found = self.get("/api/v2/client-grants", needs, client_id=client_id, audience=audience)
        return [str(one["id"]) for one in found or []]


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
