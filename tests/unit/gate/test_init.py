"""`gate init`: from names and tokens to two stack files that load, with nothing of production copied but names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.workspace import connect
from components.configuration import load
from components.vendors import SECRETS
from gate.cli import main
from gate.common.errors import GateError
from gate.setup import files, questions
from gate.setup.existing import VendorAccounts
from gate.stack.target import read_config
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator, serve
from tests.unit.gate.release_world import CREDENTIALS

OPTIONS = {
    "repository": "zebra-devops/shop",
    "check": "test",
    "auth0_domain": "acme.eu.auth0.com",
    "application": "Shop",
    "render_service": "shop-api",
    "vercel_project": "shop-web",
    "domain": "app.acme.com",
    "staging_domain": "staging.acme.com",
}


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A living production at the four vendors."""
    estate = Estate(tmp_path / "vendors")
    estate.seed("github", "repository", name="shop", fullName="zebra-devops/shop")
    estate.seed("auth0", "client", name="Shop", appType="spa", callbacks=["https://app.acme.com/callback"])
    estate.seed("auth0", "client", name="Machine", appType="non_interactive")
    link = {"type": "github", "repo": "zebra-devops/shop", "productionBranch": "main"}
    project = estate.seed("vercel", "project", name="shop-web", gitRepository=link, rootDirectory="web")
    for domain in ("app.acme.com", "shop-web.vercel.app"):
        estate.seed("vercel", "domain", projectId=project["id"], domain=domain)
    owner = {"id": "tea-1", "name": "Acme", "email": "o@acme.com", "type": "team"}
    render = RenderSimulator(api_keys={"rnd_init": ["tea-1"]}, owners=[owner], rate_limits=False)
    details = {
        "runtime": "node", "plan": "starter", "region": "frankfurt", "healthCheckPath": "/up",
        "envSpecificDetails": {"buildCommand": "npm ci", "startCommand": "npm start"},
    }  # fmt: skip
    variables = [
        {"key": key, "value": "of-production-only"} for key in ("STRIPE_KEY", "JWT_SECRET_KEY", "DATABASE_URL")
    ]
    with (
        vendor_api.serve(estate, CREDENTIALS) as addresses,
        serve(render) as host,
    ):
        found = {**CREDENTIALS, **addresses.environment, "RENDER_API_KEY": "rnd_init", "RENDER_HOST": host}
        with connect(found, lambda _line: None) as session:
            service = {"type": "web_service", "name": "shop-api", "ownerId": "tea-1", "branch": "main"}
            service |= {"repo": "https://github.com/zebra-devops/shop", "envVars": variables, "serviceDetails": details}
            session.client.post("/services", service)
        yield found


def test_what_exists_is_proposed(environ: dict[str, str]) -> None:
    with VendorAccounts(environ) as existing:
        answers = {**OPTIONS, "vercel_project": "shop-web"}
        proposed = {name: existing.propose(name, answers) for name in questions_asked()}
    assert existing.notes == []
    assert proposed["application"] == ["Shop"], "an application that machines use is none that people log in to"
    assert proposed["render_service"] == ["shop-api"]
    assert proposed["render_workspace"] == ["tea-1"]
    assert proposed["vercel_project"] == ["shop-web"]
    assert proposed["domain"] == ["app.acme.com"]
    assert proposed["staging_domain"] == ["staging.acme.com"]


def questions_asked() -> list[str]:
    return [question.name for question in questions.QUESTIONS]


def test_both_files_load_and_hold_nothing_of_production_but_names(environ: dict[str, str], tmp_path: Path) -> None:
    with VendorAccounts(environ) as existing:
        answers = questions.answer(OPTIONS, existing.propose, None)
        made = files.texts(answers, existing)
    assert "of-production-only" not in "".join(made.values())
    assert files.write(made, tmp_path, replace=False) == ["STRIPE_KEY"]
    staging, production = (
        load(
            name, read_config(tmp_path / f"Pulumi.{name}.yaml"), frozenset({SECRETS}), {}, check_secrets=False
        ).settings
        for name in files.STACKS
    )
    service = staging.render.services[0]
    assert (service.name, service.runtime, service.build_command) == ("shop-api-staging", "node", "npm ci")  # type: ignore[attr-defined]
    assert staging.render.region == production.render.region == "frankfurt"
    made_anew = [variable.key for variable in staging.render.variables if variable.generate_value]
    assert made_anew == ["JWT_SECRET_KEY"], "no environment shares it"
    assert production.adopted
    assert production.auth0.callbacks == ["https://app.acme.com/callback"], "its own address is there once"
    assert production.vercel is not None
    assert production.vercel.settings is not None
    assert production.vercel.settings.root_directory == "web"
    kept = {variable.key for variable in production.render.variables if variable.sync is False}
    assert kept == {"STRIPE_KEY", "JWT_SECRET_KEY", "DATABASE_URL"}


def test_a_vendor_without_a_token_is_no_error(environ: dict[str, str], tmp_path: Path) -> None:
    without = {name: value for name, value in environ.items() if not name.startswith(("RENDER", "VERCEL"))}
    with VendorAccounts(without) as existing:
        made = files.texts(questions.answer(OPTIONS, existing.propose, None), existing)
    assert files.write(made, tmp_path, replace=False) == []
    assert len(existing.notes) == 2, "it is said of both what was not seen"


def test_without_a_terminal_everything_that_is_missing_is_listed() -> None:
    given = {"repository": "acme", "application": "Shop"}
    with pytest.raises(GateError) as refused:
        questions.answer(given, lambda name, _answers: ["shop-api"] if name == "render_service" else [], None)
    text = str(refused.value)
    assert "--repository is 'acme'" in text
    assert "--render-service is missing" in text
    assert "found: shop-api" in text
    assert "--application" not in text
    assert "--vercel-project" not in text, "an estate need not have one"


def test_a_person_is_asked_only_for_what_no_option_says() -> None:
    asked = []

    def ask(text: str, proposals: list[str], optional: bool) -> str:
        asked.append(text)
        return "" if optional else proposals[0]

    answers = questions.answer({k: v for k, v in OPTIONS.items() if k != "check"}, lambda *_: ["lint"], ask)
    assert answers["check"] == "lint"
    assert [text for text in asked if "workspace" not in text and "team" not in text] == [
        "A check that pull requests must pass: a job's name, such as test"
    ]


def test_files_that_exist_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yaml").write_text("mine")
    with pytest.raises(GateError, match="--replace"):
        files.write({"Pulumi.staging.yaml": "", "Pulumi.production.yaml": ""}, tmp_path, replace=False)
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.staging.yaml"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_TOKEN", "RENDER_API_KEY", "VERCEL_API_TOKEN", "AUTH0_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
    assert main(["init", "--repository", "acme/shop"]) == 1
    said = capsys.readouterr().err
    assert "--auth0-domain is missing" in said
    assert said.endswith("such as staging.example.com\n"), "nothing to propose without production's domain"
    assert list(tmp_path.iterdir()) == []
