"""The stand-in plugins under the real engine: up, clean preview, drift found and healed, nothing in plain text."""

import json
from pathlib import Path

import pulumi
import pulumi_auth0 as auth0
import pulumi_command as command
import pulumi_github as github
import pulumiverse_vercel as vercel
import pytest
from pulumi import automation

from .conftest import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

STDIN_SECRET = "database-password-9f8e"
VARIABLE_SECRET = "frontend-secret-5a1c"


def seed(engine: Engine) -> None:
    engine.estate.seed("github", "repository", name="platform")
    engine.estate.seed("github", "branch", repository="platform", branch="main", sha="a" * 40)
    engine.estate.seed("vercel", "project", name="frontend", id="prj_frontend")


def program() -> None:
    repository = github.get_repository(name="platform")
    branch = github.Branch("staging", repository=repository.name, branch="staging")
    github.BranchProtection(
        "protection",
        repository_id=repository.node_id,
        pattern=branch.branch,
        enforce_admins=True,
        required_status_checks=[{"strict": True, "contexts": ["build", "test"]}],
    )
    application = auth0.Client(
        "application",
        name="MarketEdge staging",
        app_type="regular_web",
        callbacks=["https://staging.example.com/callback"],
        grant_types=["authorization_code"],
    )
    credentials = auth0.ClientCredentials(
        "credentials", client_id=application.client_id, authentication_method="client_secret_post"
    )
    project = vercel.get_project(name="frontend")
    vercel.ProjectEnvironmentVariable(
        "variable",
        project_id=project.id,
        key="SESSION_SECRET",
        value=pulumi.Output.secret(VARIABLE_SECRET),
        targets=["preview"],
        git_branch="staging",
        sensitive=True,
    )
    service = command.local.Command(
        "service",
        create="sed 's/.*/applied/'",
        update="echo updated after $PULUMI_COMMAND_STDOUT",
        delete="echo $PULUMI_COMMAND_STDOUT > ../deleted",
        stdin=pulumi.Output.secret(STDIN_SECRET),
        environment={"DRIFT": ""},
        logging=command.local.Logging.NONE,
    )
    pulumi.export("client_id", application.client_id)
    pulumi.export("client_secret", credentials.client_secret)
    pulumi.export("service", service.stdout)


def test_a_stack_goes_up_stays_clean_heals_drift_and_leaves_nothing(engine: Engine) -> None:
    seed(engine)
    stack = engine.stack(program)

    assert stack.preview().change_summary["create"] == 7
    up = stack.up(on_output=print)
    client = engine.estate.find("auth0", "client", name="MarketEdge staging")
    assert client is not None
    assert {name: (output.value, output.secret) for name, output in up.outputs.items()} == {
        "client_id": (client["clientId"], False),
        "client_secret": (client["clientSecret"], True),
        "service": ("applied", False),
    }
    stack.preview(refresh=True, expect_no_changes=True)

    state = engine.state_file().read_text()
    for value in (STDIN_SECRET, VARIABLE_SECRET, client["clientSecret"], *engine_secrets(engine)):
        assert value not in state
        assert value not in up.stdout
        assert value not in json.dumps(engine.estate.log)

    with engine.estate.edit("auth0") as objects:
        objects[0]["callbacks"] = ["https://stranger.example.com/callback"]
    with engine.estate.edit("github") as objects:
        objects[-1]["requiredStatusChecks"][0]["contexts"] = ["build"]
    with pytest.raises(automation.CommandError):
        stack.preview(refresh=True, expect_no_changes=True)
    healed = stack.up(refresh=True)
    assert healed.summary.resource_changes["update"] == 2
    client = engine.estate.find("auth0", "client")
    assert client is not None
    assert client["callbacks"] == ["https://staging.example.com/callback"]
    stack.preview(refresh=True, expect_no_changes=True)

    stack.destroy()
    assert engine.estate.objects("auth0") == []
    assert [found["type"] for found in engine.estate.objects("github")] == ["repository", "branch"]
    assert [found["type"] for found in engine.estate.objects("vercel")] == ["project"]
    assert Path(engine.folder / "deleted").read_text() == "applied\n"


def engine_secrets(engine: Engine) -> list[str]:
    return [value for name, value in engine.environment.items() if name.endswith(("_TOKEN", "_SECRET", "PASSPHRASE"))]


def test_what_is_orphaned_by_a_killed_plugin_is_refused_and_can_be_imported(engine: Engine) -> None:
    seed(engine)
    engine.estate.fail_create("github", "ruleset", kill=True)

    def tags(imported: str | None = None) -> automation.PulumiFn:
        def declare() -> None:
            github.RepositoryRuleset(
                "tags",
                name="release tags",
                repository="platform",
                target="tag",
                enforcement="active",
                conditions={"ref_name": {"includes": ["refs/tags/v*"], "excludes": []}},
                rules={"deletion": True, "non_fast_forward": True},
                opts=pulumi.ResourceOptions(import_=imported),
            )

        return declare

    with pytest.raises(automation.CommandError):
        engine.stack(tags()).up()
    orphan = engine.estate.find("github", "ruleset", name="release tags")
    assert orphan is not None
    with pytest.raises(automation.CommandError, match="409 Already exists"):
        engine.stack(tags()).up()

    engine.stack(tags(f"platform:{orphan['rulesetId']}")).up()
    engine.stack(tags()).preview(refresh=True, expect_no_changes=True)
    assert engine.estate.find_all("github", "ruleset") == [orphan]
