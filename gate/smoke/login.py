"""The check of a login: Auth0 gives a JWT, and the backend accepts it (plan 1.1, 3.2, 3.4).

The backend's own /api/v1/auth/login takes an authorization code, which only a browser gets. So the token comes from one
of two grants (auth0.com/docs/get-started/authentication-and-authorization-flow): the resource owner password grant, for
which the application needs the grant type Password and the tenant a default directory, or the client credentials grant,
whose token is the application's own and names no user. `auth0.loginTest` of the stack file says which one.
"""

import re
from typing import Any

from blueprint.sending import json_object
from components.frontend_settings import Auth0
from gate.checks.login_test import CLIENT, EMAIL, NOT_REQUIRED, PASSWORD, SECRET, unset
from gate.checks.verdict import UP
from gate.smoke.backend import authorize_query
from gate.smoke.client import Failed, Skipped, Visit
from gate.vendors.auth0 import claims_of


def authentication(visit: Visit, _subject: str) -> str:
    """Log in, get a JWT, and expect that the backend knows the user."""
    path = visit.smoke.me_path
    answer = visit.backend("GET", path, headers=_authorization(visit))
    if not visit.target.settings.auth0.login.logs_a_user_in:
        if not answer.is_success:
            fix = "let smoke.mePath name an endpoint that takes an application's token, or use the grant password"
            raise Failed(f"{path}: status {answer.status_code} for the test client's token", "status 200", fix)
        return "a JWT of the test client, accepted by the backend"
    found = json_object(answer)
    person = found.get("user", found)
    email = person.get("email") if isinstance(person, dict) else None
    if answer.status_code != 200 or str(email).lower() != visit.environ[EMAIL].lower():
        raise Failed(
            f"{path}: status {answer.status_code}, {'no' if email is None else 'another'} user",
            f"status 200 and the user of {EMAIL}",
            "check AUTH0_DOMAIN and AUTH0_AUDIENCE of the service, and that its database has the user",
        )
    return "a JWT, accepted by the backend"


def admin_api(visit: Visit, _subject: str) -> str:
    """Expect that the test user may use an endpoint for administrators, as the super-admin panel calls it."""
    if not visit.target.settings.auth0.login.logs_a_user_in:
        raise Skipped("the grant client_credentials logs no user in")
    path = str(visit.smoke.admin_api_path)
    status = visit.backend("GET", path, headers=_authorization(visit)).status_code
    if status != 200:
        raise Failed(f"{path}: status {status}", "status 200", f"give the user of {EMAIL} the role super_admin")
    return "status 200"


def _authorization(visit: Visit) -> dict[str, str]:
    if missing := unset(visit.target.settings, visit.environ):
        names = " and ".join(missing)
        if visit.require_login or missing == [CLIENT]:
            raise Failed(f"no login: {names} not set", "a login", f"set {names}, or {NOT_REQUIRED}")
        raise Skipped(f"set {names} to test it")
    return {"Authorization": f"Bearer {visit.once('token', lambda: _token(visit))}"}


def _form(visit: Visit) -> dict[str, str]:
    """Return what the token endpoint is sent (auth0.com/docs/api/authentication, Get Token)."""
    environ, auth0 = visit.environ, visit.target.settings.auth0
    form = {"grant_type": auth0.login.grant_type, "audience": auth0.audience, "client_id": environ[CLIENT]}
    if auth0.login.logs_a_user_in:
        form |= {"username": environ[EMAIL], "password": environ[PASSWORD], "scope": "openid profile email"}
    optional = {"client_secret": environ.get(SECRET), "realm": auth0.login.connection}
    return form | {name: value for name, value in optional.items() if value}


def _token(visit: Visit) -> str:
    answer = visit.auth0("POST", "/oauth/token", data=_form(visit))
    content = json_object(answer)
    token = content.get("access_token")
    if isinstance(token, str) and token:
        visit.tokens += [token, *(str(content[key]) for key in ("id_token", "refresh_token") if content.get(key))]
        _require_audience(visit, _jwt(token))
        return token
    raise _refused(visit.target.settings.auth0, answer.status_code, content)


def _refused(auth0: Auth0, status: int, content: dict[str, Any]) -> Failed:
    # Only the error's code is shown: Auth0's description may repeat what was sent.
    code = str(content.get("error", ""))
    test_client = f"{CLIENT} and {SECRET} have to be those of one application of the tenant"
    with_grant = f"declare auth0.loginTest and {UP}, or add the grant type Password to the application"
    if auth0.login_test:
        with_grant = f"{CLIENT} and {SECRET} have to come from auth0.testClientId and auth0.testClientSecret"
    at_the_api = f"auth0.audience has to be an API of the tenant that the application may use: {UP}"
    fix = {
        "unauthorized_client": with_grant,
        "server_error": "set the tenant's default directory (Settings, General), or auth0.loginTest.connection",
        "invalid_request": "correct auth0.loginTest.connection: a database that is enabled for the application",
        "mfa_required": "exempt the test user from multi-factor authentication",
        "access_denied": test_client if status == 401 else at_the_api,
    }.get(code, f"correct {EMAIL} and {PASSWORD}" if auth0.login.logs_a_user_in else test_client)
    shown = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no error code"
    return Failed(f"Auth0 refused the login: status {status}, {shown}", "an access token", fix)


def _jwt(token: str) -> dict[str, Any]:
    """Return what the token says, if it is a JWT. Without an audience Auth0 answers an opaque or an encrypted one."""
    parts, claims = token.split("."), claims_of(token)
    if len(parts) != 3 or claims is None:
        raise Failed(
            f"an access token of {len(parts)} part{'s' * (len(parts) > 1)}, not a JWT",
            "a JWT: three parts",
            "the audience must be an API of the tenant (plan 1.1): see APIs in Auth0",
        )
    return claims


def _require_audience(visit: Visit, claims: dict[str, Any]) -> None:
    """Expect that the backend accepts tokens of the audience that it sends people for."""
    asked = visit.smoke.auth0_url_path
    wanted = (authorize_query(visit).get("audience") if asked else None) or visit.target.settings.auth0.audience
    found = claims.get("aud")
    if wanted not in (found if isinstance(found, list) else [found]):
        raise Failed(
            f"a token of the audience {str(found)[:200]}",
            f"the audience {wanted}, which the backend sends",
            "correct AUTH0_AUDIENCE of the service, or marketedge:auth0.audience: pulumi up",
        )
