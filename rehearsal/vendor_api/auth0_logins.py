"""What Auth0's login endpoints answer: `/oauth/token` and `/authorize`.

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
from collections.abc import Mapping
from typing import Any

from ..plugins import Estate
from ..plugins.catalog import resource_type
from .wire import Answer

_DAY = 86_400
REALM = "http://auth0.com/oauth/grant-type/password-realm"
Asked = Mapping[str, Any]


class Refused(Exception):
    """Args: status: of the answer. code, description: its `error` and `error_description`."""

    def __init__(self, status: int, code: str, description: str) -> None:
        self.answer = Answer(status, {"error": code, "error_description": description})
        super().__init__(description)


class Logins:
    """Args: management: id, secret and scopes of the management application. audience: of the Management API."""

    def __init__(
        self, estate: Estate, domain: str, management: tuple[str, str], scopes: tuple[str, ...], audience: str
    ) -> None:
        self._estate, self._domain, self._audience = estate, domain, audience
        self._management, self._scopes = management, scopes

    def token(self, asked: Asked) -> Answer:
        """POST /oauth/token."""
        try:
            client = self._client(asked)
            grant = str(asked.get("grant_type"))
            if grant not in resource_type("auth0", "client").values["grantTypes"]:
                raise Refused(403, "unauthorized_client", f"Unsupported grant type: {grant}")
            if grant not in client["grantTypes"]:
                raise Refused(403, "unauthorized_client", f"Grant type '{grant}' not allowed for the client.")
            if grant == "client_credentials":
                return self._for_itself(client, asked)
            if grant in ("password", REALM):
                return self._for_a_user(client, asked, grant)
            raise Refused(403, "invalid_grant", "Invalid authorization code")
        except Refused as refusal:
            return refusal.answer

    def authorize(self, asked: Asked) -> Answer:
        """GET /authorize: a redirect to the login page, or an error page where nobody may be sent back."""
        client = self._estate.find("auth0", "client", clientId=asked.get("client_id"))
        callback = str(asked.get("redirect_uri"))
        if client is None:
            return Answer(403, f"Unknown client: {asked.get('client_id')}")
        if not any(_matches(callback, entry) for entry in client.get("callbacks") or ()):
            return Answer(
                403, "Callback URL mismatch. The provided redirect_uri is not among the allowed callback URLs."
            )
        audience = asked.get("audience")
        if audience and not self._is_api(audience):
            return Answer(302, "", {"Location": f"{callback}?error=access_denied&error_description=Service not found"})
        return Answer(302, "", {"Location": f"/u/login?state={secrets.token_urlsafe(16)}"})

    def _client(self, asked: Asked) -> dict[str, Any]:
        identity, secret = asked.get("client_id"), asked.get("client_secret")
        if (identity, secret) == self._management:
            return {"clientId": identity, "grantTypes": ["client_credentials"]}
        found = self._estate.find("auth0", "client", clientId=identity)
        public = found and found.get("authenticationMethod") == "none"
        if found is None or (secret != found.get("clientSecret") and not public):
            raise Refused(401, "access_denied", "Unauthorized")
        return found

    def _for_itself(self, client: dict[str, Any], asked: Asked) -> Answer:
        audience = self._api(asked)
        grant = self._estate.find("auth0", "client_grant", clientId=client["clientId"], audience=audience)
        granted = None if grant is None else tuple(grant.get("scopes") or ())
        if client["clientId"] == self._management[0] and audience == self._audience:
            granted = self._scopes or None
        if granted is None:
            text = f'Client is not authorized to access "{audience}". You need to create a "client-grant" for it.'
            raise Refused(403, "access_denied", text)
        return self._tokens(audience, f"{client['clientId']}@clients", granted)

    def _for_a_user(self, client: dict[str, Any], asked: Asked, grant: str) -> Answer:
        for name in ("username", "password", *(["realm"] if grant == REALM else [])):
            if not asked.get(name):
                raise Refused(403, "invalid_request", f"Missing required parameter: {name}")
        tenant = self._estate.find("auth0", "tenant") or {}
        realm = asked.get("realm") if grant == REALM else tenant.get("defaultDirectory")
        if not realm:
            raise Refused(500, "server_error", "Authorization server not configured with default connection.")
        connection = self._estate.find("auth0", "connection", name=realm)
        if connection is None:
            raise Refused(400, "invalid_request", "the connection was not found")
        if client["clientId"] not in connection.get("enabledClients", [client["clientId"]]):
            raise Refused(400, "invalid_request", "the connection was disabled")
        audience = self._api(asked) if asked.get("audience") else ""
        where = {"connection": realm, "email": asked["username"], "password": asked["password"]}
        user = self._estate.find("auth0", "user", **where)
        if user is None:
            raise Refused(403, "invalid_grant", "Wrong email or password.")
        return self._tokens(
            audience, str(user.get("userId") or f"auth0|{user['email']}"), ("openid", "profile", "email")
        )

    def _api(self, asked: Asked) -> str:
        audience = str(asked.get("audience") or "")
        if not audience:
            text = "No audience parameter was provided, and no default audience has been configured"
            raise Refused(403, "access_denied", text)
        if not self._is_api(audience):
            raise Refused(403, "access_denied", f"Service not found: {audience}")
        return audience

    def _is_api(self, audience: str) -> bool:
        return audience == self._audience or bool(self._estate.find("auth0", "resource_server", identifier=audience))

    def _tokens(self, audience: str, subject: str, scopes: tuple[str, ...]) -> Answer:
        """Opaque without an audience, a JWT with one."""
        claims = {"iss": f"https://{self._domain}/", "sub": subject, "aud": audience, "scope": " ".join(scopes)}
        parts = [{"alg": "RS256", "typ": "JWT"}, {**claims, "jti": secrets.token_hex(8)}]
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        token = ".".join([*encoded, secrets.token_urlsafe(32)]) if audience else secrets.token_urlsafe(24)
        content = {"access_token": token, "expires_in": _DAY, "token_type": "Bearer"}
        return Answer(200, content | ({"scope": claims["scope"]} if scopes else {}))


def _matches(callback: str, entry: str) -> bool:
    """`*` stands for one label at most (auth0.com/docs: Subdomain URL placeholders)."""
    return bool(re.fullmatch(re.escape(entry).replace(r"\*", r"[^./]+"), callback))
