"""A stack file is read as the Pulumi CLI reads it, and what is written is what the process sees, or needs quotes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.configuration import load
from components.configuration_errors import SettingsError
from components.stack_file import StackConfig, locate, names, read
from gate.common.errors import GateError
from gate.stack.target import load_settings, read_config
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import SECRETS, STACKS, StackFile

VALUE = "{key: LOG_LEVEL, value: DEBUG}"
AS_WRITTEN = [
    *("30", "0", "-5", "true", "false", "off", "Yes", "no", "12:30:45", "1.2.3", "0x", "_1", "1e400", "=", "y"),
    *("190:20:30.15", "2024-13-45", "2024-01-01T10:00:00", "0b12", "1L", "10%", "nan", "inf", "a:b", "😀", "!!str 12"),
    *("!!str 0755", "!ours x", "'x '", "x\u00a0"),
]
CHANGED = {  # as `pulumi config --json` shows them, CLI 3.210
    "02134": "1116",
    "0755": "493",
    "1e3": "1000",
    "0x1F": "31",
    "1_000": "1000",
    "0o17": "15",
    "0b11": "3",
    "+5": "5",
    "-0": "0",
    "1.0": "1",
    "5.": "5",
    "1__0": "10",
    "-0x1F": "-31",
    "09": "9",
    "True": "true",
    "FALSE": "false",
    "12345678901234567890": "12345678901234567000",
    "2020-01-01": "2020-01-01 with a time",
    "2020-01-01T00:00:00Z": "2020-01-01T00:00:00Z with a time",
    ".inf": "no value at all",
    ".NaN": "no value at all",
    "2020-1-1 10:00:00": "2020-1-1 10:00:00 with a time",
    "2020-01-01t10:00:00+01:00": "2020-01-01t10:00:00+01:00 with a time",
    "!!int 0o17": "15",
    "!!binary aGk=": "hi",
}


def project(tmp_path: Path, value: str, config: str = "") -> Path:
    """A project whose staging stack has a variable written like this."""
    text = (STACKS / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    assert VALUE in text
    text = text.replace(VALUE, f"{{key: LOG_LEVEL, value: {value}}}")
    (tmp_path / "Pulumi.yaml").write_text(f"name: gate\nruntime: python\n{config}", encoding="utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def in_the_program(folder: Path) -> str | None:
    """What a run of the program says, with the engine's configuration of this file."""
    stack_file = StackFile()
    stack_file.config = dict(read(locate("staging", folder))) | {"marketedge:secrets": dict(SECRETS)}
    error = run(stack_file, root=folder).error
    return str(error) if error else None


@pytest.mark.parametrize("value", AS_WRITTEN)
def test_what_is_written_is_what_the_process_sees(tmp_path: Path, value: str) -> None:
    settings, _ = load_settings("staging", None, {}, project(tmp_path, value))
    (seen,) = (v.value for v in settings.render.env_groups[0].env_vars if v.key == "LOG_LEVEL")
    assert seen == value.removeprefix("!!str ").removeprefix("!ours ").partition("\t")[0].strip("'")


@pytest.mark.parametrize(("value", "becomes"), CHANGED.items())
def test_or_one_error_says_that_it_needs_quotes(tmp_path: Path, value: str, becomes: str) -> None:
    text = value.partition(" ")[2] if value.startswith("!!") else value
    with pytest.raises(GateError) as refusal:
        load_settings("staging", None, {}, project(tmp_path, value))
    assert str(refusal.value).splitlines()[1:] == [
        f"  marketedge:render.envGroup.envVars[11].value: {text} — needs quotes: Pulumi reads it as {becomes}; "
        f'write "{text}"' + (f", or {becomes}" if becomes[-1].isdigit() else "")
    ]


@pytest.mark.parametrize("value", ["02134", "True", "2020-01-01"])
def test_the_program_says_the_same(tmp_path: Path, value: str) -> None:
    said = in_the_program(project(tmp_path, value))
    assert said is not None
    assert f"value: {value} — needs quotes" in said
    assert "1 problem in its configuration" in said


