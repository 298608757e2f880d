"""Objects that exist are taken over under the real engine: the importing run changes nothing, the next shows all."""

import pulumi
import pulumi_auth0 as auth0
import pulumiverse_vercel as vercel
import pytest
from pulumi import automation

from components import adoption, stack
from tests.unit.settings.stack_file import StackFile

from .conftest import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


def seed(engine: Engine) -> dict[str, str]:
    """A project and an application that somebody made by hand, and the ids that adopt them."""
    engine.estate.seed("vercel", "project", name="frontend", id="prj_frontend", rootDirectory="web")
    client = engine.estate.seed(
        "auth0", "client", name="MarketEdge", appType="spa", callbacks=["https://old.example.com/callback"]
    )
    return {"vercel:Project/production": "prj_frontend", "auth0:Client/production": client["clientId"]}


def estate(adopt: dict[str, str]) -> automation.PulumiFn:
    def declare() -> None:
        adoption.Adoption(adopt)
        vercel.Project("production", name="frontend", root_directory="platform-wrapper/frontend")
        auth0.Client("production", name="MarketEdge", app_type="regular_web", callbacks=["https://app.test/callback"])

    return declare


def written(engine: Engine) -> list[tuple[str, str]]:
    return [(e["operation"], e["type"]) for e in engine.estate.log if e["operation"] not in ("read", "invoke")]


def test_the_run_that_imports_writes_nothing_and_the_next_one_updates_in_place(engine: Engine) -> None:
    adopt = seed(engine)

    summary = engine.stack(estate(adopt)).up().summary.resource_changes
    assert (summary or {}).get("import") == 2
    assert written(engine) == []
    engine.stack(estate(adopt)).preview(expect_no_changes=True)

    changes = engine.stack(estate({})).preview().change_summary
    assert changes.get("update") == 2
    assert "replace" not in changes
    engine.stack(estate({})).up()
    assert sorted(written(engine)) == [("update", "client"), ("update", "project")]
    client = engine.estate.find("auth0", "client", name="MarketEdge")
    assert client is not None
    assert client["callbacks"] == ["https://app.test/callback"]


def test_a_variable_that_cannot_be_read_back_is_imported_with_the_declared_value_and_stays_closed(
    engine: Engine,
) -> None:
    engine.estate.seed("vercel", "project", name="frontend", id="prj_frontend")
    api = {"key": "API", "value": "https://old.test", "targets": ["production"], "sensitive": True}
    variable = engine.estate.seed("vercel", "environment_variable", projectId="prj_frontend", **api)
    adopt = {"vercel:ProjectEnvironmentVariable/api": f"prj_frontend/{variable['id']}"}

    def program(lines: dict[str, str]) -> automation.PulumiFn:
        def declare() -> None:
            adoption.Adoption(lines)
            vercel.ProjectEnvironmentVariable(
                "api",
                project_id="prj_frontend",
                key="API",
                value="https://new.test",
                targets=["production"],
                sensitive=False,
                opts=pulumi.ResourceOptions(ignore_changes=["sensitive"]),
            )

        return declare

    engine.stack(program(adopt)).up()
    assert written(engine) == [("update", "environment_variable")]
    engine.stack(program({})).preview(expect_no_changes=True)
    found = engine.estate.find("vercel", "environment_variable", key="API")
    assert found is not None
    assert (found["id"], found["value"], found["sensitive"]) == (variable["id"], "https://new.test", True)


def test_a_run_sees_its_own_last_phase_and_what_the_other_environment_exported(engine: Engine) -> None:
    seen: list[tuple[object, object]] = []

    def program() -> None:
        before = stack.before(StackFile("production").load().settings, stack.resources())
        seen.append((before.phase, before.peers))
        pulumi.export("phase", "foundation")

    production = engine.stack(program, "production")
    production.up()
    assert seen[-1] == (None, {"staging": {}})
    engine.stack(lambda: pulumi.export("secretDigests", {"JWT_SECRET_KEY": "abc"}), "staging").up()
    production.up()
    assert seen[-1] == ("foundation", {"staging": {"secretDigests": {"JWT_SECRET_KEY": "abc"}}})
