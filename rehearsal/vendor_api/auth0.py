"""A tenant of Auth0: its login endpoints, and its applications and client grants as the Management API shows them.

Shapes: auth0.com/docs/api/management/v2 (clients/get-clients, clients/get-clients-by-id,
client-grants/get-client-grants) and auth0.com/docs/api/authentication (Get Token, Authorize, standard error responses),
with the descriptions as its users quote them. Of a tenant the estate has `client`, `client_grant` (clientId, audience),
`resource_server` (identifier), `connection` (name; enabledClients, without which it is every client's), `user`
(connection, email, password) and `tenant` (defaultDirectory).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from ..plugins import Estate
from ..plugins.catalog import resource_type
from ..plugins.estate import Objects
from ..plugins.shapes import camel
from .wire import Account, Answer, Endpoints, Json, Refused, Request, Simulator, pick, table

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
_DAY = 86_400
_REALM = "http://auth0.com/oauth/grant-type/password-realm"
endpoint = Endpoints()


@dataclass(kw_only=True, eq=False)
class Tenant(Account):
    """One tenant.

    Attributes:
        management: id and secret of the management application.
        scopes: what it has been granted.
        tokens: those for the Management API that have been given out.
    """

    domain: str
    management: tuple[str, str]
    scopes: tuple[str, ...]
    tokens: set[str]

    @property
    def audience(self) -> str:
        """Return the identifier of the Management API."""
        return f"https://{self.domain}/api/v2/"

    def has_api(self, audience: str) -> bool:
        """Whether the tenant knows an API by this identifier."""
        return audience == self.audience or self.objects.find("resource_server", identifier=audience) is not None


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

    def answer(self, request: Request, objects: Objects) -> Any:
        if (found := endpoint.find(request)) is None:
            raise _refused(404, "Not Found", "inexistent_endpoint")
        return found[1](Tenant(objects=objects, request=request, **self._known))


@endpoint("GET api/v2/clients")
def clients(tenant: Tenant) -> Any:
    """Show a bare list, or an object with include_totals. A page has at most 100."""
    _check(tenant, "clients")
    fields = {name for name in tenant.query.get("fields", "").split(",") if name}
    if tenant.query.get("include_fields", "true") != "true":
        fields = {*_SHOWN.split()} - fields
    found, size = tenant.objects.all("client"), tenant.request.number("per_page", 50)
    if size > 100:
        raise _refused(400, "Query validation error: 'per_page' must be at most 100", "invalid_query_string")
    listed = [_client(one, fields) for one in tenant.request.page(found, default=50, most=100, first=0)]
    if tenant.query.get("include_totals") != "true":
        return listed
    return {"total": len(found), "start": tenant.request.number("page", 0) * size, "limit": size, "clients": listed}


@endpoint("GET api/v2/clients/{identity}")
def client(tenant: Tenant, identity: str) -> Json:
    """Show one application, also with its lists of addresses."""
    _check(tenant, "client")
    found = tenant.objects.find("client", clientId=identity)
    if found is None:
        raise _refused(404, "The client does not exist", "inexistent_client")
    return _client(found, set()) | {name: value or [] for name, value in pick(found, _LISTS).items()}


@endpoint("GET api/v2/client-grants")
def client_grants(tenant: Tenant) -> Any:
    """Show a bare list, or with `take` an object whose `next` is where the list goes on."""
    _check(tenant, "client-grants", "read:client_grants")
    wanted = {camel(name): tenant.query[name] for name in ("client_id", "audience") if name in tenant.query}
    found = tenant.objects.all("client_grant", **wanted)
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


@endpoint("POST oauth/token")
def token(tenant: Tenant) -> Json:
    """Give a token for the grant that the client asks for."""
    client, grant = _caller(tenant), str(tenant.body.get("grant_type"))
    if grant not in resource_type("auth0", "client").values["grantTypes"]:
        raise _login_refused(403, "unauthorized_client", f"Unsupported grant type: {grant}")
    if grant not in client["grantTypes"]:
        raise _login_refused(403, "unauthorized_client", f"Grant type '{grant}' not allowed for the client.")
    if grant == "client_credentials":
        return _for_itself(tenant, client)
    if grant in ("password", _REALM):
        return _for_a_user(tenant, client, grant)
    raise _login_refused(403, "invalid_grant", "Invalid authorization code")


@endpoint("GET authorize")
def authorize(tenant: Tenant) -> Answer:
    """Redirect to the login page, or show an error page where nobody may be sent back."""
    asked = tenant.query
    client = tenant.objects.find("client", clientId=asked.get("client_id"))
    callback, audience = str(asked.get("redirect_uri")), asked.get("audience")
    if client is None:
        return Answer(403, f"Unknown client: {asked.get('client_id')}")
    if not any(_matches(callback, entry) for entry in client.get("callbacks") or ()):
        return Answer(403, "Callback URL mismatch. The provided redirect_uri is not among the allowed callback URLs.")
    if audience and not tenant.has_api(audience):
        return Answer(302, "", {"Location": f"{callback}?error=access_denied&error_description=Service not found"})
    return Answer(302, "", {"Location": f"/u/login?state={secrets.token_urlsafe(16)}"})


def _caller(tenant: Tenant) -> Json:
    """Return the application that asks for a token, which has to know its secret unless it is a public one."""
    identity, secret = tenant.body.get("client_id"), tenant.body.get("client_secret")
    if (identity, secret) == tenant.management:
        return {"clientId": identity, "grantTypes": ["client_credentials"]}
    found = tenant.objects.find("client", clientId=identity)
    public = found and found.get("authenticationMethod") == "none"
    if found is None or (secret != found.get("clientSecret") and not public):
        raise _login_refused(401, "access_denied", "Unauthorized")
    return found


def _for_itself(tenant: Tenant, client: Json) -> Json:
    audience, identity = _audience(tenant), client["clientId"]
    grant = tenant.objects.find("client_grant", clientId=identity, audience=audience)
    scopes = None if grant is None else tuple(grant.get("scopes") or ())
    manages = identity == tenant.management[0] and audience == tenant.audience
    if manages:
        scopes = tenant.scopes or None
    if scopes is None:
        text = f'Client is not authorized to access "{audience}". You need to create a "client-grant" for it.'
        raise _login_refused(403, "access_denied", text)
    given = _tokens(tenant, audience, f"{identity}@clients", scopes)
    if manages:
        tenant.tokens.add(given["access_token"])
    return given


def _for_a_user(tenant: Tenant, client: Json, grant: str) -> Json:
    asked = tenant.body
    for name in ("username", "password", *(["realm"] if grant == _REALM else [])):
        if not asked.get(name):
            raise _login_refused(403, "invalid_request", f"Missing required parameter: {name}")
    usual = (tenant.objects.find("tenant") or {}).get("defaultDirectory")
    realm = asked["realm"] if grant == _REALM else usual
    if not realm:
        raise _login_refused(500, "server_error", "Authorization server not configured with default connection.")
    connection = tenant.objects.find("connection", name=realm)
    if connection is None:
        raise _login_refused(400, "invalid_request", "the connection was not found")
    if client["clientId"] not in connection.get("enabledClients", [client["clientId"]]):
        raise _login_refused(400, "invalid_request", "the connection was disabled")
    audience = _audience(tenant) if asked.get("audience") else ""
    user = tenant.objects.find("user", connection=realm, email=asked["username"], password=asked["password"])
    if user is None:
        raise _login_refused(403, "invalid_grant", "Wrong email or password.")
    subject = str(user.get("userId") or f"auth0|{user['email']}")
    return _tokens(tenant, audience, subject, ("openid", "profile", "email"))


def _audience(tenant: Tenant) -> str:
    audience = str(tenant.body.get("audience") or "")
    if not audience:
        text = "No audience parameter was provided, and no default audience has been configured"
        raise _login_refused(403, "access_denied", text)
    if not tenant.has_api(audience):
        raise _login_refused(403, "access_denied", f"Service not found: {audience}")
    return audience


def _tokens(tenant: Tenant, audience: str, subject: str, scopes: tuple[str, ...]) -> Json:
    """Return an opaque token without an audience, and a JWT with one."""
    claims = {"iss": f"https://{tenant.domain}/", "sub": subject, "aud": audience, "scope": " ".join(scopes)}
    parts = [{"alg": "RS256", "typ": "JWT"}, {**claims, "jti": secrets.token_hex(8)}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    token = ".".join([*encoded, secrets.token_urlsafe(32)]) if audience else secrets.token_urlsafe(24)
    content = {"access_token": token, "expires_in": _DAY, "token_type": "Bearer"}
    return content | ({"scope": claims["scope"]} if scopes else {})


def _matches(callback: str, entry: str) -> bool:
    """Whether a callback fits an entry, whose `*` stands for one label (auth0.com/docs: Subdomain URL placeholders)."""
    return bool(re.fullmatch(re.escape(entry).replace(r"\*", r"[^./]+"), callback))


def _login_refused(status: int, code: str, description: str) -> Refused:
    return Refused(status, {"error": code, "error_description": description})