def test_in_quotes_everything_is_text(tmp_path: Path) -> None:
    assert in_the_program(project(tmp_path, "'02134'")) is None
    load_settings("staging", None, {}, project(tmp_path, '"2020-01-01"'))


@pytest.mark.parametrize("value", ["3.11", "0.5", "[1]", "null", "{a: b}"])
def test_what_is_no_text_is_one_error(tmp_path: Path, value: str) -> None:
    with pytest.raises(GateError, match="1 problem in its configuration"):
        load_settings("staging", None, {}, project(tmp_path, value))


def test_a_switch_may_be_written_in_any_case(tmp_path: Path) -> None:
    folder = project(tmp_path, "DEBUG")
    file = folder / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace("allowBypass: false", "allowBypass: False"))
    load_settings("staging", None, {}, folder)


def test_a_configuration_from_elsewhere_is_not_measured_by_the_file(tmp_path: Path) -> None:
    """`pulumi --config-file` and the Automation API need not use the file that lies there."""
    file = read(locate("staging", project(tmp_path, "02134")))
    config = dict(file) | {"marketedge:render": file["marketedge:render"].replace("1116", '"quoted there"')}
    load("staging", config, frozenset(), {}, check_secrets=False, file=file)


BROKEN = {
    "not UTF-8 text": b"config:\n  github:owner: caf\xe9\n",
    "a character that YAML does not allow: '\\x01'": b"config:\n  github:owner: a\x01\n",
    "the key github:owner is written twice, first in line 2": b"config:\n  github:owner: a\n\n  github:owner: b\n",
    "mapping values are not allowed in this context": b"config:\n  github:owner: a: b\n",
    "found character that cannot start any token": b"config:\n\tgithub:owner: a\n",
    "expected keys with values, such as config:": b"- config\n",
    "could not find expected ':'": b"config:\n  x: y\n  github:owner\n",
    "found undefined alias": b"config:\n  github:owner: *nobody\n",
    "<< takes keys with values": b"config:\n  marketedge:dns:\n    <<: x\n",
    "an anchor that holds itself": b"config:\n  gate:a: &a {b: *a}\n",
    "its aliases stand for too much": b"a0: &a0 [x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)),
    "exceeded maximum nesting depth": b"config: " + b"[" * 5_000,
    "not UTF-8 text: save the file": b"\x89PNG\r\n",
}


@pytest.mark.parametrize(("said", "content"), BROKEN.items())
def test_a_file_that_cannot_be_read_is_one_line_with_its_place(tmp_path: Path, said: str, content: bytes) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: gate\nruntime: python\n")
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_bytes(content)
    with pytest.raises(GateError) as refusal:
        load_settings("staging", None, {}, tmp_path)
    assert str(refusal.value).startswith(f"{file}:")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", ["", "config:\n", "encryptionsalt: v1:x\n", "# nothing yet\n", "---\n", "~\n"])
