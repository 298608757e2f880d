"""No value of a user is taken for one of our own signs, or the engine's: it is refused, and never shown."""

from typing import Any

import pytest

from components.vendors import UNKNOWN
from tests.unit.settings.stack_file import StackFile

SIGNS = {
    UNKNOWN: "by it Pulumi marks what it does not know yet",
    f"x {UNKNOWN} y": "by it Pulumi marks what it does not know yet",
    "4dabf18193072939515e22adb298388d": "by it Pulumi marks secrets",
    "[secret]": "gate shows it in the place of a secret",
    "a\0b": "a NUL, which no process can have in a variable",
}


@pytest.mark.parametrize(("value", "why"), SIGNS.items())
@pytest.mark.parametrize("path", ["render.envGroup.envVars.7.value", "vercel.variables.4.value", "secrets.REDIS_URL"])
def test_a_sign_is_refused_wherever_it_stands(path: str, value: str, why: str) -> None:
    stack_file = StackFile()
    stack_file.put(path, value)
    (said,) = stack_file.problems()
    assert said.endswith(f"expected another value: {why}")
    assert "x " not in said.partition("expected")[0]


@pytest.mark.parametrize(
    "value",
    ["*", "null", "None", "(none)", "exists", "overtaken", "$ref", "${X}", "{frontend}", "secret", "[SECRET]", "-", ""],
)
def test_other_values_are_what_they_are(value: str) -> None:
    stack_file = StackFile()
    stack_file.put("render.envGroup.envVars.7", {"key": "ALLOWED_HOSTS", "value": value})
    (variable,) = (v for v in stack_file.load().settings.render.variables if v.key == "ALLOWED_HOSTS")
    assert variable.value == value


@pytest.mark.parametrize(
    "entry", ["{frontend}.evil.example", "{frontend}x", "{frontends}", "x{frontend}", "{aliases}-x"]
)
def test_a_placeholder_ends_where_the_host_ends(entry: str) -> None:
    stack_file = StackFile()
    stack_file["cors"]["origins"].append(entry)
    (said,) = stack_file.problems()
    assert said.startswith(f"marketedge:cors.origins[3]: {entry!r} — expected https://host[:port]")


def test_a_host_is_not_taken_for_one_that_is_missing() -> None:
    stack_file = StackFile()
    stack_file["cors"]["origins"] += ["https://frontend.invalid", "{frontend}:8443"]
    settings: Any = stack_file.load().settings
    assert settings.cors.origins[3:] == ["https://frontend.invalid", "https://staging.zebra.associates:8443"]
