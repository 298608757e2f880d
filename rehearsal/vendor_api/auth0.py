"""Auth0's applications and client grants, as its Management API shows them.

Shapes: auth0.com/docs/api/management/v2 (clients/get-clients, clients/get-clients-by-id,
client-grants/get-client-grants). How somebody logs in is in `auth0_logins`.
"""

from __future__ import annotations

from typing import Any

from ..plugins import Estate
from ..plugins.shapes import camel
from . import auth0_logins
from .auth0_logins import Tenant
from .wire import Endpoints, Json, Refused, Request, Simulator, pick, table

_SHOWN = "client_id name description app_type callbacks grant_types"
"""What is shown of an application. Its secret needs a scope of its own."""
_LISTS = "callbacks allowed_logout_urls web_origins allowed_origins"
SCOPES = (
    *(f"{action}:clients" for action in ("read", "create", "update", "delete")),
    "read:client_keys",
    "read:client_credentials",
    "update:client_credentials",
    *(f"{action}:client_grants" for action in ("read", "create", "update", "delete")),
)
"""What docs/GETTING_STARTED.md asks for."""
QUERIES = {kind: {*names} for kind, names in table("auth0_queries").items()}
"""What each may be asked with, from the signatures of auth0-python. Anything else is refused."""
endpoint = Endpoints()


class Auth0(Simulator):
    """Auth0.

    Args:
        domain: of the tenant.
        client_id: of the management application.
        client_secret: of the management application.
        scopes: what the management application has been granted; none for no grant at all.
    """

    vendor = "auth0"
    edits = ()

    def __init__(
        self, estate: Estate, domain: str, client_id: str, client_secret: str, scopes: tuple[str, ...] = SCOPES
    ) -> None:
        super().__init__(estate)
        management = (client_id, client_secret)
        self._known: Json = {"domain": domain, "management": management, "scopes": scopes, "tokens": set()}

    def answer(self, request: Request, objects: list[Json]) -> Any:
        if (found := _ENDPOINTS.find(request)) is None:
            raise _refused(404, "Not Found", "inexistent_endpoint")
        return found[1](Tenant(objects=objects, request=request, **self._known))


@endpoint("GET api/v2/clients")
def clients(tenant: Tenant) -> Any:
    """Show a bare list, or an object with include_totals. A page has at most 100."""
    _check(tenant, "clients")
    fields = {name for name in tenant.query.get("fields", "").split(",") if name}
    if tenant.query.get("include_fields", "true") != "true":
        fields = {*_SHOWN.split()} - fields
    found, size = tenant.all("client"), tenant.request.number("per_page", 50)
    if size > 100:
        raise _refused(400, "Query validation error: 'per_page' must be at most 100", "invalid_query_string")
    listed = [_client(one, fields) for one in tenant.request.page(found, default=50, most=100, first=0)]
    if tenant.query.get("include_totals") != "true":
        return listed
    return {"total": len(found), "start": tenant.request.number("page", 0) * size, "limit": size, "clients": listed}


@endpoint("GET api/v2/clients/{identity}")
def client(tenant: Tenant, identity: str) -> Json:
    _check(tenant, "client")
    found = tenant.find("client", clientId=identity)
    if found is None:
        raise _refused(404, "The client does not exist", "inexistent_client")
    return _client(found, set()) | {name: value or [] for name, value in pick(found, _LISTS).items()}


@endpoint("GET api/v2/client-grants")
def client_grants(tenant: Tenant) -> Any:
    """Show a bare list, or with `take` an object whose `next` is where the list goes on."""
    _check(tenant, "client-grants", "read:client_grants")
    wanted = {camel(name): tenant.query[name] for name in ("client_id", "audience") if name in tenant.query}
    found = tenant.all("client_grant", **wanted)
    shown = [{**pick(one, "id client_id audience"), "scope": one.get("scopes") or []} for one in found]
    if "take" not in tenant.query:
        return tenant.request.page(shown, default=50, most=100, first=0)
    start = tenant.request.number("from", 0)
    end = start + tenant.request.number("take", 50)
    return {"client_grants": shown[start:end], **({"next": str(end)} if end < len(shown) else {})}


def _check(tenant: Tenant, asked: str, scope: str = "read:clients") -> None:
    if tenant.request.token not in tenant.tokens:
        raise _refused(401, "Invalid token", "invalid_token")
    if scope not in tenant.scopes:
        raise _refused(403, f"Insufficient scope, expected any of: {scope}", "insufficient_scope")
    if unknown := sorted(tenant.query.keys() - QUERIES[asked]):
        text = f"Query validation error: 'Additional properties not allowed: {', '.join(unknown)}'."
        raise _refused(400, text, "invalid_query_string")


def _client(found: Json, fields: set[str]) -> Json:
    shown = pick(found, _SHOWN)
    return {name: value for name, value in shown.items() if value is not None and name in (fields or shown)}


def _refused(status: int, message: str, code: str) -> Refused:
    error = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}[status]
    return Refused(status, {"statusCode": status, "error": error, "message": message, "errorCode": code})


_ENDPOINTS = Endpoints(endpoint, auth0_logins.endpoint)
