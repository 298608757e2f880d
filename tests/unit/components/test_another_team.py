"""examples/two-services: what another team's files declare, and that nothing of MarketEdge is needed for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from blueprint.spec import parse
from components.accounts import Accounts
from components.documents import environments_document
from components.vendors import VERCEL, missing_credentials
from gate.common.errors import MissingCredentials
from tests.unit.components.engine import CREDENTIALS, Run, run
from tests.unit.settings.stack_file import PROJECT, StackFile

COMMAND = "command:local:Command"
WITHOUT_VERCEL = {name: value for name, value in CREDENTIALS.items() if name != "VERCEL_API_TOKEN"}
WITHOUT_VERCEL["AUTH0_DOMAIN"] = "harborlight.eu.auth0.com"
API, WEB = "harbor-develop-api", "harbor-develop-web"


class Harbor(StackFile):
    """A file of the example, to be changed by a test."""

    def __init__(self, stack: str = "staging") -> None:
        super().__init__(stack)
        text = (PROJECT / "examples" / "two-services" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
        self.config = yaml.safe_load(text)["config"]
        self.secret_keys = set()
        if stack == "staging":
            self.config["marketedge:secrets"] = {"MAIL_API_KEY": "mail-key-of-a-test"}
            self.secret_keys = {"marketedge:secrets"}


def reported(*_: Any) -> dict[str, str]:
    delivered = PROJECT / "workflows" / "staging-deploy.yml"
    return {
        ".github/workflows/tests.yml": "on: pull_request\njobs: {tests: {}}\n",
        ".github/workflows/staging-deploy.yml": delivered.read_text(encoding="utf-8"),
    }


def up(stack_file: StackFile) -> Run:
    return run(stack_file, WITHOUT_VERCEL, workflows=reported)


def services(result: Run) -> dict[str, Any]:
    documents = [parse(one.plain["stdin"], one.plain["environment"]["RENDER_KNOWN"]) for one in result.of(COMMAND)]
    return {service.name: service for document in documents for service in document.services if service.type == "web"}


def test_staging_is_declared_without_vercel_and_in_turn() -> None:
    result = up(Harbor())
    assert (result.error, result.warnings) == (None, [])
    assert [one.type for one in result.declared if "vercel" in one.type] == []
    assert set(services(result)) == {API, WEB}
    assert f"{COMMAND} {API}" in result.only(COMMAND, WEB).depends_on
    variables = {one.plain["variableName"]: one.plain["value"] for one in result.of(
        "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
    )}  # fmt: skip
    assert variables["FRONTEND_URL"] == "https://develop.harborlight.example"
    assert set(json.loads(variables["SERVICE_URLS"])) == {API, WEB}
    assert (result.outputs or {})["serviceUrls"].keys() == {API, WEB}


@pytest.mark.parametrize("stack", ["staging", "production"])
@pytest.mark.parametrize("phase", ["foundation", "infrastructure", "cutover"])
def test_no_name_of_marketedge_is_declared(stack: str, phase: str) -> None:
    stack_file = Harbor(stack)
    stack_file.config["marketedge:phase"] = phase
    result = up(stack_file)
    assert result.error is None
    declared = {f"{one.label}: {key}": str(value) for one in result.declared for key, value in one.plain.items()}
    assert [key for key, text in declared.items() if "zebra" in text.lower() or "marketedge" in text.lower()] == []


def test_the_foundation_touches_the_adopted_service_that_has_something_to_set() -> None:
    (api,) = services(up(Harbor("production"))).values()
    assert (api.name, [v.key for v in api.env_vars]) == ("harbor-api", ["AUTH0_AUDIENCE", "ALLOWED_ORIGINS"])
    assert api.env_vars[0].value == "https://api.harborlight.example"


def test_a_production_without_adopted_services_has_a_foundation_too() -> None:
    stack_file = Harbor("production")
    for key in ("region", "service", "otherServices"):
        stack_file["render"][key] = Harbor()["render"][key]
    for service in (stack_file["render"]["service"], *stack_file["render"]["otherServices"]):
        service["envVars"] = []
    result = up(stack_file)
    assert result.error is None
    assert result.of(COMMAND) == []
    assert "backendUrl" not in (result.outputs or {})


def test_no_service_of_production_deploys_by_itself_from_cutover_on() -> None:
    stack_file = Harbor("production")
    stack_file.config |= {"marketedge:phase": "cutover", "marketedge:budgetUsd": 20}
    own = Harbor()["render"]["otherServices"][0] | {"envVars": []}
    stack_file["render"]["otherServices"].append(own)
    assert {service.auto_deploy_trigger for service in services(up(stack_file)).values()} == {"off"}


def test_a_secret_by_another_name_may_not_be_shared_either() -> None:
    stack_file = Harbor()
    variables = stack_file["render"]["envGroup"]["envVars"]
    (entry,) = (variable for variable in variables if variable["key"] == "SESSION_KEY")
    entry.pop("generateValue")
    entry["fromSecret"] = "SESSION_KEY"
    stack_file["secrets"]["SESSION_KEY"] = "session-key-of-a-test"
    digests = (up(stack_file).outputs or {})["secretDigests"]
    assert digests.keys() == {"SESSION_KEY"}
    peer = {"production": {"secretDigests": digests}, "staging": {}}
    refused = run(stack_file, WITHOUT_VERCEL, workflows=reported, stacks=peer)
    assert "SESSION_KEY is the same here and in stack production" in str(refused.error)


def test_a_stack_without_vercel_needs_no_token_of_it_and_one_with_it_does() -> None:
    assert missing_credentials({**WITHOUT_VERCEL, **Harbor().values}) == {}
    assert missing_credentials({**WITHOUT_VERCEL, **StackFile().values}) == {VERCEL: ["VERCEL_API_TOKEN"]}
    Accounts(WITHOUT_VERCEL, Harbor().values).require_all()
    with pytest.raises(MissingCredentials, match="VERCEL_API_TOKEN"):
        Accounts(WITHOUT_VERCEL, StackFile().values).require_all()


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (
            "render.service.envVars.4",
            {"key": "WEB", "fromService": {"type": "web", "name": WEB, "property": "host"}},
            f"fromService: {API} → {WEB} → {API} wait for each other",
        ),
        ("render.otherServices.0.name", API, f"more than one service is named {API}"),
        (
            "smoke.frontendUrl",
            None,
            "fromOutput frontend.url needs the section marketedge:vercel, or smoke.frontendUrl",
        ),
        ("smoke.frontendUrl", "https://*.harborlight.example", "expected one host, without a wildcard"),
        ("smoke.healthStatus", [], "smoke.healthStatus: this list — expected at least 1 entry"),
        ("auth0.audience", "", "auth0.audience: '' — expected some text"),
        ("github.environment.variables.0.fromOutput", "render.urls", "'render.serviceUrls'"),
        ("render.otherServices.0.envVars.1.key", "LOG_LEVEL", "declared by both service and envGroup"),
        (
            "vercel",
            {"project": "harbor", "domain": "harborlight.example"},
            "smoke.frontendUrl: expected none beside marketedge:vercel",
        ),
    ],
)
def test_what_is_refused(path: str, value: Any, problem: str) -> None:
    stack_file = Harbor()
    stack_file.put(path, value)
    assert problem in "\n".join(stack_file.problems())


def test_a_group_that_a_service_does_not_link_is_not_shadowed_by_it() -> None:
    stack_file = Harbor()
    web = stack_file["render"]["otherServices"][0]
    web["envVars"] = [{"key": "LOG_LEVEL", "value": "INFO"}]
    assert stack_file.problems() == []


def test_the_environments_can_be_drawn_without_vercel() -> None:
    text = environments_document([Harbor().load().settings, Harbor("production").load().settings])
    assert f'staging_service2["Render: {WEB}"]' in text
    assert "browser --> staging_backend" in text
    assert "by opening a pull request (none)" in text
    assert "marketedge" not in text.replace("marketedge:", "")
