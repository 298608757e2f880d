"""The table of smoke tests: what is checked in which environment, and which row of the plan asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.smoke import backend, frontend, login, suite
from gate.smoke.client import Visit


@dataclass(frozen=True)
class Check:
    """One row.

    Attributes:
        run: makes the check of one subject. It returns what was seen, or raises Failed or Skipped.
        subjects: what it is made of, such as paths. Each has a result of its own.
        required: the check fails if it has no subjects. Any other is left out then.
        at_frontend: made only if the environment has a frontend.
        before_people: made only in environments that nobody depends on.
    """

    name: str
    plan: str
    run: Callable[[Visit, str], str]
    subjects: Callable[[Visit], Sequence[str]] = lambda _visit: [""]
    required: bool = False
    at_frontend: bool = False
    before_people: bool = False

    def applies(self, visit: Visit) -> bool:
        there = bool(visit.target.frontend_url) or not self.at_frontend
        return there and not (self.before_people and visit.target.settings.live)


def _one(subject: str | None) -> list[str]:
    """Return one subject, if there is such a thing."""
    return [subject] if subject else []


def _unnamed(subject: object) -> list[str]:
    """Return one check without a name of its own, if there is such a thing."""
    return [""] if subject else []


def _pages(visit: Visit) -> list[str]:
    return visit.smoke.pages[: 1 if visit.target.settings.live else None]


TABLE = (
    Check("health", "3.2, 3.4 health endpoint; 2.4 environment", backend.health),
    Check("health of", "3.2, 3.4 health endpoint", backend.other_health, lambda visit: list(visit.target.others)),
    Check("version", "4.2 production release", backend.version, lambda visit: _one(visit.expect_version)),
    Check("connected", "3.2, 3.4 database, Redis", backend.dependency, lambda visit: visit.smoke.dependencies),
    Check("CORS allows", "1.2 CORS", backend.allowed_origin, backend.origins, required=True),
    Check("CORS refuses", "1.2 CORS", backend.refused_origin, backend.strangers, required=True),
    Check("auth0-url", "1.1 audience", backend.auth0_url, lambda visit: _unnamed(visit.smoke.auth0_url_path)),
    Check("API", "3.2, 3.4 API endpoints", backend.api, lambda visit: visit.smoke.api_paths, required=True),
    Check("authentication", "3.2, 3.4 authentication flow; 1.1 JWT", login.authentication),
    Check("page", "3.2 dashboard loading", frontend.page, _pages, required=True, at_frontend=True),
    Check(
        "frontend calls the backend, page",
        "2.5 NEXT_PUBLIC_API_BASE_URL",
        frontend.calls,
        lambda visit: visit.smoke.pages[:1],
        at_frontend=True,
    ),
    Check("login from", "1.3 login from a preview", backend.preview_login, lambda visit: _one(visit.preview)),
    Check("suite", "3.2, 3.4 the team's own tests", suite.own_suite, lambda visit: _unnamed(visit.smoke.suite)),
    Check(
        "super-admin page",
        "3.2 super admin panel",
        frontend.page,
        lambda visit: _one(visit.smoke.admin_page),
        at_frontend=True,
        before_people=True,
    ),
    Check(
        "super-admin API",
        "3.2 super admin panel",
        login.admin_api,
        lambda visit: _unnamed(visit.smoke.admin_api_path),
        before_people=True,
    ),
)
"""Staging runs the full suite of plan 3.2, production the minimal one of plan 3.4."""
