"""What tests of every level share.

The stack files in the project's folder are the team's, and only their own tests read them.
"""

from __future__ import annotations

import builtins
import functools
import gc
import io
import os
import shutil
import signal
import ssl
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from tests import warm

_SHIPPED = {str(path) for path in Path(__file__).resolve().parents[1].glob("Pulumi.*.yaml")}
_THEIR_TESTS = "test_shipped_stacks.py"


_open = io.open


def _refuse_the_teams_files(file: Any, *arguments: Any, **options: Any) -> Any:
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    if str(file).endswith(".yaml") and os.path.abspath(file) in _SHIPPED and test and _THEIR_TESTS not in test:
        raise AssertionError(f"{test} reads {file}, which a team edits: use rehearsal/stacks")
    return _open(file, *arguments, **options)


builtins.open = io.open = _refuse_the_teams_files  # type: ignore[assignment]


# Each HTTP client makes a context, which reads all certificates of the machine: 40 ms for each of thousands of clients.
ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]


def pytest_configure() -> None:
    """Take Ctrl-C. A shell's background job ignores it, its children inherit that, and some tests send it to those."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long tests go first, so that no worker is left alone with one in the end."""
    items.sort(key=lambda item: not item.get_closest_marker("e2e"))


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage in tests that go the same way many times: it would double their time and show nothing new."""
    plugin = item.config.pluginmanager.getplugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    if controller is None or not any(item.get_closest_marker(mark) for mark in ("e2e", "rounds")):
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


@pytest.fixture(scope="session")
def pulumi_cli() -> Path:
    """The Pulumi CLI's binary."""
    found = os.environ.get("MARKETEDGE_PULUMI") or shutil.which("pulumi")
    if not found:
        pytest.fail("these tests need the Pulumi CLI: run `make test`, which finds or builds one")
    return Path(found).resolve()


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test whose exchanges with the GitHub simulator do not fit GitHub's published description."""
    simulators = sys.modules.get("rehearsal.vendor_api.wire")
    if simulators is None:
        yield
        return
    complaints: set[str] = set()

    def watch(vendor: str, request: Any, answer: Any) -> None:
        if vendor == "github" and request.path.startswith("api/v3/repos/") and answer.status < 300:
            from tests.contract import github_description

            complaints.update(github_description.complaints(request, answer))
        if vendor == "github" and request.path == "api/graphql":
            from tests.contract import github_graphql

            complaints.update(github_graphql.complaints(request.body))

    monkeypatch.setattr(simulators.Simulator, "watch", staticmethod(watch))
    yield
    assert not complaints, "\n".join(sorted(complaints))


@pytest.fixture(autouse=True)
def readable_by_renders_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test where Render's own client could not send a request that the simulator took, or not read its answer.

    A simulator that answers like the recordings is judged by these alone.
    """
    module = sys.modules.get("rehearsal.render_api.simulator")
    if module is None:
        yield
        return
    problems: list[str] = []
    answer = module.RenderSimulator._answer

    def judged(self: Any, method: str, path: str, query: Any, headers: Any, body: bytes) -> Any:
        from tests.contract.render_client import judge

        answered = answer(self, method, path, query, headers, body)
        if not self.as_recorded and answered.status != 405:
            problems.extend(judge(method, path, query, body, answered.status, answered.body))
        return answered

    monkeypatch.setattr(module.RenderSimulator, "_answer", judged)
    yield
    assert problems == []


@pytest.fixture(autouse=True, scope="session")
def _forked_commands() -> Iterator[None]:
    """Where the engine attaches to the plugins in this process, their commands need not load the program anew."""
    with mock.patch("rehearsal.plugins.command.subprocess", SimpleNamespace(run=warm.run_shell)):
        yield
