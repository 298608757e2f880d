"""What is said of a wrong setting: its key path, what was found, what was expected. One row, one mistake."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.settings.stack_file import StackFile

REMOVED = object()
VARIABLE_NAME = "expected a variable name: a letter or _, then letters, digits, '_', '.' or '-'"
OBJECT_NAME = "expected a name of 1 to 63 letters, digits, '-', '_', '.', ':' or spaces"
CIDR = "expected an address block in CIDR notation, such as 203.0.113.0/24"
TEXT = "expected text (a number or true needs quotes)"
SECTION = "expected a section with keys of its own"
LOWER_CASE = "expected lower-case letters, digits and _, with no digit first"
WITH_KEY = "expected a key (and none with fromGroup, which links a whole group)"
SOURCES = (
    "value, generateValue, sync, fromDatabase, fromKeyValue, fromService, fromGroup, fromSecret, fromOutput; found"
)

RUNTIMES = "expected 'elixir', 'go', 'node', 'python', 'ruby', 'rust', 'docker' or 'image'"
REGIONS = "expected 'frankfurt', 'ohio', 'oregon', 'singapore' or 'virginia'"
PROTECTION = (
    "allowBypass, allowDeletions, allowForcePushes, checksBy, dismissStaleApprovals, force, "
    "requireConversationResolution, requireUpToDate, requiredApprovals, requiredChecks"
)

# Path below marketedge:, the value put there, and the whole problem after "marketedge:".
ROWS: list[tuple[str, Any, str]] = [
    # keys
    ("vercle", {}, "vercle: unknown key — did you mean vercel?"),
    ("github.protection.alowBypass", 1, "github.protection.alowBypass: unknown key — did you mean allowBypass?"),
    ("github.protection.zzz", 1, f"github.protection.zzz: unknown key — expected one of {PROTECTION}"),
    ("vercel.variables.0.fromOutputs", "x", "vercel.variables[0].fromOutputs: unknown key — did you mean fromOutput?"),
    (
        "render.envGroup.envVars.0",
        {"key": "REDIS_URL", "from_secret": "REDIS_URL"},
        "render.envGroup.envVars[0].from_secret: unknown key — did you mean fromSecret?",
    ),
    ("render.database.diskSizeGb", 1, "render.database.diskSizeGb: unknown key — did you mean diskSizeGB?"),
    ("github.branch.name", REMOVED, "github.branch.name: missing — this key is required"),
    ("auth0", REMOVED, "auth0: missing — this key is required"),
    # lists
    (
        "auth0.callbacks.1",
        "http://localhost:3000/callback",
        "auth0.callbacks: this list — listed more than once: http://localhost:3000/callback",
    ),
    (
        "github.protection.requiredChecks.1",
        "zebra-protection-gate",
        "github.protection.requiredChecks: this list — listed more than once: zebra-protection-gate",
    ),
    # what anybody could read
    (
        "github.environment.variables.0",
        {"key": "PASSWORD", "fromSecret": "REDIS_URL"},
        "github.environment.variables: this list — "
        "anybody could read PASSWORD; expected secrets under secrets, not variables",
    ),
    (
        "github.environment.variables.0.fromOutput",
        "auth0.clientSecret",
        "github.environment.variables: this list — "
        "anybody could read ENVIRONMENT; expected secrets under secrets, not variables",
    ),
    (
        "github.environment.variables.0.key",
        "GITHUB_REF",
        "github.environment.variables: this list — "
        "expected upper-case letters, digits and _, without GITHUB_ in front; found GITHUB_REF",
    ),
    # types
    ("auth0", "x", f"auth0: 'x' — {SECTION}"),
    ("auth0", ["x"], f"auth0: this list — {SECTION}"),
    ("auth0.callbacks", "https://x.example.com", "auth0.callbacks: 'https://x.example.com' — expected a list"),
    ("auth0.callbacks.0", 12, f"auth0.callbacks[0]: 12 — {TEXT}"),
    ("auth0.callbacks.0", {"url": "x"}, f"auth0.callbacks[0]: this section — {TEXT}"),
    ("auth0.domain", None, f"auth0.domain: empty — {TEXT}"),
    (
        "github.protection.requiredApprovals",
        "one",
        "github.protection.requiredApprovals: 'one' — expected a whole number",
    ),
    ("github.protection.requiredApprovals", 1.5, "github.protection.requiredApprovals: 1.5 — expected a whole number"),
    (
        "github.protection.requiredApprovals",
        True,
        "github.protection.requiredApprovals: true — expected a whole number",
    ),
    ("github.protection.allowBypass", "no", "github.protection.allowBypass: 'no' — expected true or false"),
    ("github.protection.allowBypass", 0, "github.protection.allowBypass: 0 — expected true or false"),
    # bounds
    ("github.protection.requiredApprovals", 7, "github.protection.requiredApprovals: 7 — expected at most 6"),
    ("github.protection.requiredApprovals", -1, "github.protection.requiredApprovals: -1 — expected at least 0"),
    ("github.protection.requiredChecks", [], "github.protection.requiredChecks: this list — expected at least 1 entry"),
    ("github.protection.requiredChecks", [""], "github.protection.requiredChecks[0]: '' — expected some text"),
    (
        "github.environment.name",
        "x" * 256,
        f"github.environment.name: '{'x' * 59}… (256 characters) — expected at most 255 characters",
    ),
    ("dns.ttlSeconds", 5, "dns.ttlSeconds: 5 — expected at least 30"),
    ("dns.ttlSeconds", 86401, "dns.ttlSeconds: 86401 — expected at most 86400"),
    ("render.database.diskSizeGB", 0, "render.database.diskSizeGB: 0 — expected at least 1"),
    # names and texts
    (
        "github.repository",
        "zebra-devops/MarketEdge-Platform",
        "github.repository: 'zebra-devops/MarketEdge-Platform' — expected a repository's name without its owner",
    ),
    ("auth0.application", "<b>", "auth0.application: '<b>' — expected a name without < and >"),
    ("render.service.name", "a/b", f"render.service.name: 'a/b' — {OBJECT_NAME}"),
    ("render.database.databaseName", "Market Edge", f"render.database.databaseName: 'Market Edge' — {LOWER_CASE}"),
    ("render.database.user", "1st", f"render.database.user: '1st' — {LOWER_CASE}"),
    (
        "render.service.healthCheckPath",
        "health",
        "render.service.healthCheckPath: 'health' — expected a path such as /health, without a query",
    ),
    ("render.service.startCommand", "", "render.service.startCommand: '' — expected some text"),
    # choices
    (
        "environment",
        "stagging",
        "environment: 'stagging' — did you mean staging? If not, say marketedge:adopted as well",
    ),
    ("render.region", "us-west", f"render.region: 'us-west' — {REGIONS}"),
    ("render.service.plan", "", "render.service.plan: '' — expected some text"),
    ("render.service.runtime", "php", f"render.service.runtime: 'php' — {RUNTIMES}"),
    (
        "render.service.previews.generation",
        "sometimes",
        "render.service.previews.generation: 'sometimes' — expected 'off', 'manual' or 'automatic'",
    ),
    (
        "render.database.postgresMajorVersion",
        9,
        "render.database.postgresMajorVersion: '9' — expected '10', '11', '12', '13', '14', '15', '16', '17' or '18'",
    ),
    # addresses that may connect
    (
        "render.database.ipAllowList",
        [{"source": "203.0.113.7/24"}],
        "render.database.ipAllowList[0].source: '203.0.113.7/24' — expected a block that begins at its first address: "
        "203.0.113.0/24",
    ),
    (
        "render.database.ipAllowList",
        [{"source": "300.0.0.0/8"}],
        f"render.database.ipAllowList[0].source: '300.0.0.0/8' — {CIDR}",
    ),
    ("render.database.ipAllowList", ["10.0.0.0/8"], f"render.database.ipAllowList[0]: '10.0.0.0/8' — {SECTION}"),
    # variables: names
    ("vercel.variables.3.key", "1ST", f"vercel.variables[3].key: '1ST' — {VARIABLE_NAME}"),
    ("render.service.envVars.2.key", "A B", f"render.service.envVars[2].key: 'A B' — {VARIABLE_NAME}"),
    ("github.environment.variables.0.key", "", f"github.environment.variables[0].key: '' — {VARIABLE_NAME}"),
    # variables: sources
    (
        "vercel.variables.1",
        {"key": "A"},
        "vercel.variables[1]: this section — A: expected exactly one of value, fromSecret, fromOutput; found none",
    ),
    (
        "render.service.envVars.2",
        {"key": "A", "value": "1", "fromSecret": "REDIS_URL"},
        f"render.service.envVars[2]: this section — A: expected exactly one of {SOURCES} value, fromSecret",
    ),
    ("render.service.envVars.2", {"value": "1"}, f"render.service.envVars[2]: this section — {WITH_KEY}"),
    (
        "render.service.envVars.0",
        {"key": "A", "fromGroup": "staging-env"},
        f"render.service.envVars[0]: this section — {WITH_KEY}",
    ),
    ("render.envGroup.envVars.7.value", 3.5, f"render.envGroup.envVars[7].value: 3.5 — {TEXT}"),
    (
        "render.envGroup.envVars.6.generateValue",
        "no",
        "render.envGroup.envVars[6].generateValue: 'no' — expected true",
    ),
    (
        "render.service.envVars.1.fromOutput",
        "render.serviceUrl",  # it is made by this very service
        "render.service.envVars[1].fromOutput: 'render.serviceUrl' — expected 'auth0.domain', 'auth0.audience', "
        "'auth0.clientId', 'auth0.clientSecret', 'cors.origins', 'frontend.url' or 'environment'",
    ),
    (
        "render.service.envVars.5.fromDatabase.property",
        "url",
        "render.service.envVars[5].fromDatabase.property: 'url' — expected 'connectionString', 'host', 'port', 'user', "
        "'password' or 'database'",
    ),
    # variables: twice
    (
        "vercel.variables.1.key",
        "NEXT_PUBLIC_API_BASE_URL",
        "vercel.variables: this list — declared more than once: NEXT_PUBLIC_API_BASE_URL",
    ),
    (
        "render.envGroup.envVars.7.key",
        "LOG_LEVEL",
        "render.envGroup.envVars: this list — declared more than once: LOG_LEVEL",
    ),
    (
        "render.service.envVars.3.key",
        "DEBUG",
        "render: this section — declared by both service and envGroup, of which the service would win: DEBUG",
    ),
    # references
    (
        "render.service.envVars.5.fromDatabase.name",
        "other-db",
        "render: this section — DATABASE_URL: fromDatabase 'other-db' is not declared; expected marketedge-staging-db",
    ),
    (
        "render.service.envVars.0",
        {"fromGroup": "other"},
        "render: this section — envVars: fromGroup 'other' is not declared; expected staging-env",
    ),
    (
        "render.service.envVars.3",
        {"key": "REDIS", "fromKeyValue": {"name": "redis"}},
        "render: this section — REDIS: fromKeyValue 'redis' is not declared; expected none, since this stack declares "
        "none",
    ),
    (
        "render.service.envVars.4.fromService.name",
        "other",
        "render: this section — PORT: fromService 'other' is not declared; expected marketedge-platform-staging",
    ),
    (
        "render.envGroup.envVars.0",
        {"fromGroup": "staging-env"},
        "render.envGroup: this section — a group cannot hold fromGroup",
    ),
]


@pytest.mark.parametrize(("path", "value", "problem"), ROWS)
def test_one_mistake_one_problem(stack_file: StackFile, path: str, value: Any, problem: str) -> None:
    if value is REMOVED:
        stack_file.delete(path)
    else:
        stack_file.put(path, value)
    assert stack_file.problems() == [f"marketedge:{problem}"]


def test_undeclared_references_are_reported_together(stack_file: StackFile) -> None:
    stack_file.put("render.service.envVars.4.fromService.name", "other")
    stack_file.put("render.service.envVars.5.fromDatabase.name", "other-db")
    assert stack_file.problems() == [
        "marketedge:render: this section — PORT: fromService 'other' is not declared; expected "
        "marketedge-platform-staging; DATABASE_URL: fromDatabase 'other-db' is not declared; expected "
        "marketedge-staging-db"
    ]


@pytest.mark.parametrize(("written", "text"), [(True, "true"), (False, "false"), (30, "30"), ("x", "x"), ("", "")])
def test_values_of_variables_are_text_however_yaml_reads_them(
    stack_file: StackFile, written: object, text: str
) -> None:
    stack_file.put("vercel.variables.4.value", written)
    stack_file.put("render.service.envVars.3.value", written)
    settings = stack_file.load().settings
    assert settings.vercel.variables[4].value == text
    assert settings.render.service.env_vars[3].value == text


def test_an_optional_section_may_be_left_out(stack_file: StackFile) -> None:
    stack_file.delete("render.database")
    stack_file.delete("render.service.envVars.5")
    assert stack_file.problems() == []


ODD: list[Any] = [
    None,
    "",
    0,
    1.5,
    True,
    [],
    {},
    ["a"],
    [None],
    [{}],
    {"a": 1},
    {"a": None},
    "a\n",
    "{frontend}",
    2**70,
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value that is inside of another one."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_whatever_stands_anywhere_is_a_problem_or_a_value_and_no_crash(stack: str) -> None:
    paths = list(places(StackFile(stack).config))
    for path, value in random.Random(13).sample([(path, value) for path in paths for value in ODD], 150):
        stack_file = StackFile(stack)
        *parents, last = path
        at: Any = stack_file.config
        for step in parents:
            at = at[step]
        at[last] = value
        assert all("—" in problem for problem in stack_file.problems()), path
