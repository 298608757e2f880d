"""A preview shows the operations that `up` makes: the program and Render's reconciler, without an engine.

The engine's part is three rules, which stand in `Stack`: what is declared otherwise than in the state is an update;
what a changing command reports is not known in a preview; and what nothing declares is deleted. Each change at Render
goes alone here. All changes go through the real engine, many at once, in tests/e2e/test_preview_is_what_up_does.py.
"""

from __future__ import annotations

import json
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.reconcile import Report, parse_report
from blueprint.spec import fill_in, parse
from components.render_documents import DRIFT
from tests.changes import CLIENT, DECLARED, FRONTEND, Operations, Row, in_rounds, is_exact, side_by_side
from tests.edits import EDITED
from tests.unit.blueprint.account import API_KEY, Account
from tests.unit.components.engine import Declared, Run, Secret, run
from tests.unit.components.vendors import outputs_of
from tests.unit.settings.stack_file import StackFile

pytestmark = pytest.mark.rounds

COMMAND = "command:local:Command"
AT_RENDER = {name: row for name, row in {**DECLARED, **EDITED}.items() if any("Command" in one for one in row.touches)}
CHANGES = {**DECLARED, **{name: row for name, row in AT_RENDER.items() if name in EDITED}}
"""Edits at the other vendors are found by the engine's refresh, which is not here."""


class Stack:
    """A staging stack's state, and the account that its commands act on."""

    def __init__(self) -> None:
        self.account = Account()
        self.file = StackFile()
        self._state: dict[str, Declared] = {}
        self._stdout: dict[str, str] = {}

    def preview(self) -> Operations:
        return self._operations(self._run(preview=True))

    def up(self) -> Operations:
        result = self._run(preview=False)
        made = self._operations(result)
        for name in (name for name, operation in made.items() if operation == "delete" and name.startswith("Command")):
            self.account.destroy(self._document(self._state[name].plain), json.loads(self._stdout.pop(name)))
        for _, alias in self._aliases(_by_name(result)):
            del self._stdout[alias]
        self._state = _by_name(result)
        return made

    def edit(self, row: Row) -> None:
        """What people do in the dashboard."""
        row.edit(SimpleNamespace(render=self.account.sim, render_session=self._session))  # type: ignore[arg-type]

    def _run(self, *, preview: bool) -> Run:
        result = run(
            self.file,
            preview=preview,
            outputs=self._outputs,
            observed=lambda document, _environ: self.account.observe(document, made=self._made),
            made={key.removeprefix("Command "): {"stdout": text} for key, text in self._stdout.items()},
        )
        assert result.error is None, result.error
        return result

    def _outputs(self, type_: str, name: str, known: dict[str, Any], preview: bool) -> dict[str, Any]:
        if type_ != COMMAND:
            exists = any(key.endswith(f" {name}") and one.type == type_ for key, one in self._state.items())
            return outputs_of(type_, name, known, preview and not exists)
        key = f"Command {name}"
        old = self._state.get(key)
        if old and "environment" in known and not _differ(known, old.plain):
            return {"stdout": self._stdout[key]}
        if preview:
            return {}
        before = parse_report(self._stdout.get(key))
        self._stdout[key] = json.dumps(self.account.apply(self._document(known), made=before), sort_keys=True)
        return {"stdout": self._stdout[key]}

    @property
    def _made(self) -> Report:
        """What the last applies reported."""
        found: Report = {}
        for text in self._stdout.values():
            for section, objects in parse_report(text).items():
                found.setdefault(section, {}).update(objects)
        return found

    @staticmethod
    def _document(inputs: dict[str, Any]) -> Any:
        environment = {key: _open(value) for key, value in inputs["environment"].items()}
        return fill_in(parse(inputs["stdin"], environment["RENDER_KNOWN"]), environment)

    def _operations(self, result: Run) -> Operations:
        now = _by_name(result)
        before = dict(self._state)
        for key, alias in self._aliases(now):
            before[key] = before.pop(alias)
        found = dict.fromkeys(now.keys() - before.keys(), "create")
        found |= dict.fromkeys(before.keys() - now.keys(), "delete")
        both = now.keys() & before.keys()
        return found | {key: "update" for key in both if _differ(dict(now[key].inputs), dict(before[key].inputs))}

    def _aliases(self, now: dict[str, Declared]) -> list[tuple[str, str]]:
        """Resources that are in the state under an alias: the engine looks there for what it does not have."""
        new = [(key, f"Command {alias}") for key, one in now.items() if key not in self._state for alias in one.aliases]
        return [(key, alias) for key, alias in new if alias in self._state]

    def _session(self) -> httpx.Client:
        return httpx.Client(
            base_url="http://render.test/v1",
            headers={"Authorization": f"Bearer {API_KEY}"},
            transport=self.account.sim.transport(),
        )


