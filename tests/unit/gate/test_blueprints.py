"""`gate import` and `gate export`: what is written, what is said, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.stack_file import read as read_stack_file
from gate.blueprints.document import objects, problems, read
from gate.blueprints.exporting import blueprint_of
from gate.blueprints.importing import Imported, translate
from gate.blueprints.living import living
from gate.blueprints.stack_file import with_section
from gate.cli import main
from gate.common.errors import GateError
from rehearsal.render_api import serve
from tests.contract.blueprint_corpus import account, document, imported, section
from tests.unit.gate.release_world import REPOSITORY, SERVICE, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

Capture = pytest.CaptureFixture[str]
STACK = """\
# The estate of a shop.
config:
  github:owner: example-org
  marketedge:environment: staging # this one
  # what runs at Render
  marketedge:render:
    region: ohio
    # a service of old
    service: {name: old}

  # comments of what comes next
  marketedge:dns: # where it is found
    ttlSeconds: 300
backend: {}
"""
BLUEPRINT = """\
services:
  - type: web
    name: shop
    env: node
    buildCommand: npm ci
    startCommand: npm start
    envVars:
      - {key: STRIPE_KEY, sync: false}
      - {key: DB, fromDatabase: {name: shop-db, property: connectionString}}
databases:
  - name: shop-db
    plan: basic-1gb
