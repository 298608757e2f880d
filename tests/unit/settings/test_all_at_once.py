"""Everything that is wrong is reported in one error, and nothing that is secret is in it."""

from __future__ import annotations

import pytest

from components.configuration_errors import SettingsError
from tests.unit.settings.stack_file import SECRETS, VERCEL_TOKEN, StackFile


def complaint(stack_file: StackFile) -> str:
    with pytest.raises(SettingsError) as error:
        stack_file.load()
    return str(error.value)


def test_five_mistakes_are_five_problems_in_one_error(stack_file: StackFile) -> None:
    stack_file.delete("github.branch.name")
    protection = stack_file["github"]["protection"]
    protection["dismissStaleAprovals"] = protection.pop("dismissStaleApprovals")
    stack_file.environ["VERCEL_API_TOKEN"] = "abcdefghijklmnopqrst"
    stack_file.put("auth0.callbacks.0", "https://staging.zebra.associates/*")
    stack_file.put("render.region", "paris")
    assert complaint(stack_file).splitlines() == [
        "stack staging: 5 problems in its configuration; nothing was read or changed:",
        "  marketedge:github.branch.name: missing — this key is required",
        "  marketedge:github.protection.dismissStaleAprovals: unknown key — did you mean dismissStaleApprovals?",
        "  marketedge:auth0.callbacks[0]: 'https://staging.zebra.associates/*' — expected a path without a wildcard "
        "and without a fragment: a wildcard or {organization_name} may only stand in the first part of a host, as in "
        "https://*.example.com and https://shop-*.example.com",
        "  marketedge:render.region: 'paris' — expected 'frankfurt', 'ohio', 'oregon', 'singapore' or 'virginia'",
        "  VERCEL_API_TOKEN: 20 characters (in the environment) — expected 24 letters and digits: make a token at "
        "Vercel, Account Settings, Tokens, and export it",
    ]


@pytest.mark.parametrize(
    ("section", "key", "misspelt"),
    [
        ("github.protection", "requiredChecks", "requiredCheck"),
        ("github.protection", "allowDeletions", "allowDeletion"),
        ("auth0", "callbacks", "callback"),
        ("auth0", "webOrigins", "weborigins"),
        ("dns", "ttlSeconds", "ttl_seconds"),
    ],
)
def test_a_misspelt_required_key_is_one_problem(stack_file: StackFile, section: str, key: str, misspelt: str) -> None:
    parent, last = stack_file.parent_of(f"{section}.{key}")
    parent[misspelt] = parent.pop(last)
    assert stack_file.problems() == [f"marketedge:{section}.{misspelt}: unknown key — did you mean {key}?"]


def test_a_misspelt_section_is_one_problem(stack_file: StackFile) -> None:
    stack_file.config["marketedge:vercle"] = stack_file.config.pop("marketedge:vercel")
    assert stack_file.problems() == ["marketedge:vercle: unknown key — did you mean vercel?"]


def test_a_missing_key_beside_an_unrelated_unknown_one_are_two_problems(stack_file: StackFile) -> None:
    stack_file.delete("github.branch.name")
    stack_file.put("github.branch.colour", "red")
    assert stack_file.problems() == [
        "marketedge:github.branch.name: missing — this key is required",
        "marketedge:github.branch.colour: unknown key — expected one of name, source",
    ]


def test_one_problem_is_counted_as_one(stack_file: StackFile) -> None:
    stack_file.delete("dns.ttlSeconds")
    first = complaint(stack_file).splitlines()[0]
    assert first == "stack staging: 1 problem in its configuration; nothing was read or changed:"


def test_an_empty_configuration_lists_every_section_and_the_owner(stack_file: StackFile) -> None:
    stack_file.config.clear()
    stack_file.secret_keys.clear()
    assert [problem.split(": ")[0] for problem in stack_file.problems()] == [
        "marketedge:environment",
        "marketedge:github",
        "marketedge:auth0",
        "marketedge:render",
        "marketedge:cors",
        "marketedge:dns",
        "github:owner",
    ]


@pytest.mark.parametrize("secrets", [{}, {"REDIS_URL": ""}, "text", ["REDIS_URL"]])
def test_a_missing_secret_comes_with_the_command_that_sets_it(stack_file: StackFile, secrets: object) -> None:
    stack_file.config["marketedge:secrets"] = secrets
    command = "pulumi config set --stack staging --secret --path 'marketedge:secrets."
    assert stack_file.problems() == [
        f"marketedge:secrets.AUTH0_ACTION_SECRET: missing — run: {command}AUTH0_ACTION_SECRET'",
        f"marketedge:secrets.REDIS_URL: missing — run: {command}REDIS_URL'",
    ]