def test_an_empty_file_has_an_empty_configuration(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.staging.yaml").write_text(content)
    assert read_config(tmp_path / "Pulumi.staging.yaml") == {}


def test_the_project_speaks_for_every_stack_and_a_stack_for_itself(tmp_path: Path) -> None:
    shared = """\
config:
  github:owner: everybody
  marketedge:budgetUsd:
    value: 50
  own:
    type: string
    default: x
"""
    config = read(locate("staging", project(tmp_path, "DEBUG", shared)))
    assert (config["github:owner"], config["marketedge:budgetUsd"], config["gate:own"]) == ("zebra-devops", "14", "x")
    (tmp_path / "Pulumi.qa.yaml").write_text("config:\n  marketedge:strict: true\n")
    config = read(locate("qa", tmp_path))
    assert (config["github:owner"], config["marketedge:budgetUsd"]) == ("everybody", "50")


def test_stack_files_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yml").write_text("name: gate\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.eu.staging.yml").write_text("config:\n  github:owner: zebra\n")
    assert names(tmp_path) == ["eu.staging"]
    assert read(locate("acme/gate/eu.staging", tmp_path), tmp_path) == {"github:owner": "zebra"}


@pytest.mark.parametrize(
    "content",
    [
        "config:\n  gate:owner: zebra\n",
        "config:\r\n  gate:owner: zebra\r\n",
        "\ufeffconfig:\n  owner: zebra\n",
        "config:\n  gate:config:owner: zebra\n",
        "config:\n  gate:owner:\tzebra\n",
        '{\n\t"config": {\n\t\t"gate:owner": "zebra"\n\t}\n}\n',
        "config:\n  gate:owner: zebra\n---\nconfig: {gate:owner: other}\n",
        "config:\n  gate:owner: !!binary emVicmE=\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_it_is_read_as_the_cli_reads_it(tmp_path: Path, content: str, encoding: str) -> None:
    """Each of these was given to the CLI, 3.210. PowerShell writes UTF-16."""
    (tmp_path / "Pulumi.yaml").write_text("name: gate\nruntime: python\n")
    (tmp_path / "Pulumi.staging.yaml").write_bytes(
        content.removeprefix("\ufeff" * (encoding != "utf-8")).encode(encoding)
    )
    assert read(tmp_path / "Pulumi.staging.yaml") == {"gate:owner": "zebra"}


def test_anchors_and_merges_are_followed(tmp_path: Path) -> None:
    text = "config:\n  gate:a: &a {x: 1, y: 2}\n  gate:b:\n    <<: *a\n    y: 3\n"
    (tmp_path / "Pulumi.staging.yaml").write_text(text)
    assert json.loads(read(tmp_path / "Pulumi.staging.yaml")["gate:b"]) == {"x": 1, "y": 3}


# Secrets


def with_secrets(tmp_path: Path, entries: str) -> StackConfig:
    folder = project(tmp_path, "DEBUG")
    file = folder / "Pulumi.staging.yaml"
    file.write_text(f"{file.read_text()}  marketedge:secrets:\n{entries}", encoding="utf-8")
    return read(file)


def problems(file: StackConfig, **secrets: str | None) -> list[str]:
    """Of the file and what the engine hands out for its secrets."""
    values = dict(file) | {"marketedge:secrets": json.dumps(secrets)}
    try:
        load("staging", values, frozenset({"marketedge:secrets"}), {}, file=file)
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


ENCRYPTED = "    REDIS_URL:\n      secure: v1:abc\n"


def test_an_encrypted_secret_is_not_in_the_configuration(tmp_path: Path) -> None:
    file = with_secrets(tmp_path, ENCRYPTED)
    assert "marketedge:secrets" not in file
    assert file.secrets == {"marketedge:secrets": {"REDIS_URL": True}}


@pytest.mark.parametrize("entry", ["    AUTH0_ACTION_SECRET:\n", "    AUTH0_ACTION_SECRET: ''\n"])
def test_an_empty_secret_beside_an_encrypted_one_is_missing(tmp_path: Path, entry: str) -> None:
    found = problems(with_secrets(tmp_path, ENCRYPTED + entry), REDIS_URL="redis://x", AUTH0_ACTION_SECRET=None)
    assert [one.partition(" — ")[0] for one in found] == ["marketedge:secrets.AUTH0_ACTION_SECRET: missing"]


def test_a_secret_that_was_set_without_secret_is_told_and_not_shown(tmp_path: Path) -> None:
    file = with_secrets(tmp_path, ENCRYPTED + "    AUTH0_ACTION_SECRET: hunter2\n")
    (found,) = problems(file, REDIS_URL="redis://x", AUTH0_ACTION_SECRET="hunter2")
    assert found == (
        "marketedge:secrets.AUTH0_ACTION_SECRET: not encrypted — in clear in the file, and so in the repository. Make "
        "a new one, then pulumi config set --stack staging --secret --path 'marketedge:secrets.AUTH0_ACTION_SECRET'"
    )
    with pytest.raises(GateError, match="AUTH0_ACTION_SECRET: not encrypted"):
        load_settings("staging", None, {}, tmp_path)
