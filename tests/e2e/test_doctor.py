"""`gate doctor` on the real engine: before and after the first up, ready and not, and nothing is written by it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate import cli
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import PROJECT, World
from tests.e2e.stage import changes, staging, writes

pytestmark = pytest.mark.e2e


GETADDRINFO = socket.getaddrinfo


def no_domain_of_ours(host: Any, *arguments: Any, **options: Any) -> Any:
    """As DNS before the records are made; loopback stays what it is."""
    if str(host).endswith("zebra.associates"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return GETADDRINFO(host, *arguments, **options)


@contextlib.contextmanager
def desk(folder: Path, pulumi: Path) -> Iterator[tuple[World, Engine]]:
    with staging(folder / "world", pulumi) as (stage, engine):
        (stage.project / "requirements.txt").write_text((PROJECT / "requirements.txt").read_text())
        stage.environment["MARKETEDGE_PULUMI"] = str(pulumi)
        engine.stack.workspace.select_stack(engine.stack.name)  # so that its own files are there
        yield stage, engine


@pytest.fixture(scope="module")
def stack(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Engine]]:
    """A stack before its first up, which no test makes."""
    with desk(tmp_path_factory.mktemp("doctor"), pulumi_cli) as made:
        yield made


def doctor(
    stage: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **environ: str
) -> tuple[int, dict[str, Any]]:
    """Exit code, and verdicts by title."""
    monkeypatch.chdir(stage.project)
    with inhabit(stage):
        os.environ.update(environ)
        code = cli.main(["doctor", "--env", "staging", "--json"])
    printed = capsys.readouterr()
    assert [secret for secret in stage.secret_values() if secret in printed.out + printed.err] == []
    return code, {one["title"]: one["verdict"] for one in json.loads(printed.out)["lines"]}


def snapshot(stage: World) -> object:
    files = {path: path.read_bytes() for path in stage.folder.rglob("*") if path.is_file() and "log" not in path.name}
    return files, changes(stage), writes(stage)


def test_a_stack_before_its_first_up_is_ready(
    stack: tuple[World, Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, _ = stack
    before = snapshot(stage)
    monkeypatch.setattr(socket, "getaddrinfo", no_domain_of_ours)
    code, found = doctor(stage, monkeypatch, capsys)
    assert {title: one for title, one in found.items() if one["outcome"] == "fail"} == {}
    assert code == 0
    assert found["stack"]["detail"] == "exists, never up"
    assert found["backend"]["detail"].endswith(stage.state.as_uri())
    assert found["DNS of staging.zebra.associates, as this machine sees it"]["outcome"] == "note"
    assert found["what exists already"] == {"outcome": "pass", "detail": "nothing that up would create", "fix": ""}
    assert snapshot(stage) == before


def test_what_the_first_up_would_meet_is_named(
    stack: tuple[World, Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, engine = stack
    made = stage.vendors.seed("auth0", "client", name="MarketEdge Platform (staging)", appType="regular_web")
    try:
        monkeypatch.setattr(socket, "getaddrinfo", no_domain_of_ours)
        code, found = doctor(stage, monkeypatch, capsys)
        told = found["what exists already"]
        assert (code, told["outcome"]) == (0, "note")
        assert "exists already: Auth0 application MarketEdge Platform (staging)" in told["detail"]
        assert told["fix"].startswith("run gate adopt --env staging before up")
        engine.output.clear()
        engine.preview()
        named = "exists already: Auth0 application MarketEdge Platform (staging) was not made by this stack"
        assert any(named in line for line in engine.output), "a plain preview names it as well"
    finally:
        with stage.vendors.edit("auth0") as objects:
            objects[:] = [one for one in objects if one["id"] != made["id"]]


@pytest.mark.parametrize(
    ("name", "value", "title", "said"),
    [
        ("PULUMI_CONFIG_PASSPHRASE", "another", "secrets of the stack", "cannot be decrypted: incorrect passphrase"),
        ("PULUMI_BACKEND_URL", "file:///nowhere", "backend", "nobody is logged in"),
        ("GITHUB_TOKEN", "", "GitHub: credentials", "GITHUB_TOKEN not set"),
    ],
)
def test_what_is_not_in_order_is_one_failure(
    stack: tuple[World, Engine],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    title: str,
    said: str,
) -> None:
    code, found = doctor(stack[0], monkeypatch, capsys, **{name: value})
    failing = {key: one["detail"] for key, one in found.items() if one["outcome"] == "fail"}
    assert (code, list(failing)) == (2, [title])
    assert said in failing[title]
    assert found[title]["fix"]


def test_after_an_up_it_counts_what_is_there_and_knows_the_records(
    pulumi_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(tmp_path, pulumi_cli) as (stage, engine):
        engine.up()
        monkeypatch.setattr(socket, "getaddrinfo", no_domain_of_ours)
        code, found = doctor(stage, monkeypatch, capsys)
        assert found["stack"]["detail"].endswith(" resources")
        api = found["DNS of staging-api.zebra.associates, as this machine sees it"]
        assert api["fix"].endswith(".onrender.com"), "the host that Render gave the service"
        assert (code, api["outcome"]) == (2, "fail")