def test_a_secret_that_two_variables_refer_to_is_missing_once(stack_file: StackFile) -> None:
    stack_file.put("render.service.envVars.3", {"key": "SENTRY", "fromSecret": "SENTRY_DSN"})
    stack_file.put("vercel.variables.4", {"key": "SENTRY", "fromSecret": "SENTRY_DSN"})
    assert stack_file.problems() == [
        "marketedge:secrets.SENTRY_DSN: missing — "
        "run: pulumi config set --stack staging --secret --path 'marketedge:secrets.SENTRY_DSN'"
    ]


def test_secrets_in_clear(stack_file: StackFile) -> None:
    stack_file.secret_keys.clear()
    assert stack_file.problems() == [
        "marketedge:secrets: in clear — remove it and run for each: "
        "pulumi config set --stack staging --secret --path 'marketedge:secrets.NAME'"
    ]


def test_a_secret_in_another_section_is_one_problem_without_its_value(stack_file: StackFile) -> None:
    stack_file.put("render.envGroup.envVars.0", {"key": "REDIS_URL", "value": "rediss://hunter2@redis.test"})
    stack_file.put("render.service.plan", "hunter2")
    stack_file.secret_keys.add("marketedge:render")
    assert stack_file.problems() == [
        "marketedge:render: is or holds a secret — expected settings in clear: keep the secret in marketedge:secrets "
        "and refer to it with fromSecret"
    ]


def test_a_secret_of_a_provider_is_none_of_our_business(stack_file: StackFile) -> None:
    stack_file.config["auth0:clientSecret"] = "hunter2"
    stack_file.secret_keys.add("auth0:clientSecret")
    assert stack_file.problems() == []


def test_github_secrets_written_in_clear(stack_file: StackFile) -> None:
    stack_file.put("github.environment.secrets.0", {"key": "KEY", "value": "hunter2"})
    assert stack_file.problems() == [
        "marketedge:github.environment.secrets: this list — written in clear: KEY; expected fromSecret or fromOutput"
    ]


def test_a_secret_in_the_place_of_its_name_is_not_shown(stack_file: StackFile) -> None:
    stack_file.put("render.envGroup.envVars.0.fromSecret", "rediss://hunter2@redis.test")
    assert stack_file.problems() == [
        "marketedge:render.envGroup.envVars[0].fromSecret: not a name — expected the name of an entry of "
        "marketedge:secrets: letters, digits and _, with no digit first"
    ]


@pytest.mark.parametrize("length", [1, 20, 23, 25])
def test_a_vercel_token_of_another_length(stack_file: StackFile, length: int) -> None:
    stack_file.environ["VERCEL_API_TOKEN"] = "a" * length
    assert stack_file.problems() == [
        f"VERCEL_API_TOKEN: {length} characters (in the environment) — expected 24 letters and digits: make a token at "
        "Vercel, Account Settings, Tokens, and export it"
    ]


@pytest.mark.parametrize("token", ["A1" * 12, "vcp_" + "A1" * 12, "vca_" + "A1" * 20])
def test_a_vercel_token_of_either_kind_is_taken(stack_file: StackFile, token: str) -> None:
    stack_file.environ["VERCEL_API_TOKEN"] = token
    assert stack_file.problems() == []


@pytest.mark.parametrize("token", ["abcdefghijklmnopqrstuv-x", "abcdefghijklmnopqrstuvwx\n", "ghp_" + "a" * 24])
def test_a_vercel_token_with_other_characters(stack_file: StackFile, token: str) -> None:
    stack_file.environ["VERCEL_API_TOKEN"] = token
    assert [problem.split(":")[0] for problem in stack_file.problems()] == ["VERCEL_API_TOKEN"]


def test_no_token_is_no_problem_of_the_settings(stack_file: StackFile) -> None:
    del stack_file.environ["VERCEL_API_TOKEN"]
    assert stack_file.problems() == []


def test_the_owner_of_the_repository(stack_file: StackFile) -> None:
    del stack_file.config["github:owner"]
    assert stack_file.problems() == [
        "github:owner: missing — the repository's owner: pulumi config set github:owner <organization>"
    ]
    stack_file.environ["GITHUB_OWNER"] = "from-the-environment"
    assert stack_file.load().owner == "from-the-environment"


def test_no_secret_and_no_token_in_any_message(stack_file: StackFile) -> None:
    for section in ("github", "auth0", "vercel", "render", "cors", "dns"):
        stack_file.config[f"marketedge:{section}"] = {"unknown": 1}
    stack_file.config["marketedge:extra"] = dict(SECRETS)
    stack_file.secret_keys.clear()
    stack_file.environ["VERCEL_API_TOKEN"] = VERCEL_TOKEN[:20]
    text = complaint(stack_file)
    assert not [secret for secret in (*SECRETS.values(), VERCEL_TOKEN[:20]) if secret in text]


def test_an_owner_in_the_environment_that_is_not_the_configured_one_is_refused() -> None:
    stack_file = StackFile()
    stack_file.environ["GITHUB_OWNER"] = "somebody-else"
    assert stack_file.problems() == [
        "github:owner: 'zebra-devops' — "
        "unset GITHUB_OWNER, which is 'somebody-else' and would win over it at the provider"
    ]
