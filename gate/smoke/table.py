"""The table of smoke tests: what is checked in which environment, and which row of the plan asks for it."""

from collections.abc import Callable
from dataclasses import dataclass

from gate.smoke import backend, frontend, login, suite
from gate.smoke.client import Visit


@dataclass(frozen=True)
class Check:
    """One row.

    Attributes:
        run: makes the check of one subject. It returns what was seen, or raises Failed or Skipped.
        subjects: what it is made of, such as paths. Each has a result of its own.
        optional: without subjects the check is skipped. One that is not optional fails then.
        at_frontend: made only if the environment has a frontend.
        before_people: made only in environments that nobody depends on.
    """

    name: str
    plan: str
    run: Callable[[Visit, str], str]
    subjects: Callable[[Visit], list[str]] = lambda _visit: [""]
    optional: bool = False
    at_frontend: bool = False
    before_people: bool = False

    def applies(self, visit: Visit) -> bool:
        there = bool(visit.target.frontend_url) or not self.at_frontend
        return there and not (self.before_people and visit.target.settings.live)


def _once(path: str | None) -> list[str]:
    """Return one check without a name of its own, if the application has such a path."""
    return [""] if path else []


TABLE = (
    Check("health", "3.2, 3.4 health endpoint; 2.4 environment", backend.health),
    Check(
        "health of",
        "3.2, 3.4 health endpoint",
        backend.other_health,
        lambda visit: list(visit.target.others),
        optional=True,
    ),
    Check(
        "version",
        "4.2 production release",
        backend.version,
        lambda visit: [visit.expect_version] if visit.expect_version else [],
        optional=True,
    ),
    Check(
        "connected",
        "3.2, 3.4 database, Redis",
        backend.dependency,
        lambda visit: list(visit.target.settings.smoke.dependencies),
        optional=True,
    ),
    Check("CORS allows", "1.2 CORS", backend.allowed_origin, backend.origins),
    Check("CORS refuses", "1.2 CORS", backend.refused_origin, backend.strangers),
    Check(
        "auth0-url",
        "1.1 audience",
        backend.auth0_url,
        lambda visit: _once(visit.target.settings.smoke.auth0_url_path),
        optional=True,
    ),
    Check(
        "API",
        "3.2, 3.4 API endpoints",
        backend.api,
        lambda visit: list(visit.target.settings.smoke.api_paths),
    ),
    Check("authentication", "3.2, 3.4 authentication flow; 1.1 JWT", login.authentication),
    Check(
        "page",
        "3.2 dashboard loading",
        frontend.page,
        lambda visit: visit.target.settings.smoke.pages[: 1 if visit.target.settings.live else None],
        at_frontend=True,
    ),
    Check(
        "frontend calls the backend, page",
        "2.5 NEXT_PUBLIC_API_BASE_URL",
        frontend.calls,
        lambda visit: visit.target.settings.smoke.pages[:1],
        optional=True,
        at_frontend=True,
    ),
    Check(
        "login from",
        "1.3 login from a preview",
        backend.preview_login,
        lambda visit: [visit.preview] if visit.preview else [],
        optional=True,
    ),
    Check(
        "suite",
        "3.2, 3.4 the team's own tests",
        suite.own_suite,
        lambda visit: [""] if visit.target.settings.smoke.suite else [],
        optional=True,
    ),
    Check(
        "super-admin page",
        "3.2 super admin panel",
        frontend.page,
        lambda visit: [page] if (page := visit.target.settings.smoke.admin_page) else [],
        optional=True,
        at_frontend=True,
        before_people=True,
    ),
    Check(
        "super-admin API",
        "3.2 super admin panel",
        login.admin_api,
        lambda visit: _once(visit.target.settings.smoke.admin_api_path),
        optional=True,
        before_people=True,
    ),
)
"""Return staging's full suite (plan 3.2), or production's minimal one (plan 3.4)."""