"""


def of(text: str, **options: Any) -> Imported:
    return translate(read(text), **({"renames": {}} | options))


def note(found: Imported, about: str) -> str:
    """The one line about something."""
    (line,) = (line for line in found.notes if line.startswith(about))
    return line


# The stack file


def test_nothing_of_the_stack_file_changes_but_the_section() -> None:
    changed = with_section(STACK, {"region": "oregon", "services": [{"name": "new"}]})

    assert yaml.safe_load(changed)["config"]["marketedge:render"] == {"region": "oregon", "services": [{"name": "new"}]}
    before, after = STACK.splitlines(), changed.splitlines()
    assert before[:5] == after[:5]
    assert before[9:] == after[-5:]


def test_a_section_that_is_not_there_yet_comes_last() -> None:
    text = "config:\n  a:b: c # here\n\nother: 1\n"

    assert with_section(text, {"region": "ohio"}) == (
        "config:\n  a:b: c # here\n  marketedge:render:\n    region: ohio\n\nother: 1\n"
    )


@pytest.mark.parametrize("text", ["3.10", "0o7", "2020-01-01", "1e3", "off", "yes", "12:30:45", "~", "", "-1", "1_000"])
def test_a_text_that_looks_like_something_else_stays_text_to_pulumi(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text(with_section("config:\n  a:b: c\n", {"value": text}))
    found = read_stack_file(file)

    assert (json.loads(found["marketedge:render"]), found.changed) == ({"value": text}, [])


# What is said


@pytest.mark.parametrize(
    ("text", "about", "said"),
    [
        ("databases: [{name: d}]", "d.ipAllowList", "opens the database to everybody"),
        ("databases: [{name: d}]", "d.plan", "a new one gets basic-256mb, and an existing one keeps its plan"),
        ("databases: [{name: d, plan: pro plus}]", "d.plan", "a new database cannot have 'pro plus'; wrote pro-8gb"),
        ("databases: [{name: d, version: 16}]", "d.version", "Render's schema does not have it"),
        ("services: [{type: worker, name: w, runtime: docker, plan: free}]", "w.plan", "costs money"),
        ("services: [{type: web, name: w, runtime: docker, startCommand: x}]", "w.startCommand", "to runtime docker"),
        ("services: [{type: web, name: w, runtime: go, dockerContext: .}]", "w.dockerContext", "to runtime go"),
        ("services: [{type: worker, name: w, runtime: docker, domain: a.b}]", "w.domains", "to worker"),
        ("services: [{type: web, name: w, runtime: go, startCommand: x}]", "w.buildCommand", "wrote `true`"),
        ("services: [{type: workflow, name: w}]", "w: left out", "does not manage type workflow"),
        ("services: [{type: redis, name: r}]", "r.ipAllowList", "wrote [], which keeps out everybody"),
        ("previews: {generation: automatic}", "previews", "only for what a Blueprint manages"),
        ("envVarGroups: [{name: g, envVars: [{key: A, value: 1}, {key: A, value: 2}]}]", "g: A", "kept the last one"),
        ("envVarGroups: [{name: g, envVars: [{key: A, value: 1, sync: false}]}]", "g: A", "kept value"),
        ("envVarGroups: [{name: g, envVars: [{key: ADMIN_PASSWORD, value: x}]}]", "g: ADMIN", "in plain text"),
        ("envVarGroups: [{name: g, envVars: [{key: A}]}]", "g: A", "treated like `sync: false`"),
        ("envVarGroups: [{name: g, envVars: [{key: A, value: 1}]}]", "variables that only", "removes them"),
    ],
)
def test_what_means_something_else_here_is_said(text: str, about: str, said: str) -> None:
    assert said in note(of(text), about)


def test_what_only_the_workspace_has_is_declared_as_such() -> None:
    found = of(
        """
        services:
          - type: web
            name: w
            runtime: docker
            envVars:
              - fromGroup: theirs
              - {key: A, fromService: {type: pserv, name: other, property: host}}
              - {key: B, fromDatabase: {name: old, property: host}}
        """
    )

    assert found.section["envVarGroups"] == [{"name": "theirs", "ownership": "merge", "envVars": []}]
    assert found.section["services"][1] == {"type": "pserv", "name": "other", "ownership": "adopted"}
    assert found.section["databases"] == [{"name": "old", "ownership": "adopted"}]


def test_two_services_that_need_each_others_address_get_one_written_out() -> None:
    found = imported("two_that_need_each_other")
    first, second = (one["envVars"] for one in found.section["services"])

    assert first[0] == {"key": "SOCKET_URL", "value": "https://needs-web.onrender.com"}
    assert second[1]["fromService"]["envVarKey"] == "TOKEN"
    assert "adds an ending to a name that is taken" in note(found, "needs-socket: SOCKET_URL")


def test_a_circle_without_an_address_is_left_to_a_person() -> None:
    reference = "{type: pserv, name: %s, envVarKey: A}"
    service = "{type: pserv, name: %s, runtime: docker, envVars: [{key: A, fromService: " + reference + "}]}"
    found = of(f"services: [{service % ('x', 'y')}, {service % ('y', 'x')}]")

    assert any("write one of the values out yourself" in line for line in found.notes)


def test_a_number_is_kept_as_it_is_written_also_where_it_is_merged() -> None:
    found = of(
        """
        services:
          - &web {type: web, name: a, runtime: docker, envVars: [{key: V, value: 3.10}, {key: YES, value: yes}]}
          - {<<: *web, name: b}
        """
    )

    for one in found.section["services"]:
        assert [variable["value"] for variable in one["envVars"]] == ["3.10", "yes"]


def test_a_number_that_an_alias_repeats_as_a_value_is_a_text_there_only() -> None:
    found = of(
        """
        services:
          - {type: web, name: a, runtime: docker, numInstances: &many 2, envVars: [{key: PROCESSES, value: *many}]}
        """
    )

    (service,) = found.section["services"]
    assert (service["numInstances"], service["envVars"][0]["value"]) == (2, "2")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [", "not YAML: line 1: "),
        ("services: []\nenvVarGroups: []\nservices: []\n", 'not YAML: line 3: found duplicate key "services"'),
        (
            "envVarGroups:\n- name: a\n  envVars:\n  - {key: A, value: hunter2, value: b}",
            'line 4: found duplicate key "value"',
        ),
        ("", "the Blueprint is empty: expected services"),
        ("- just\n- a list", "render.yaml: "),
        ("services: web", "services: "),
        ("services: [{type: web}]", "services.0: 'name' is a required property"),
        ("services: [{name: 12}]", "services.0.name: "),
        ("services: [{name: w, envVars: [A=1]}]", "services.0.envVars.0: "),
        ("services: [{name: w, envVars: [{key: A, fromDatabase: db}]}]", "services.0.envVars.0.fromDatabase: "),
        ("services: [{name: w, image: redis}]", "services.0.image: "),
        ("services: [{name: w, runtime: [python]}]", "services.0.runtime: "),
        ("services: [{name: w, env: [{key: A, value: b}]}]", "services.0.env: "),
        ("services: [{name: w, domain: [a.example.com]}]", "services.0.domain: "),
        ("services: [{name: w, domains: [{}]}]", "services.0.domains.0: "),
        ("databases: [{name: d, readReplicas: [{name: [r]}]}]", "databases.0.readReplicas.0.name: "),
        ("services: [{name: w, envVars: [{key: A, fromDatabase: {name: [d]}}]}]", "envVars.0.fromDatabase.name: "),
        ("services: [{name: w, envVars: [{fromService: {name: s, property: [x]}}]}]", "fromService.property: "),
        ("projects: [{name: p, environments: [{services: [{}]}]}]", "projects.0.environments.0.services.0: "),
    ],
)
def test_what_is_no_blueprint_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(GateError, match=re.escape(place)):
        read(text)


# Names


def test_two_names_can_be_exchanged_also_where_an_alias_shares_the_variables() -> None:
    found = of(
        """
        databases: [{name: a}, {name: b}]
        services:
          - {type: web, name: x, runtime: docker, envVars: &shared [{key: D, fromDatabase: {name: a, property: host}}]}
          - {type: web, name: y, runtime: docker, envVars: *shared}
        """,
        renames={"a": "b", "b": "a"},
    )

    assert [one["envVars"][0]["fromDatabase"]["name"] for one in found.section["services"]] == ["b", "b"]


def test_names_are_mapped_with_everything_that_refers_to_them() -> None:
    found = imported("monorepo", renames={"platform-db": "db"}, suffix="-staging")
    names = {one["name"] for _, one in objects(found.section)}
    render = section(found)

    assert {"db", "platform-api-staging", "platform-queue-staging", "platform-staging"} <= names
    assert {one.from_database.name for one in render.variables if one.from_database} == {
        "db",
        "platform-db-reports-staging",
    }
    assert {name for one in render.services for name in one.groups} == {"platform-staging"}
    assert "belong to platform-api" in note(found, "platform-api-staging.domains")


# From the account


def test_what_lives_is_declared_as_it_is_and_no_value_is_read() -> None:
    made = account()
    made.apply(document(section(imported("monorepo"))))
    found = translate(living(made.session()), {}, adopted=True)
    render = section(found)
    declared = document(render)

    assert made.drift(declared) == {} or all(
        "never" in line for lines in made.drift(declared).values() for line in lines
    )
    assert {one.name for one in render.services} == {
        "platform-api",
        "platform-jobs",
        "platform-cleanup",
        "platform-site",
    }
    assert "a secret" not in json.dumps(found.section)
    made.apply(document(render))
    assert [line for line in made.writes() if "deploys" in line] == []


# The commands


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (tmp_path / "Pulumi.staging.yaml").write_text(STACK)
    (tmp_path / "render.yaml").write_text(BLUEPRINT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_import_writes_the_section_and_prints_how_to_set_its_secrets(project: Path, capsys: Capture) -> None:
    assert main(["import", "--env", "staging", "--replace", "--suffix", "-staging"]) == 0
    text = (project / "Pulumi.staging.yaml").read_text()
    assert "# comments of what comes next" in text
    written = yaml.safe_load(text)["config"]["marketedge:render"]
    assert written["services"][0]["envVars"][1]["fromDatabase"]["name"] == "shop-db-staging"
    assert (
        "pulumi config set --stack staging --secret --path 'marketedge:secrets.STRIPE_KEY'" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "has a marketedge:render already"),
        (("nowhere.yaml", "--replace"), "there is no nowhere.yaml here"),
        (("--replace", "--rename", "other=x"), "the Blueprint has no other; it has shop, shop-db"),
        (("--replace", "--stack", "nowhere"), "there is no Pulumi.nowhere.yaml"),
    ],
)
def test_what_cannot_be_imported_changes_nothing(
    project: Path, capsys: Capture, arguments: tuple[str, ...], said: str
) -> None:
    assert main(["import", "--env", "staging", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert (project / "Pulumi.staging.yaml").read_text() == STACK


def test_a_blueprint_that_cannot_be_declared_is_refused_with_its_place(project: Path, capsys: Capture) -> None:
    (project / "render.yaml").write_text("services: [{type: web, name: x, runtime: node, buildCommand: npm ci}]")

    assert main(["import", "--env", "staging", "--replace"]) == 1
    assert "marketedge:render.services[0]: this section — startCommand: required" in capsys.readouterr().err
    assert (project / "Pulumi.staging.yaml").read_text() == STACK


def test_a_blueprint_in_another_encoding_names_the_file(project: Path, capsys: Capture) -> None:
    (project / "render.yaml").write_bytes(b"services: [{type: web, name: caf\xe9}]")

    assert main(["import", "--env", "staging", "--replace"]) == 1
    assert "render.yaml is not UTF-8 text (byte 33)" in capsys.readouterr().err


def test_a_dry_run_shows_the_section_and_writes_nothing(project: Path, capsys: Capture) -> None:
    assert main(["import", "--env", "staging", "--dry-run"]) == 0
    assert (
        yaml.safe_load(capsys.readouterr().out.split("Pulumi.staging.yaml")[0])["marketedge:render"]["services"][0][
            "name"
        ]
        == "shop"
    )
    assert (project / "Pulumi.staging.yaml").read_text() == STACK


@pytest.fixture
def vendors(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseWorld]:
    """A project whose repository and workspace are simulated."""
    stack = STACK.replace("github:owner: example-org", "github:owner: zebra-devops")
    stack = stack.replace("  marketedge:dns:", f"  marketedge:github: {{repository: {REPOSITORY}}}\n  marketedge:dns:")
    (project / "Pulumi.staging.yaml").write_text(stack)
    with release_world(tmp_path / "world") as made, serve(made.render) as host:
        for name, value in {**made.environ, "RENDER_HOST": host, "RENDER_API_KEY": "rnd_release"}.items():
            monkeypatch.setenv(name, value)
        yield made


def test_import_reads_the_file_of_the_repository_at_a_branch(vendors: ReleaseWorld, capsys: Capture) -> None:
    there = {"repository": REPOSITORY, "branch": "staging", "file": "deploy/render.yaml"}
    vendors.estate.seed("github", "branch", repository=REPOSITORY, branch="staging", sha="1" * 40)
    vendors.estate.seed("github", "file", **there, content=BLUEPRINT)
    arguments = ["import", "deploy/render.yaml", "--env", "staging", "--from", "repository", "--dry-run"]

    assert main([*arguments, "--ref", "staging"]) == 0
    assert "name: shop-db" in capsys.readouterr().out
    assert main(arguments) == 1
    assert f"zebra-devops/{REPOSITORY} has no deploy/render.yaml" in capsys.readouterr().err


def test_import_declares_what_lives_in_the_workspace(vendors: ReleaseWorld, project: Path) -> None:
    assert main(["import", "--env", "staging", "--from", "account", "--replace"]) == 0

    written = yaml.safe_load((project / "Pulumi.staging.yaml").read_text())["config"]["marketedge:render"]
    (service,) = written["services"]
    assert (service["name"], service["ownership"], service["autoDeployTrigger"]) == (SERVICE, "adopted", "off")


def test_export_writes_a_file_that_imports_to_the_same_section(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(STACKS)
    file = tmp_path / "render.yaml"
    assert main(["export", "--env", "staging", "--output", str(file)]) == 0
    content = read(file.read_text())

    assert problems(content) == []
    assert content["services"][0]["healthCheckPath"] == "/health"
    assert "fromSecret" not in file.read_text()


def test_what_a_blueprint_cannot_say_is_said() -> None:
    found = of("databases: [{name: d, plan: 1c-2g, connectionPool: pgbouncer, ipAllowList: []}]")
    content, notes = blueprint_of(section(found))

    assert content == {"databases": [{"name": "d", "ipAllowList": []}]}
    assert [line.partition(":")[0] for line in notes] == ["d.plan", "d.connectionPool"]
    assert problems(content) == []
