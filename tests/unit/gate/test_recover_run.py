"""The course of a recovery: an import that a vendor's error ended goes on, and nothing runs where nothing failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.accounts.lookup import Existing
from gate.recover import plan as planned
from gate.recover import run, search, state
from gate.recover.plan import ImportFailed

URNS = [f"urn:pulumi:staging::gate::github:index/branch:Branch::{name}" for name in ("one", "two")]


class World:
    """A stack that lacks two branches which exist. failures: how often an import ends at the second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.missing, self.failures, self.imports = list(URNS), failures, 0
        for name, answer in (("dead_locks", []), ("pending", [])):
            monkeypatch.setattr(state, name, lambda *_a, answer=answer: answer)
        monkeypatch.setattr(planned, "read", lambda *_a: SimpleNamespace(new=self._new, kept=lambda: []))
        monkeypatch.setattr(search, "look_up", lambda *_a: Existing("platform:one", "branch"))
        monkeypatch.setattr(planned, "import_objects", self._import)

    def _new(self) -> list[Any]:
        return [SimpleNamespace(urn=urn, type="github:index/branch:Branch", inputs={}) for urn in self.missing]

    def _import(self, *_args: object) -> None:
        self.imports += 1
        if self.failures:
            self.failures -= 1
            self.missing = URNS[1:]
            raise ImportFailed("503")
        self.missing = []

    def recover(self) -> Any:
        accounts: Any = SimpleNamespace(forget=lambda: None)
        stack: Any = SimpleNamespace(name="staging")
        return run.recover(stack, accounts, change=True)


def test_an_import_that_a_vendors_error_ended_goes_on_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, failures=1)
    found = world.recover()
    assert (world.imports, found.exit_code) == (2, 0)
    assert [orphan.urn for orphan in found.found if orphan.imported] == URNS


def test_an_import_that_fails_again_and_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, failures=9)
    with pytest.raises(ImportFailed):
        world.recover()
    assert world.imports == 3


@pytest.mark.parametrize(
    ("results", "locks", "pending", "expected"),
    [
        ([], [], [], False),
        (["succeeded"], [], [], False),
        (["failed"], [], [], True),
        (["in-progress"], [], [], True),
        (["succeeded"], ["lock"], [], True),
        (["succeeded"], [], ["creating"], True),
    ],
)
def test_what_tells_that_the_last_up_did_not_end_well(
    monkeypatch: pytest.MonkeyPatch, results: list[str], locks: list[str], pending: list[str], expected: bool
) -> None:
    monkeypatch.setattr(state, "_locks", lambda _stack: locks)
    monkeypatch.setattr(state, "pending", lambda _stack: pending)
    stack: Any = SimpleNamespace(history=lambda **_o: [SimpleNamespace(result=result) for result in results])
    assert state.interrupted(stack) is expected
