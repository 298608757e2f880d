"""After a kill on the real engine: what is orphaned is found, imported, and the next up goes on, each object once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pulumi
import pulumi_auth0 as auth0
import pulumi_github as github
import pulumiverse_vercel as vercel
import pytest
from pulumi import automation

from components.accounts import Accounts
from gate import cli
from gate.recover.run import Recovery, recover
from rehearsal.engine import Engine as StagingEngine
from rehearsal.engine import inhabit
from rehearsal.estate import World
from rehearsal.vendor_api import Addresses, serve

from .conftest import CREDENTIALS, Engine
from .stage import changes, staging

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

OWNER = {"GITHUB_OWNER": "zebra-devops"}


@pytest.fixture
def vendors(engine: Engine) -> Iterator[Addresses]:
    engine.estate.seed("github", "repository", name="platform")
    engine.estate.seed("github", "branch", repository="platform", branch="main", sha="a" * 40)
    engine.estate.seed("vercel", "project", name="frontend", id="prj_frontend")
    with serve(engine.estate, CREDENTIALS) as addresses:
        yield addresses


def run(engine: Engine, vendors: Addresses, program: automation.PulumiFn, *, change: bool = False) -> Recovery:
    with Accounts({**CREDENTIALS, **OWNER, **vendors.environment}) as accounts:
        return recover(engine.stack(program), accounts, change=change)


class Part(pulumi.ComponentResource):
    """A component, so that what is in it has a parent to be imported under."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Part", name)
        self.inside = pulumi.ResourceOptions(parent=self)


def variable() -> None:
    part = Part("same name")
    environment = github.RepositoryEnvironment(
        "environment", repository="platform", environment="staging", opts=part.inside
    )
    github.ActionsEnvironmentVariable(
        "same name",
        repository="platform",
        environment=environment.environment,
        variable_name="URL",
        value="https://staging.example.com",
        opts=part.inside,
    )


def protection() -> None:
    repository = github.get_repository(name="platform")
    github.BranchProtection("main", repository_id=repository.node_id, pattern="main", enforce_admins=True)


def frontend_variable() -> None:
    vercel.ProjectEnvironmentVariable(
        "variable",
        project_id="prj_frontend",
        key="API_URL",
        value="https://api.example.com",
        targets=["preview"],
        git_branch="staging",
        sensitive=False,
    )


@pytest.mark.parametrize(
    ("program", "vendor", "type", "refusal"),
    [
        (variable, "github", "environment_variable", "409 Already exists"),
        (protection, "github", "branch_protection", "Name already protected"),
        (frontend_variable, "vercel", "environment_variable", "ENV_CONFLICT"),
    ],
    ids=["variable", "protection", "frontend variable"],
)
def test_what_a_plain_rerun_stumbles_over_is_imported(
    engine: Engine, vendors: Addresses, program: automation.PulumiFn, vendor: str, type: str, refusal: str
) -> None:
    engine.estate.fail_create(vendor, type)
    with pytest.raises(automation.CommandError):
        engine.stack(program).up()
    with pytest.raises(automation.CommandError, match=refusal):
        engine.stack(program).up()
    orphan, state = engine.estate.find_all(vendor, type), engine.state_file().read_bytes()

    found = run(engine, vendors, program)
    assert (found.exit_code, found.status, len(found.found)) == (2, "found", 1)
    assert engine.state_file().read_bytes() == state

    recovered = run(engine, vendors, program, change=True)
    assert (recovered.exit_code, recovered.status) == (0, "recovered")
    assert engine.estate.find_all(vendor, type) == orphan, "an import writes nothing at the vendor"

    engine.stack(program).up()
    engine.stack(program).preview(refresh=True, expect_no_changes=True)
    assert engine.estate.find_all(vendor, type) == orphan


def application() -> None:
    client = auth0.Client("application", name="MarketEdge staging", app_type="regular_web")
    auth0.ClientCredentials("credentials", client_id=client.client_id, authentication_method="client_secret_post")


def test_an_application_is_not_doubled_when_it_is_recovered_before_the_next_up(
    engine: Engine, vendors: Addresses
) -> None:
    engine.estate.fail_create("auth0", "client")
    with pytest.raises(automation.CommandError):
        engine.stack(application).up()

    found = run(engine, vendors, application)
    assert [orphan.urn.rpartition("::")[2] for orphan in found.found] == ["application"]
    assert [waiting.input for waiting in found.not_looked_up] == ["clientId"]

    recovered = run(engine, vendors, application, change=True)
    assert [orphan.urn.rpartition("::")[2] for orphan in recovered.found] == ["application", "credentials"]
    engine.stack(application).up()
    engine.stack(application).preview(refresh=True, expect_no_changes=True)
    (client,) = engine.estate.find_all("auth0", "client")
    assert client["clientSecret"] not in engine.state_file().read_text()


def test_a_doubled_application_is_named_with_the_one_to_keep(engine: Engine, vendors: Addresses) -> None:
    engine.estate.fail_create("auth0", "client")
    with pytest.raises(automation.CommandError):
        engine.stack(application).up()
    engine.stack(application).up()
    orphan, kept = engine.estate.find_all("auth0", "client")

    found = run(engine, vendors, application, change=True)
    assert found.exit_code == 2
    assert f"which is {kept['id']} in the state: {orphan['id']}." in found.surplus[0]


