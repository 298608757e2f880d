"""The checks of a login: its address, a JWT from Auth0 that the backend accepts (plan 1.1, 1.3, 3.2, 3.4).

The backend's own /api/v1/auth/login takes an authorization code, which only a browser gets. So the token comes from one
of two grants (auth0.com/docs/get-started/authentication-and-authorization-flow): the resource owner password grant, for
which the application needs the grant type Password and the tenant a default directory, or the client credentials grant,
whose token is the application's own and names no user. `auth0.loginTest` of the stack file says which one.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from blueprint.sending import json_object
from components.accounts.auth0 import claims_of
from components.vendor_settings import Auth0
from gate.checks.login import CLIENT, EMAIL, NOT_REQUIRED, PASSWORD, SECRET, unset
from gate.checks.verdict import UP
from gate.smoke.backend import allowed_origin
from gate.smoke.client import Failed, Skipped, Visit, shown


def auth0_url(visit: Visit, _subject: str) -> str:
    """Compare tenant, audience, client and callback of the address that the frontend sends people to."""
    return _compared(visit, _own_query(visit), _callback(visit))


def preview_login(visit: Visit, origin: str) -> str:
    """Test a login from a preview: its page loads, the backend lets it ask, and Auth0 shows its login page for it.

    Auth0 redirects to its own login page, and to none where the callback is not the application's
    (auth0.com/docs/api/authentication, Authorize).
    """
    visit.page("/", origin)
    allowed_origin(visit, origin)
    callback = f"{origin}{visit.smoke.callback_path}"
    query = _query(visit, callback)
    _compared(visit, query, callback)
    asked = {name: value for name, value in query.items() if name != "domain"}
    answer = visit.auth0("GET", "/authorize", params=asked)
    to = urlsplit(answer.headers.get("location", ""))
    if answer.has_redirect_location and to.netloc in ("", query["domain"]) and "error" not in parse_qs(to.query):
        return f"people come back to {callback}"
    found = f"Auth0 does not log people in for {callback}: status {answer.status_code}"
    raise Failed(found, "Auth0's login page", f"add the address to auth0.callbacks, then {UP}")


def _callback(visit: Visit) -> str:
    """Return where a login comes back to: the frontend, or the first callback that is no pattern."""
    if visit.target.frontend_url:
        return f"{visit.target.frontend_url}{visit.smoke.callback_path}"
    callbacks = visit.target.settings.auth0.callbacks
    return next((one for one in callbacks if one.startswith("https://") and "*" not in one), callbacks[0])


def _own_query(visit: Visit) -> dict[str, str]:
    """Return tenant (`domain`) and query of the address that the backend sends people to. It is asked once."""
    return visit.once("auth0-url", lambda: _query(visit, _callback(visit)))


def _query(visit: Visit, callback: str) -> dict[str, str]:
    answer, content = visit.backend_json(str(visit.smoke.auth0_url_path), redirect_uri=callback)
    if content.get("status") == "fallback_mode":
        fix = "read the service's logs: its API router did not load"
        raise Failed("status fallback_mode", "an address made by the application itself", fix)
    url = content.get("auth_url")
    if answer.status_code != 200 or not isinstance(url, str):
        fix = "read the service's logs at Render; check its AUTH0_DOMAIN and AUTH0_CLIENT_ID, and smoke.auth0UrlPath"
        raise Failed(f"status {answer.status_code}, auth_url {shown(url)}", "status 200 and an auth_url", fix)
    parts = urlsplit(url)
    return {"domain": parts.netloc, **{key: values[0] for key, values in parse_qs(parts.query).items()}}


def _compared(visit: Visit, query: Mapping[str, str], callback: str) -> str:
    auth0 = visit.target.settings.auth0
    wanted = {"domain": auth0.domain, "audience": auth0.audience, "redirect_uri": callback}
    # A client of the login test's own is not the one that people use.
    own = None if auth0.login_test else visit.environ.get(CLIENT)
    wanted |= {"client_id": own} if own else {}
    wrong = [key for key, value in wanted.items() if query.get(key) != value]
    wrong = wrong or ([] if query.get("client_id") else ["client_id"])
    if not wrong:
        return f"audience {auth0.audience}, client_id {'as expected' if own else 'present'}"
    fix = f"correct AUTH0_{'AUDIENCE' if 'audience' in wrong else 'DOMAIN'} of the service: pulumi up"
    if "client_id" in wrong:
        fix = "backend and frontend have to use one application: correct AUTH0_CLIENT_ID of the service"
    raise Failed(
        ", ".join(f"{key} {shown(query.get(key))}" for key in wrong),
        ", ".join(f"{key} {wanted.get(key, 'of the application')}" for key in wrong),
        fix,
    )


def authentication(visit: Visit, _subject: str) -> str:
    """Log in, get a JWT, and expect that the backend knows the user."""
    path = visit.smoke.me_path
    answer, found = visit.backend_json(path, _authorization(visit))
    if not visit.target.settings.auth0.login.logs_a_user_in:
        if not answer.is_success:
            fix = "let smoke.mePath name an endpoint that takes an application's token, or use the grant password"
            raise Failed(f"{path}: status {answer.status_code} for the test client's token", "status 200", fix)
        return "a JWT of the test client, accepted by the backend"
    person = found.get("user", found)
    email = person.get("email") if isinstance(person, dict) else None
    if answer.status_code != 200 or str(email).lower() != visit.environ[EMAIL].lower():
        seen = f"{path}: status {answer.status_code}, {'no' if email is None else 'another'} user"
        fix = "check AUTH0_DOMAIN and AUTH0_AUDIENCE of the service, and that its database has the user"
        raise Failed(seen, f"status 200 and the user of {EMAIL}", fix)
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


def _token(visit: Visit) -> str:
    """Return a token that the backend should accept (auth0.com/docs/api/authentication, Get Token)."""
    environ, auth0 = visit.environ, visit.target.settings.auth0
    form = {"grant_type": auth0.login.grant_type, "audience": auth0.audience, "client_id": environ[CLIENT]}
    if auth0.login.logs_a_user_in:
        form |= {"username": environ[EMAIL], "password": environ[PASSWORD], "scope": "openid profile email"}
    optional = {"client_secret": environ.get(SECRET), "realm": auth0.login.connection}
    form |= {name: value for name, value in optional.items() if value}
    answer = visit.auth0("POST", "/oauth/token", data=form)
    content = json_object(answer)
    token = content.get("access_token")
    if not isinstance(token, str) or not token:
        raise _refused(auth0, answer.status_code, content)
    visit.tokens += [token, *(str(content[key]) for key in ("id_token", "refresh_token") if content.get(key))]
    _check_token(visit, token)
    return token


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
    known = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no error code"
    return Failed(f"Auth0 refused the login: status {status}, {known}", "an access token", fix)


def _check_token(visit: Visit, token: str) -> None:
    """Expect a JWT of the audience that the backend sends people for.

    Without an audience Auth0 answers an opaque or an encrypted token.
    """
    parts, claims = token.split("."), claims_of(token)
    if len(parts) != 3 or claims is None:
        seen = f"an access token of {len(parts)} part{'s' * (len(parts) > 1)}, not a JWT"
        fix = "the audience must be an API of the tenant (plan 1.1): see APIs in Auth0"
        raise Failed(seen, "a JWT: three parts", fix)
    asked = visit.smoke.auth0_url_path
    wanted = (_own_query(visit).get("audience") if asked else None) or visit.target.settings.auth0.audience
    found = claims.get("aud")
    if wanted not in (found if isinstance(found, list) else [found]):
        seen = f"a token of the audience {shown(found)}" if found else "a token without an audience"
        fix = "correct AUTH0_AUDIENCE of the service, or marketedge:auth0.audience: pulumi up"
        raise Failed(seen, f"the audience {wanted}, which the backend sends", fix)
