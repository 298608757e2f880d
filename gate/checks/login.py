"""What the smoke tests need to log in and to get to a page (plan 3.2, 3.4).

They need the login test's variables, and a way past Vercel's own login page.
"""

from collections.abc import Mapping
from typing import Any

from components.settings import Settings
from gate.checks.verdict import Verdict, failed, passed

EMAIL, PASSWORD = "SMOKE_USER_EMAIL", "SMOKE_USER_PASSWORD"
CLIENT, SECRET = "SMOKE_AUTH0_CLIENT_ID", "SMOKE_AUTH0_CLIENT_SECRET"
NOT_REQUIRED = "do without a login test: smoke.requireLogin: false"


def needed(settings: Settings) -> list[str]:
    """Return the names of the variables. In a GitHub environment all of them are secrets, except the client's id."""
    return [EMAIL, PASSWORD, CLIENT] if settings.auth0.login.logs_a_user_in else [CLIENT, SECRET]


def unset(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Return those that are not set."""
    return [name for name in needed(settings) if not environ.get(name)]


def login_wall(project: Mapping[str, Any], *, bypass: bool) -> Verdict:
    """Check whether staging's domain opens without a login at Vercel (vercel.com/docs/deployment-protection).

    Vercel's protection covers the domain of a branch too; only production's domains are open.

    Args:
        bypass: whether the secret is set that lets tests through (docs: Protection Bypass for Automation).
    """
    protection = (project.get("ssoProtection") or {}).get("deploymentType")
    if protection is None:
        return passed("none: everybody can open it")
    if bypass and project.get("protectionBypass"):
        return passed(f"{protection}: people log in at Vercel, tests pass with VERCEL_AUTOMATION_BYPASS_SECRET")
    return failed(
        f"{protection}: tests and people without a login at Vercel get its login page",
        "at Vercel (the project, Settings, Deployment Protection) add a bypass for automation and set its secret as "
        "VERCEL_AUTOMATION_BYPASS_SECRET of the GitHub environment, add an exception for the domain, or switch it off",
    )
