"""Checks whether staging's domain opens without a login at Vercel (vercel.com/docs/deployment-protection)."""

from collections.abc import Mapping
from typing import Any

from gate.checks.verdict import Verdict, failed, passed


def login_wall(project: Mapping[str, Any], *, bypass: bool) -> Verdict:
    """Check one environment. Vercel's protection covers the domain of a branch too; only production's domains are open.

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
