"""What tests of every level share.

The stack files in the project's folder are the team's, and only their own tests read them.
"""

from __future__ import annotations

import functools
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_SHIPPED = {str(path) for path in Path(__file__).resolve().parents[1].glob("Pulumi.*.yaml")}
_THEIR_TESTS = "test_shipped_stacks.py"


def _refuse_the_teams_files(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | Path) and str(arguments[0]).endswith(".yaml"):
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        if os.path.abspath(arguments[0]) in _SHIPPED and test and _THEIR_TESTS not in test:
            raise AssertionError(f"{test} reads {arguments[0]}, which a team edits: use rehearsal/stacks")


sys.addaudithook(_refuse_the_teams_files)


# Each HTTP client makes a context, which reads all certificates of the machine: 40 ms for each of thousands of clients.
ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]


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
    server = sys.modules.get("rehearsal.vendor_api.server")
    if server is None:
        yield
        return
    complaints: set[str] = set()

    def watch(vendor: str, request: Any, answer: Any) -> None:
        if vendor == "github" and request.path[:3] == ("api", "v3", "repos") and answer.status < 300:
            from tests.contract import github_description

            complaints.update(github_description.complaints(request, answer))
        if vendor == "github" and request.path == ("api", "graphql"):
            from tests.contract import github_graphql

            complaints.update(github_graphql.complaints(request.body))

    monkeypatch.setattr(server.Server, "watch", staticmethod(watch))
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