def test_two_candidates_stop_every_change(engine: Engine, vendors: Addresses) -> None:
    def program() -> None:
        variable()
        application()

    clients = [engine.estate.seed("auth0", "client", name="MarketEdge staging") for _ in range(2)]
    engine.estate.fail_create("github", "environment_variable")
    with pytest.raises(automation.CommandError):
        engine.stack(variable).up()
    state = engine.state_file().read_bytes()

    found = run(engine, vendors, program, change=True)
    assert (found.exit_code, found.status) == (1, "refused")
    assert all(client["id"] in found.refused[0] for client in clients)
    assert engine.state_file().read_bytes() == state


@pytest.mark.processes
def test_a_killed_engine_leaves_a_lock_and_a_pending_operation_which_go(engine: Engine, vendors: Addresses) -> None:
    engine.estate.fail_create("github", "environment_variable", kill="engine")
    with pytest.raises(automation.CommandError):
        engine.stack(variable).up()
    with pytest.raises(automation.CommandError, match="currently locked"):
        engine.stack(variable).up()
    locks = list((engine.folder / "state" / ".pulumi" / "locks").rglob("*.json"))
    state = engine.state_file().read_bytes()

    found = run(engine, vendors, variable)
    assert [left.operation for left in found.pending_operations] == ["creating"]
    assert len(found.locks) == 1
    assert [orphan.urn for orphan in found.found] == [left.urn for left in found.pending_operations]
    assert found.exit_code == 2
    assert engine.state_file().read_bytes() == state
    assert all(lock.exists() for lock in locks)

    recovered = run(engine, vendors, variable, change=True)
    assert recovered.exit_code == 0
    assert recovered.as_json()["pendingOperations"][0]["cleared"]
    up = engine.stack(variable).up()
    assert "pending operations" not in up.stdout
    engine.stack(variable).preview(refresh=True, expect_no_changes=True)
    assert len(engine.estate.find_all("github", "environment_variable")) == 1


def test_objects_made_before_the_first_up_are_imported_with_their_components(
    engine: Engine, vendors: Addresses
) -> None:
    """Nothing is in the state yet: neither the component above them nor a provider."""
    engine.estate.seed("github", "environment", repository="platform", environment="staging")
    names = {"repository": "platform", "environment": "staging", "variableName": "URL"}
    engine.estate.seed("github", "environment_variable", **names, value="https://old.example.com")

    recovered = run(engine, vendors, variable, change=True)
    assert recovered.exit_code == 0
    up = engine.stack(variable).up()
    made = up.summary.resource_changes or {}
    assert made[automation.OpType.UPDATE] == 1
    assert automation.OpType.CREATE not in made
    assert engine.estate.find_all("github", "environment_variable", **names)[0]["value"].startswith("https://staging.")
    engine.stack(variable).preview(refresh=True, expect_no_changes=True)


FAULTS = (
    ("github", "branch_protection"),
    ("github", "environment_variable"),
    ("auth0", "client"),
    ("vercel", "environment_variable"),
)


def test_the_staging_stack_killed_at_three_vendors_converges(
    pulumi_cli: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One kill may come before another can: so up and recover take turns until nothing is left to be killed."""
    # The record of a failed run would keep the program's coroutine alive until something else is going on.
    monkeypatch.setattr(logging.getLogger("grpc._server"), "disabled", True)
    with (
        staging(tmp_path / "world", pulumi_cli) as (stage, engine),
        serve(stage.vendors, stage.secrets.credentials) as addresses,
    ):
        engine.stack.workspace.env_vars.update(addresses.environment)  # type: ignore[attr-defined]
        for vendor, type in FAULTS:
            stage.vendors.fail_create(vendor, type)
        said = []
        for _ in FAULTS:
            with pytest.raises(automation.CommandError):
                engine.up()
            with inhabit(stage):
                if not said:
                    said.append(looked_at(engine, capsys))
                said.append(put_right(stage, engine, capsys))
            if not armed(stage):
                break
        engine.up()
        engine.preview(refresh=True, expect_no_changes=True)

        for vendor, type in (("auth0", "client"), ("github", "branch_protection")):
            assert len(stage.vendors.find_all(vendor, type)) == 1
        for vendor, key in (("github", "variableName"), ("vercel", "key")):
            keys = [found[key] for found in stage.vendors.find_all(vendor, "environment_variable")]
            assert len(keys) == len(set(keys)) == 7
        everything = "\n".join([*said, engine.state()])
        assert [value for value in stage.secret_values() if value in everything] == []


def gate_recover(engine: StagingEngine, *arguments: str) -> int:
    with mock.patch("gate.stack.project.open_stack", return_value=engine.stack):
        return cli.main(["recover", "--env", "staging", *arguments])


def looked_at(engine: StagingEngine, capsys: pytest.CaptureFixture[str]) -> str:
    """Without leave to change anything, as a workflow asks. Returns: what was printed."""
    state = engine.state()
    assert gate_recover(engine, "--json") == 2
    printed = capsys.readouterr().out
    report = json.loads(printed)
    assert report["status"] == "found"
    assert report["found"]
    assert engine.state() == state
    return printed


def put_right(stage: World, engine: StagingEngine, capsys: pytest.CaptureFixture[str]) -> str:
    written = len(changes(stage))
    assert gate_recover(engine, "--yes") == 0
    assert len(changes(stage)) == written, "nothing is written at a vendor"
    return capsys.readouterr().out


def armed(stage: World) -> list[object]:
    files = stage.vendors.folder.glob("*.json")
    return [fault for file in files for fault in json.loads(file.read_text())["faults"]]
