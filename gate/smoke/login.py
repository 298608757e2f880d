"""The check of a login: a test user's password becomes a JWT, and the backend accepts it (plan 1.1, 3.2, 3.4).

The backend's own /api/v1/auth/login takes an authorization code, which only a browser gets. So the token comes from
Auth0's resource owner password grant. For that the application needs the grant type Password, and the tenant a default
directory (auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow).
"""

import base64
import json
import re
from typing import Any

from gate.smoke.backend import authorize_query
from gate.smoke.client import Failed, Skipped, Visit

EMAIL, PASSWORD = "SMOKE_USER_EMAIL", "SMOKE_USER_PASSWORD"


def authentication(visit: Visit, _subject: str) -> str:
    """Log in, get a JWT, and expect that the backend knows the user."""
    path = visit.target.settings.smoke.me_path
    answer = visit.backend("GET", path, headers=_authorization(visit))
    try:
        found = answer.json()
    except ValueError:
        found = {}
    person = found.get("user", found) if isinstance(found, dict) else {}
    email = person.get("email") if isinstance(person, dict) else None
    if answer.status_code != 200 or str(email).lower() != visit.environ[EMAIL].lower():
        raise Failed(
            f"{path}: status {answer.status_code}, {'no' if email is None else 'another'} user",
            f"status 200 and the user of {EMAIL}",
            "look at AUTH0_DOMAIN and AUTH0_AUDIENCE of the service, and whether the user is in its database",
        )
    return "a JWT, accepted by the backend"


def admin_api(visit: Visit, _subject: str) -> str:
    """Expect that the test user may use an endpoint for administrators, as the super-admin panel calls it."""
    path = str(visit.target.settings.smoke.admin_api_path)
    status = visit.backend("GET", path, headers=_authorization(visit)).status_code
    if status != 200:
        raise Failed(f"{path}: status {status}", "status 200", f"give the user of {EMAIL} the role super_admin")
    return "status 200"


def _authorization(visit: Visit) -> dict[str, str]:
    if missing := [name for name in (EMAIL, PASSWORD) if not visit.environ.get(name)]:
        if visit.require_login:
            names = " and ".join(missing)
            raise Failed(f"not made: {names} not set", "a login", f"set {names} of a test user: the login is required")
        raise Skipped(f"set {' and '.join(missing)} to test it")
    return {"Authorization": f"Bearer {visit.once('token', lambda: _token(visit))}"}


def _token(visit: Visit) -> str:
    environ = visit.environ
    client = environ.get("SMOKE_AUTH0_CLIENT_ID")
    if not client:
        raise Failed("SMOKE_AUTH0_CLIENT_ID is not set", "the application's client id", "export SMOKE_AUTH0_CLIENT_ID")
    form = {
        "grant_type": "password",
        "username": environ[EMAIL],
        "password": environ[PASSWORD],
        "client_id": client,
        "audience": visit.target.settings.auth0.audience,
        "scope": "openid profile email",
    }
    if secret := environ.get("SMOKE_AUTH0_CLIENT_SECRET"):
        form["client_secret"] = secret
    answer = visit.auth0("/oauth/token", form)
    try:
        content = answer.json()
    except ValueError:
        content = {}
    token = content.get("access_token") if isinstance(content, dict) else None
    if isinstance(token, str) and token:
        visit.tokens += [token, *(str(content[key]) for key in ("id_token", "refresh_token") if content.get(key))]
        _require_audience(visit, _jwt(token))
        return token
    raise _refused(answer.status_code, content)


def _refused(status: int, content: Any) -> Failed:
    # Only the error's code is shown: Auth0's description may repeat what was sent.
    code = str(content.get("error", "")) if isinstance(content, dict) else ""
    fix = {
        "unauthorized_client": "add the grant type Password to the application (Settings, Advanced, Grant Types)",
        "server_error": "set the tenant's default directory (Settings, General)",
        "mfa_required": "exempt the test user from multi-factor authentication",
        "access_denied": "SMOKE_AUTH0_CLIENT_ID and its secret have to be the application's, not the management's",
    }.get(code, f"correct {EMAIL} and {PASSWORD}")
    shown = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no error code"
    return Failed(f"Auth0 refused the login: status {status}, {shown}", "an access token", fix)


def _jwt(token: str) -> dict[str, Any]:
    """Return what the token says, if it is a JWT. Without an audience Auth0 answers an opaque or an encrypted one."""
    parts = token.split(".")
    try:
        _header, claims = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]
    except ValueError:
        claims = None
    if len(parts) != 3 or not isinstance(claims, dict):
        raise Failed(
            f"an access token of {len(parts)} part{'s' * (len(parts) > 1)}, not a JWT",
            "a JWT: three parts",
            "the audience has to be an API of the tenant (plan 1.1): look at Auth0, APIs",
        )
    return claims


def _require_audience(visit: Visit, claims: dict[str, Any]) -> None:
    """Expect that the backend accepts tokens of the audience that it sends people for."""
    asked = visit.target.settings.smoke.auth0_url_path
    wanted = (authorize_query(visit).get("audience") if asked else None) or visit.target.settings.auth0.audience
    found = claims.get("aud")
    if wanted not in (found if isinstance(found, list) else [found]):
        raise Failed(
            f"a token of the audience {str(found)[:200]}",
            f"the audience {wanted}, which the backend sends",
            "correct AUTH0_AUDIENCE of the service, or marketedge:auth0.audience: pulumi up",
        )
