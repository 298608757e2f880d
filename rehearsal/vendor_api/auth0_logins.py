"""A tenant of Auth0, and what its login endpoints answer: `/oauth/token` and `/authorize`.

Facts: auth0.com/docs/api/authentication (Get Token, Authorize, standard error responses), and the descriptions as its
users quote them. Of a tenant the estate has `client`, `client_grant` (clientId, audience), `resource_server`
(identifier), `connection` (name; enabledClients, without which it is every client's), `user` (connection, email,
password) and `tenant` (defaultDirectory).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass

from ..plugins.catalog import resource_type
from .wire import Account, Answer, Endpoints, Json, Refused

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
        return audience == self.audience or self.find("resource_server", identifier=audience) is not None


def _refused(status: int, code: str, description: str) -> Refused:
    return Refused(status, {"error": code, "error_description": description})


@endpoint("POST oauth/token")
def token(tenant: Tenant) -> Json:
    """Give a token for the grant that the client asks for."""
    client, grant = _client(tenant), str(tenant.body.get("grant_type"))
    if grant not in resource_type("auth0", "client").values["grantTypes"]:
        raise _refused(403, "unauthorized_client", f"Unsupported grant type: {grant}")
    if grant not in client["grantTypes"]:
        raise _refused(403, "unauthorized_client", f"Grant type '{grant}' not allowed for the client.")
    if grant == "client_credentials":
        return _for_itself(tenant, client)
    if grant in ("password", _REALM):
        return _for_a_user(tenant, client, grant)
    raise _refused(403, "invalid_grant", "Invalid authorization code")


@endpoint("GET authorize")
def authorize(tenant: Tenant) -> Answer:
    """Redirect to the login page, or show an error page where nobody may be sent back."""
    asked = tenant.query
    client = tenant.find("client", clientId=asked.get("client_id"))
    callback, audience = str(asked.get("redirect_uri")), asked.get("audience")
    if client is None:
        return Answer(403, f"Unknown client: {asked.get('client_id')}")
    if not any(_matches(callback, entry) for entry in client.get("callbacks") or ()):
        return Answer(403, "Callback URL mismatch. The provided redirect_uri is not among the allowed callback URLs.")
    if audience and not tenant.has_api(audience):
        return Answer(302, "", {"Location": f"{callback}?error=access_denied&error_description=Service not found"})
    return Answer(302, "", {"Location": f"/u/login?state={secrets.token_urlsafe(16)}"})


def _client(tenant: Tenant) -> Json:
    identity, secret = tenant.body.get("client_id"), tenant.body.get("client_secret")
    if (identity, secret) == tenant.management:
        return {"clientId": identity, "grantTypes": ["client_credentials"]}
    found = tenant.find("client", clientId=identity)
    public = found and found.get("authenticationMethod") == "none"
    if found is None or (secret != found.get("clientSecret") and not public):
        raise _refused(401, "access_denied", "Unauthorized")
    return found


def _for_itself(tenant: Tenant, client: Json) -> Json:
    audience, identity = _audience(tenant), client["clientId"]
    grant = tenant.find("client_grant", clientId=identity, audience=audience)
    scopes = None if grant is None else tuple(grant.get("scopes") or ())
    manages = identity == tenant.management[0] and audience == tenant.audience
    if manages:
        scopes = tenant.scopes or None
    if scopes is None:
        text = f'Client is not authorized to access "{audience}". You need to create a "client-grant" for it.'
        raise _refused(403, "access_denied", text)
    given = _tokens(tenant, audience, f"{identity}@clients", scopes)
    if manages:
        tenant.tokens.add(given["access_token"])
    return given


def _for_a_user(tenant: Tenant, client: Json, grant: str) -> Json:
    asked = tenant.body
    for name in ("username", "password", *(["realm"] if grant == _REALM else [])):
        if not asked.get(name):
            raise _refused(403, "invalid_request", f"Missing required parameter: {name}")
    usual = (tenant.find("tenant") or {}).get("defaultDirectory")
    realm = asked["realm"] if grant == _REALM else usual
    if not realm:
        raise _refused(500, "server_error", "Authorization server not configured with default connection.")
    connection = tenant.find("connection", name=realm)
    if connection is None:
        raise _refused(400, "invalid_request", "the connection was not found")
    if client["clientId"] not in connection.get("enabledClients", [client["clientId"]]):
        raise _refused(400, "invalid_request", "the connection was disabled")
    audience = _audience(tenant) if asked.get("audience") else ""
    user = tenant.find("user", connection=realm, email=asked["username"], password=asked["password"])
    if user is None:
        raise _refused(403, "invalid_grant", "Wrong email or password.")
    subject = str(user.get("userId") or f"auth0|{user['email']}")
    return _tokens(tenant, audience, subject, ("openid", "profile", "email"))


def _audience(tenant: Tenant) -> str:
    audience = str(tenant.body.get("audience") or "")
    if not audience:
        text = "No audience parameter was provided, and no default audience has been configured"
        raise _refused(403, "access_denied", text)
    if not tenant.has_api(audience):
        raise _refused(403, "access_denied", f"Service not found: {audience}")
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
