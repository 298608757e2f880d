"""The sections that only `gate` reads: smoke tests, seeds, releases and the watch after them (plan 3.2 to 3.5, 8.1)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from blueprint.sources import Model
from components.addresses import Names, Origin, Text

Path = Annotated[str, Field(pattern=r"^/[^\s#]*$")]


class Suite(Model):
    """The team's own tests, which `gate smoke` runs as well.

    Attributes:
        command: runs without a shell, such as `npx playwright test`. It gets BACKEND_URL and FRONTEND_URL.
        folder: where it runs, relative to the project's folder; in the delivered workflows that is `..`.
        junit: the JUnit file that it writes, relative to its folder. A failure in it fails the suite.
    """

    command: Text
    folder: Text = "."
    timeout_seconds: int = Field(240, ge=1, le=300)
    junit: Text | None = None


class Smoke(Model):
    """What `gate smoke` tests of the application (plan 3.2, 3.4). The defaults are MarketEdge's.

    Attributes:
        health_status: what `status` of a health answer may be.
        environment_field: where a health answer names the environment.
        dependencies: what the health detail, or the answer at ready_path, has to report as connected.
        frontend_url: where people open the frontend, unless Vercel serves it.
        require_login: whether a login test fails that is not made because its credentials are missing. Left out: it
            does if `auth0.loginTest` is declared.
        suite: the team's own tests.

    None (null) means that the application has no such thing, so that it is not tested.
    """

    health_path: Path = "/health"
    health_status: Names = Field(["healthy"], min_length=1)
    environment_field: Text | None = "environment"
    ready_path: Path = "/ready"
    dependencies: Names = Field(["database", "redis"])
    auth0_url_path: Path | None = "/api/v1/auth/auth0-url"
    callback_path: Path = "/callback"
    cors_path: Path = "/api/v1/auth/login"
    api_paths: list[Path] = Field(["/api/v1/auth/me"])
    me_path: Path = "/api/v1/auth/me"
    pages: list[Path] = Field(["/", "/login", "/dashboard"])
    admin_page: Path | None = "/admin"
    admin_api_path: Path | None = "/api/v1/admin/feature-flags"
    frontend_url: Origin | None = None
    budget_seconds: int = Field(300, ge=10, le=300)
    require_login: bool | None = None
    suite: Suite | None = None

    def _problems(self) -> Iterator[str]:
        if "*" in (self.frontend_url or ""):
            yield "frontendUrl: expected one host, without a wildcard"


class Seed(Model):
    """What `gate seed` runs, in this order: the application's own scripts (plan 2.2)."""

    scripts: Names = Field(
        ["python database/seeds/initial_data.py", "python database/seeds/phase3_data.py"], min_length=1
    )


Cron = Annotated[str, Field(pattern=r"^([\d*/,A-Za-z-]+ ){4}[\d*/,A-Za-z-]+$")]


class Watch(Model):
    """How long `gate watch` watches after a release, and what raises an alarm (plan 8.1).

    Attributes:
        error_minutes: how long the health endpoint may answer errors without a break. With the default of four an alarm
            comes within five minutes (plan 9.2).
        error_rate_percent: how many of the answers may be server errors.
    """

    minutes: int = Field(15, ge=0, le=60)
    schedule: Cron = "*/5 * * * *"
    every_seconds: int = Field(15, ge=5, le=60)
    error_minutes: int = Field(4, ge=1, le=30)
    error_rate_percent: int = Field(10, ge=1, le=100)


class Release(Model):
    """What `gate release` and `gate rollback` do (plan 3.3, 3.5).

    Attributes:
        by: what starts a release: a tag (the plan's production), or each merge to the branch (its staging).
        smoke_context: of the commit status.
        smoke_status_by: logins whose status counts, besides that of the token that releases. The workflows' own is
            github-actions[bot].
        database: name of the Postgres at Render that a release needs a way back for. If it is missing, the report says
            so.
        backup: whether a release checks that there is a way back.
        backup_max_age_hours: how old an export may be.
        migrations: names of folders whose files are migrations, which the report lists.
        migrations_command: prints a line for each migration of the build that serves. It is run as a one-off job before
            and after a release; new lines are the migrations of the release.
    """

    by: Literal["tag", "merge"] = "merge"
    smoke_context: Text = "staging-smoke-tests"
    smoke_status_by: Names = Field(["github-actions[bot]"])
    budget_seconds: int = Field(1800, ge=60)
    rollback_budget_seconds: int = Field(600, ge=60, le=600)
    runbook: str = "docs/ROLLBACK_PROCEDURES.md"
    database: Text | None = None
    backup: bool = True
    backup_max_age_hours: int = Field(24, ge=1, le=24 * 30)
    migrations: Names = Field(["migrations", "alembic"])
    migrations_command: Text | None = None