def _by_name(result: Run) -> dict[str, Declared]:
    return {f"{one.type.rpartition(':')[2]} {one.name}": one for one in result.declared}


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _open(inner) for key, inner in value.items()}
    return _open(value.value) if isinstance(value, Secret) else value


def _differ(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """What was found by an earlier look stays in the state, and is no change; what is found now is one."""
    now, before = _open(now), _open(before)
    environments = now.get("environment"), before.get("environment")
    if all(isinstance(one, dict) for one in environments):
        if DRIFT in environments[0]:
            return True
        environments[1].pop(DRIFT, None)
    return bool(now != before)


def living() -> Stack:
    """One that is up."""
    stack = Stack()
    previewed = stack.preview()
    assert (previewed, set(previewed.values())) == (stack.up(), {"create"})
    assert stack.preview() == {}
    return stack


def test_what_is_previewed_is_made_and_nothing_is_left() -> None:
    stack, table, wrong = living(), [], []
    for name, row in (item for rows in in_rounds(AT_RENDER).values() for item in rows.items()):
        row.declare(stack.file.config)
        stack.edit(row)
        previewed, made = stack.preview(), stack.up()
        table.append((name, previewed, made))
        left = stack.preview()
        if left or not is_exact([row], previewed, made):
            wrong.append((name, row.touches, previewed, made, left))
    print(side_by_side(table))
    assert wrong == []


# An object without its marker is somebody else's, and `up` rightly refuses to take anything undeclared from it.
COMBINED = [name for name in sorted(CHANGES) if not name.endswith("marker")]


@settings(max_examples=5, deadline=None)
@given(rounds=st.lists(st.lists(st.sampled_from(COMBINED), min_size=1, max_size=4), min_size=1, max_size=3))
def test_so_it_is_for_any_sequence_of_changes(rounds: list[list[str]]) -> None:
    stack = living()
    for names in rounds:
        for name in names:
            with suppress(LookupError, StopIteration, ValueError):  # a change of what an earlier one has removed
                CHANGES[name].declare(stack.file.config)
                stack.edit(CHANGES[name])
        previewed, made = stack.preview(), stack.up()
        unsure = {one for name in names for one in CHANGES[name].maybe}
        assert {one: done for one, done in previewed.items() if one in made or one not in unsure} == made
        assert stack.preview() == {}


def test_a_row_is_the_same_for_whoever_declares_it() -> None:
    def declared_one_after_the_other() -> list[str]:
        file, seen = StackFile(), []
        for rows in in_rounds(AT_RENDER).values():
            for row in rows.values():
                row.declare(file.config)
                seen.append(json.dumps(file.config))
        return seen

    assert declared_one_after_the_other() == declared_one_after_the_other()


def test_the_table_is_long_enough() -> None:
    assert len(DECLARED) + len(EDITED) >= 80
    assert len(AT_RENDER) >= 40
    assert {CLIENT, FRONTEND} <= {one for row in DECLARED.values() for one in row.touches}
