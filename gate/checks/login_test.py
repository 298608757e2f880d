"""What the login test of the smoke tests needs in the environment that they run in (plan 3.2, 3.4)."""

from collections.abc import Mapping

from components.settings import Settings

EMAIL, PASSWORD = "SMOKE_USER_EMAIL", "SMOKE_USER_PASSWORD"
CLIENT, SECRET = "SMOKE_AUTH0_CLIENT_ID", "SMOKE_AUTH0_CLIENT_SECRET"
NOT_REQUIRED = "do without a login test: smoke.requireLogin: false"


def needed(settings: Settings) -> list[str]:
    """Return the names of the variables. In a GitHub environment all of them are secrets, except the client's id."""
    return [EMAIL, PASSWORD, CLIENT] if settings.auth0.login.logs_a_user_in else [CLIENT, SECRET]


def unset(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Return those that are not set."""
    return [name for name in needed(settings) if not environ.get(name)]
