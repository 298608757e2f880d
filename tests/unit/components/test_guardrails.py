"""Each rule of the guardrails: when it fires, what it says, and when it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_github as github
import pytest

from blueprint.marker import fingerprint
from components import rules, security_rules
from components.accounts import VendorError
from components.guardrails import tells_a_leak
from components.observation import Observation
from components.required_checks import Evidence
from components.rules import Facts, RuleFinding
from components.stack import Before
from tests.unit.components.engine import CREDENTIALS, Run, run
from tests.unit.components.vendors import in_sync
from tests.unit.settings.stack_file import StackFile

NEVER_UP = Before(None, {}, {})
NOTHING_SEEN = Observation()


def facts(
    stack_file: StackFile,
    before: Before = NEVER_UP,
    observed: Observation = NOTHING_SEEN,
) -> Facts:
    return Facts(stack_file.load(), before, observed)


def produce(stack_file: StackFile, **options: Any) -> Run:
    return run(stack_file, stacks={"production": {}}, **options)


@pytest.fixture
def production() -> StackFile:
    return StackFile("production")


def add(stack_file: StackFile, key: str, value: str) -> None:
    stack_file["render"]["service"]["envVars"].append({"key": key, "value": value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("DEBUG", "true"), ("DEBUG", "1"), ("DEBUG", "True "), ("CSRF_ENABLED", "false")),
        *(("LOG_LEVEL", "DEBUG"), ("LOG_LEVEL", "trace")),
    ],
)
def test_production_in_debug_is_an_error_before_anything_is_declared(
    production: StackFile, key: str, value: str
) -> None:
    add(production, key, value)
    result = produce(production)
    assert f"marketedge:render, variable {key}: {value.strip().lower()!r} in production" in str(result.error)
    assert result.declared == []


@pytest.mark.parametrize(("key", "value"), [("DEBUG", "false"), ("CSRF_ENABLED", "true"), ("LOG_LEVEL", "INFO")])
def test_a_quiet_production_is_fine(production: StackFile, key: str, value: str) -> None:
    add(production, key, value)
    assert list(security_rules.production_is_quiet(facts(production))) == []


def test_debug_from_a_secret_is_an_error_that_does_not_show_it(production: StackFile) -> None:
    production.config["marketedge:secrets"] = {"SWITCH": "true"}
    production.secret_keys = {"marketedge:secrets"}
    production["render"]["service"]["envVars"].append({"key": "DEBUG", "fromSecret": "SWITCH"})
    (finding,) = security_rules.production_is_quiet(facts(production))
    assert "the value of the secret SWITCH switches it" in finding.text


def test_debug_from_a_group_of_variables_is_an_error(production: StackFile) -> None:
    group = {"name": "production-env", "envVars": [{"key": "DEBUG", "value": "true"}]}
    production["render"]["envGroup"] = group
    production["render"]["service"]["envVars"].append({"fromGroup": "production-env"})
    result = produce(production)
    assert "marketedge:render, variable DEBUG: 'true' in production" in str(result.error)
    assert result.declared == []


@pytest.mark.parametrize("declared", [[], [{"key": "DEBUG", "sync": False}]], ids=["undeclared", "kept at Render"])
def test_debug_that_is_kept_at_render_is_a_risk(production: StackFile, declared: list[dict[str, Any]]) -> None:
    production["render"]["service"]["envVars"] += declared
    live = Observation(switches={"DEBUG": "True", "CSRF_ENABLED": "true", "LOG_LEVEL": "INFO"})
    (finding,) = security_rules.production_is_quiet(facts(production, observed=live))
    assert finding.level == "risk"
    assert finding.text.startswith("Render, variable DEBUG: 'true' in production")


def test_what_is_declared_counts_and_not_what_it_replaces(production: StackFile) -> None:
    add(production, "DEBUG", "false")
    live = Observation(switches={"DEBUG": "true"})
    assert list(security_rules.production_is_quiet(facts(production, observed=live))) == []


def test_staging_may_debug() -> None:
    live = Observation(switches={"DEBUG": "true"})
    assert list(security_rules.production_is_quiet(facts(StackFile(), observed=live))) == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("render.envGroup.envVars", "STRIPE_SECRET_KEY", "sk_live_1234"),
        ("render.service.envVars", "SMTP_PASSWORD", "hunter2"),
        ("vercel.variables", "GITHUB_TOKEN", "ghp_1234"),
        ("github.environment.variables", "SLACK_API_KEY", "xoxb-1"),
        ("render.service.envVars", "CACHE_URL", "rediss://user:hunter2@redis.test:6379"),
    ],
)
def test_a_secret_that_is_written_out_is_an_error_that_does_not_show_it(section: str, key: str, value: str) -> None:
    stack_file = StackFile()
    parent, last = stack_file.parent_of(section)
    parent[last].append({"key": key, "value": value})
    result = run(stack_file)
    assert f", variable {key}: a secret in clear; expected fromSecret" in str(result.error)
    assert value not in str(result.error)
    assert result.declared == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "30"),
        ("JWT_ALGORITHM", "HS256"),
        ("REQUIRE_TOKEN", "true"),
        ("SMTP_PASSWORD", ""),
        ("NEXT_PUBLIC_MAPBOX_TOKEN", "pk.public"),
        ("UPSTREAM", "https://api.test:8443/path"),
    ],
)
def test_what_only_looks_like_a_secret_is_fine(key: str, value: str) -> None:
    stack_file = StackFile()
    stack_file["vercel"]["variables"].append({"key": key, "value": value})
    assert list(security_rules.secrets_are_kept_as_such(facts(stack_file))) == []


def test_wildcards_in_production_are_warnings_that_name_the_risk(production: StackFile) -> None:
    result = produce(production)
    assert result.error is None
    warnings = [warning for warning in result.warnings if "in production" in warning]
    assert [warning.split(":")[1] for warning in warnings] == [
        "auth0.callbacks",
        "auth0.logoutUrls",
        "auth0.webOrigins",
        "cors.origins",
    ]
    assert "https://*.vercel.app/callback, https://*.onrender.com/callback in production: anybody" in warnings[0]
    assert "login codes" in warnings[0]


def test_wildcards_in_production_are_errors_under_strict(production: StackFile) -> None:
    production.config["marketedge:strict"] = "true"
    result = produce(production)
    assert "marketedge:auth0.callbacks: https://*.vercel.app/callback" in str(result.error)
    assert result.declared == []


def test_production_with_named_hosts_only_is_fine_under_strict(production: StackFile) -> None:
    production.config["marketedge:strict"] = "true"
    for section, key in (("auth0", "callbacks"), ("auth0", "logoutUrls"), ("auth0", "webOrigins"), ("cors", "origins")):
        production[section][key] = [entry for entry in production[section][key] if "*" not in entry]
    assert produce(production).error is None


def test_staging_may_have_wildcards() -> None:
    assert list(security_rules.no_wildcards(facts(StackFile()))) == []


def shared(value: str) -> Before:
    return Before("foundation", {}, {"staging": {"secretDigests": {"JWT_SECRET_KEY": fingerprint(value)}}})


def test_a_jwt_secret_shared_with_staging_is_an_error(production: StackFile) -> None:
    observed = Observation(digests={"JWT_SECRET_KEY": fingerprint("signing-key")})
    (finding,) = security_rules.secrets_differ(facts(production, shared("signing-key"), observed))
    assert finding.level == "error"
    assert "JWT_SECRET_KEY is the same here and in stack staging" in finding.text
    assert "signing-key" not in finding.text


def test_different_jwt_secrets_are_fine(production: StackFile) -> None:
    observed = Observation(digests={"JWT_SECRET_KEY": fingerprint("signing-key")})
    assert list(security_rules.secrets_differ(facts(production, shared("another-key"), observed))) == []


def test_jwt_secrets_are_not_compared_where_one_is_not_to_be_seen(production: StackFile) -> None:
    assert list(security_rules.secrets_differ(facts(production, shared("signing-key")))) == []
    observed = Observation(digests={"JWT_SECRET_KEY": fingerprint("signing-key")})
    assert list(security_rules.secrets_differ(facts(production, NEVER_UP, observed))) == []


def test_the_shared_secret_is_refused_before_any_write(production: StackFile) -> None:
    def observed(document: Any, environ: Any) -> Any:
        report = in_sync(document, environ)
        report["services"]["marketedge-platform"]["digests"] = {"JWT_SECRET_KEY": fingerprint("signing-key")}
        return report

    peer = {"secretDigests": {"JWT_SECRET_KEY": fingerprint("signing-key")}}
    result = run(production, stacks={"production": {}, "staging": peer}, observed=observed)
    assert "JWT_SECRET_KEY is the same here and in stack staging" in str(result.error)
    assert result.declared == []


@pytest.mark.parametrize("declared", [[], [{"key": "JWT_SECRET_KEY", "generateValue": True}]])
def test_a_jwt_secret_that_is_only_at_render_is_compared_too(
    production: StackFile, declared: list[dict[str, Any]]
) -> None:
    """Also where it is to be generated: Render does that only where there is none, so it may be a copy."""
    others = [v for v in production["render"]["service"]["envVars"] if v["key"] != "JWT_SECRET_KEY"]
    production["render"]["service"]["envVars"] = others + declared
    observed = Observation(digests={"JWT_SECRET_KEY": fingerprint("signing-key")})
    (finding,) = security_rules.secrets_differ(facts(production, shared("signing-key"), observed))
    assert finding.level == "error"


def test_a_stack_exports_the_digest_of_a_configured_jwt_secret() -> None:
    stack_file = StackFile()
    variables = stack_file["render"]["envGroup"]["envVars"]
    (entry,) = (variable for variable in variables if variable["key"] == "JWT_SECRET_KEY")
    entry.clear()
    entry.update({"key": "JWT_SECRET_KEY", "fromSecret": "JWT_SECRET_KEY"})
    stack_file["secrets"]["JWT_SECRET_KEY"] = "signing-key"
    result = run(stack_file)
    assert result.error is None
    assert (result.outputs or {})["secretDigests"] == {"JWT_SECRET_KEY": fingerprint("signing-key")}
    assert "signing-key" not in repr(result.outputs)


def owning(peer: dict[str, Any], own: dict[str, Any]) -> Before:
    return Before("infrastructure", own, {"staging": peer})


def test_a_service_of_the_other_stack_is_an_error(production: StackFile) -> None:
    found = Observation(services={"marketedge-platform": "srv-1"})
    (finding,) = rules.belongs_to_one_stack(facts(production, owning({"renderServiceId": "srv-1"}, {}), found))
    assert "service marketedge-platform belongs to stack staging already" in finding.text
    assert finding.level == "error"


def test_an_application_of_the_other_stack_is_an_error(production: StackFile) -> None:
    production.config["marketedge:adopt"] = json.dumps({"auth0:Client/production": "stagingsClient"})
    (finding,) = rules.belongs_to_one_stack(facts(production, owning({"auth0ClientId": "stagingsClient"}, {})))
    assert "auth0:Client/production: stagingsClient belongs to stack staging already" in finding.text


def test_another_service_than_the_adopted_one_is_an_error_unless_that_one_is_given_up(production: StackFile) -> None:
    before, found = owning({}, {"renderServiceId": "srv-1"}), Observation(services={"marketedge-platform": "srv-2"})
    (finding,) = rules.belongs_to_one_stack(facts(production, before, found))
    assert "marketedge-platform is srv-2, and this stack has adopted srv-1" in finding.text
    production.config["marketedge:giveUp"] = json.dumps(["srv-1"])
    assert list(rules.belongs_to_one_stack(facts(production, before, found))) == []


def test_what_belongs_to_this_stack_alone_is_fine(production: StackFile) -> None:
    before = owning({"renderServiceId": "srv-9", "auth0ClientId": "theirs"}, {"renderServiceId": "srv-1"})
    found = Observation(services={"marketedge-platform": "srv-1"})
    production.config["marketedge:adopt"] = json.dumps({"auth0:Client/production": "ours"})
    assert list(rules.belongs_to_one_stack(facts(production, before, found))) == []
    assert list(rules.belongs_to_one_stack(facts(production, before))) == []


def test_a_free_database_is_a_notice_with_its_expiry_also_under_strict() -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:strict"] = "true"
    known = Observation(expires={"marketedge-staging-db": "2026-12-24T10:00:00Z"})
    (finding,) = rules.databases_that_expire(facts(stack_file, observed=known))
    assert finding.level == "notice"
    assert "marketedge-staging-db expires on 2026-12-24" in finding.text
    (finding,) = rules.databases_that_expire(facts(stack_file))
    assert "expires 30 days after its creation" in finding.text
    assert run(stack_file).error is None


def test_a_paid_database_does_not_expire() -> None:
    stack_file = StackFile()
    stack_file.put("render.database.plan", "basic_256mb")
    assert list(rules.databases_that_expire(facts(stack_file))) == []


def test_costs_over_the_budget_are_an_error_that_lists_the_parts() -> None:
    stack_file = StackFile()
    stack_file.put("render.service.plan", "starter")
    stack_file.put("render.database.plan", "basic_1gb")
    result = run(stack_file)
    assert (
        "marketedge:render adds $37.5 a month (marketedge-staging-db $23.5, marketedge-platform-staging $7, "
        "marketedge-platform-staging (each open preview) $7), over marketedge:budgetUsd 14" in str(result.error)
    )
    assert result.declared == []


def test_costs_of_exactly_the_budget_are_fine() -> None:
    stack_file = StackFile()
    stack_file.put("render.service.plan", "starter")
    stack_file.put("render.database.plan", "basic_256mb")
    stack_file.put("render.database.diskSizeGB", 10)  # $3
    stack_file.put("render.service.previews.generation", "off")
    stack_file.config["marketedge:budgetUsd"] = "16"
    assert list(rules.within_budget(facts(stack_file))) == []


def test_a_plan_without_a_known_price_is_a_risk() -> None:
    stack_file = StackFile()
    stack_file.put("render.database.plan", "next_512gb")
    (finding,) = rules.within_budget(facts(stack_file))
    assert finding == RuleFinding(
        "risk", "no price is known for the plan of marketedge-staging-db: the budget is not checked"
    )


def only_migrations(*_where: object) -> dict[str, str]:
    text = "name: Database Migration Test\non: pull_request\njobs: {test-migrations: {runs-on: ubuntu-latest}}\n"
    return {".github/workflows/migrations.yml": text}


def test_a_required_check_that_nothing_reports_is_a_warning_and_an_error_under_strict() -> None:
    stack_file = StackFile()
    result = run(stack_file, workflows=only_migrations)
    assert result.error is None
    texts = [warning for warning in result.warnings if "requiredChecks" in warning]
    assert len(texts) == 2
    assert any("Database Migration Test" in text and "test-migrations" in text for text in texts)

    stack_file.config["marketedge:strict"] = "true"
    strict = run(stack_file, workflows=only_migrations)
    assert "zebra-protection-gate" in str(strict.error)
    assert strict.declared == []


def test_at_cutover_the_gates_own_status_has_to_be_set_by_some_workflow(production: StackFile) -> None:
    def without_the_gate(*_where: object) -> dict[str, str]:
        checks = {"zebra-protection-gate": {"runs-on": "x"}, "m": {"name": "Database Migration Test", "runs-on": "x"}}
        return {".github/workflows/checks.yml": json.dumps({"on": {"pull_request": None}, "jobs": checks})}

    production.put("github.protection.force", False)
    production.config["marketedge:phase"] = "infrastructure"
    assert run(production, workflows=without_the_gate).error is None
    production.config["marketedge:phase"] = "cutover"
    refused = str(run(production, workflows=without_the_gate).error)
    assert "'staging-smoke-tests'" in refused
    assert "GitHub would wait for it forever" in refused
    assert "gate workflows sync" in refused
    assert run(production).error is None


def test_a_check_that_nothing_reports_is_not_added_to_a_branch_that_lived_before(production: StackFile) -> None:
    """Not even without strict; what the branch requires already, or the file forces, is a warning as elsewhere."""
    production.config["marketedge:phase"] = "infrastructure"
    production.put("github.protection.force", False)
    result = run(production, workflows=only_migrations)
    assert "require 'test-migrations' instead" in str(result.error)
    assert "marketedge:github.protection.force: true" in str(result.error)
    assert result.declared == []

    production.put("github.protection.force", True)
    forced = run(production, workflows=only_migrations)
    assert forced.error is None
    assert len([warning for warning in forced.warnings if "requiredChecks" in warning]) == 2


def test_a_check_that_the_branch_requires_already_is_no_error(production: StackFile) -> None:
    production.config["marketedge:phase"] = "infrastructure"
    required = frozenset(production.load().settings.github.protection.required_checks)
    evidence = replace(Evidence.of(only_migrations()), required=required)
    found = list(rules.checks_that_report(replace(facts(production), evidence=evidence)))
    assert [one.level for one in found] == ["risk", "risk"]


def test_what_is_not_understood_is_passed_over_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    evidence = Evidence.of({**only_migrations(), "odd.yml": "a: ["})
    assert list(rules.checks_that_report(replace(facts(StackFile()), evidence=evidence)))
    assert said == ["workflows that are not understood: odd.yml"]


def test_required_checks_are_not_compared_where_github_is_out_of_reach() -> None:
    def unreachable(*_where: object) -> dict[str, str]:
        raise VendorError("no route to host")

    assert run(workflows=unreachable).unexpected == []


def test_required_checks_are_not_compared_without_a_token() -> None:
    def never(*_where: object) -> dict[str, str]:
        raise AssertionError("asked")

    environ = {name: value for name, value in CREDENTIALS.items() if name != "GITHUB_TOKEN"}
    assert run(environ=environ, preview=True, workflows=never).error is None


def in_clear() -> str:
    text: str = StackFile()["secrets"]["REDIS_URL"]
    return text


@pytest.mark.parametrize(
    "leak",
    [
        in_clear,
        lambda: pulumi.Output.from_input("x").apply(lambda _: f"url={in_clear()}"),
        lambda: pulumi.Output.from_input({"urls": [in_clear()]}),
    ],
    ids=["text", "output", "inside an output"],
)
def test_a_secret_in_a_plain_input_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, leak: Callable[[], Any]) -> None:
    """As a component with a mistake in it would send it."""

    def careless(name: str, *_args: object) -> None:
        opts = {"repository": "r", "environment": "e", "variable_name": "REDIS_URL"}
        github.ActionsEnvironmentVariable(name, value=leak(), **opts)

    monkeypatch.setattr("components.github.Environment", careless)
    result = run()
    expected = "staging (github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable): value holds the secret"
    assert f"{expected} REDIS_URL in clear" in str(result.error)
    assert in_clear() not in str(result.error)


def with_previews(production: StackFile, generation: str) -> list[str]:
    production.config["marketedge:phase"] = "infrastructure"
    production.put("render.service.previews", {"generation": generation})
    return [finding.text for finding in security_rules.previews_use_no_live_data(facts(production))]


def test_previews_of_production_would_run_on_its_data(production: StackFile) -> None:
    (text,) = with_previews(production, "automatic")
    assert "service marketedge-platform: previews are automatic, so pull requests would run on live data" in text
    assert with_previews(production, "off") == []
    assert produce(production).error is None
    production.put("render.service.previews", {"generation": "manual"})
    assert "live data" in str(produce(production).error)


@pytest.mark.parametrize(
    "source",
    [
        {"fromKeyValue": {"name": "sessions"}},
        {"fromService": {"type": "keyvalue", "name": "sessions", "property": "connectionString"}},
    ],
)
def test_a_key_value_instance_is_live_data_however_it_is_referred_to(
    production: StackFile, source: dict[str, Any]
) -> None:
    production.config["marketedge:phase"] = "infrastructure"
    production["render"]["keyValue"] = {"name": "sessions", "plan": "starter", "ipAllowList": []}
    worker = {"type": "worker", "name": "mails", "runtime": "python", "plan": "starter", "buildCommand": "make"}
    worker |= {"startCommand": "python mails.py", "previews": {"generation": "automatic"}}
    production["render"]["otherServices"] = [worker | {"envVars": [{"key": "REDIS_URL", **source}]}]
    (finding,) = security_rules.previews_use_no_live_data(facts(production))
    assert "service mails: previews are automatic" in finding.text


def test_previews_of_staging_are_what_pull_requests_get() -> None:
    stack_file = StackFile()
    assert stack_file["render"]["service"]["previews"] == {"generation": "automatic"}
    assert list(security_rules.previews_use_no_live_data(facts(stack_file))) == []


def authors(stack_file: StackFile) -> list[str]:
    return [finding.text.partition(": ")[0] for finding in security_rules.releases_have_an_author(facts(stack_file))]


def test_release_tags_and_the_status_of_the_gate_have_an_author(production: StackFile) -> None:
    production.config["marketedge:phase"] = "cutover"
    assert authors(production) == ["marketedge:github.releaseManagers"]
    production["github"]["releaseManagers"] = {"teams": ["release-managers"]}
    assert authors(production) == []
    del production["github"]["protection"]["checksBy"]
    assert authors(production) == ["marketedge:github.protection.checksBy"]
    assert authors(StackFile()) == []


@pytest.mark.parametrize(
    "key", ["NEXT_PUBLIC_KEY", "VITE_KEY", "REACT_APP_KEY", "EXPO_PUBLIC_KEY", "PUBLIC_KEY", "NUXT_PUBLIC_KEY"]
)
def test_a_secret_under_a_public_prefix_is_told(key: str) -> None:
    stack_file = StackFile()
    stack_file["vercel"]["variables"].append({"key": key, "fromSecret": "REDIS_URL"})
    (finding,) = security_rules.public_variables(facts(stack_file))
    assert finding.text.startswith(f"{key} is public by its prefix: browsers get the secret REDIS_URL")


@pytest.mark.parametrize("key", ["VITE_AUTH0_TOKEN", "REACT_APP_API_KEY", "EXPO_PUBLIC_API_KEY", "NUXT_PUBLIC_TOKEN"])
def test_a_public_variable_is_no_secret_by_its_name(key: str) -> None:
    stack_file = StackFile()
    stack_file["vercel"]["variables"].append({"key": key, "value": "pk-1234"})
    assert list(security_rules.secrets_are_kept_as_such(facts(stack_file))) == []


CLEAR = '{"region": "oregon", "domain": "app.example.com", "databaseName": "marketedge_platform_staging"}'


@pytest.mark.parametrize(
    "value",
    [
        "k7Qe2rT9pLx4",
        "hunter2-of-redis",
        "redis://:hunter2@redis.test:6379",
        "s3cr3t!",
        "4f9a1c",
        "correct horse battery staple",
        "sk_live_51Hq",
        "a-word-of-many-words",
    ],
)
def test_a_value_that_can_only_be_the_secret_is_looked_for(value: str) -> None:
    assert tells_a_leak(value, CLEAR)


@pytest.mark.parametrize(
    "value",
    [
        "postgres",
        "staging",
        "localhost",
        "production",
        "123456",
        "true",
        "postgres16",
        "marketedge_platform_staging",
        "https://app.example.com",
        "app.example.com",
        "",
    ],
)
def test_a_common_word_is_not(value: str) -> None:
    assert not tells_a_leak(value, CLEAR)


def test_a_secret_that_is_a_common_word_does_not_fail_the_stack() -> None:
    stack_file = StackFile()
    stack_file["secrets"].update({"AUTH0_ACTION_SECRET": "marketedge", "REDIS_URL": "https://staging.zebra.associates"})
    assert run(stack_file).error is None
