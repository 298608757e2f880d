"""What is measured: the life of an estate at several sizes, and that of the smallest one command an object."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from benchmarks.account import Account, Cost, account
from benchmarks.documents import EDITED, alone, estate, one_by_one, only_last, service_name
from blueprint import reconcile
from blueprint.drift import DriftKind
from blueprint.reconcile import Report
from blueprint.spec import Document
from blueprint.workspace import Session

COLD, UNCHANGED, CHANGE, DRIFT = "cold up", "no-change preview", "one-variable change", "drift check"
SCENARIOS = (COLD, UNCHANGED, CHANGE, DRIFT)

Drift = dict[str, list[str]]
"""Reasons by the name of the object."""


class BenchFailed(Exception):
    """A measured run did not do what it is measured for."""


@dataclass(frozen=True)
class Measure:
    """One run's cost at one size."""

    scenario: str
    services: int
    cost: Cost


@dataclass(frozen=True)
class Comparable:
    """Costs of one service with its database and group, made as the Pulumi program makes them.

    The program looks at everything at once, then one command runs for each object that changes.

    Attributes:
        apply, repair: the look and the commands. repair: after one variable was edited in the dashboard.
        plan: the look, which finds nothing.
        change: the one command that a change of one variable runs, and the look before it.
        destroy: commands only; the program does not run.
        document: everything applied as a single document, without a look before.
    """

    apply: Cost
    plan: Cost
    change: Cost
    repair: Cost
    destroy: Cost
    document: Cost


def measure_all(sizes: Sequence[int], begin: Callable[[int], None] = lambda _size: None) -> list[Measure]:
    """Args: begin: told each size before it is measured.

    Raises: BenchFailed.
    """
    measures: list[Measure] = []
    for size in sizes:
        begin(size)
        measures += measure_size(size)
    return measures


def measure_size(services: int) -> Iterator[Measure]:
    """Every scenario, one after the other, in one account.

    Raises: BenchFailed.
    """
    with account() as render:
        made, cost = render.measure(_apply(estate(services)))
        yield Measure(COLD, services, cost)

        yield Measure(UNCHANGED, services, _look(render, estate(services), {}))

        _, cost = render.measure(_apply(only_last(services, made, changed="as declared now")))
        yield Measure(CHANGE, services, cost)

        edited = _edit_out_of_band(render, service_name(services))
        yield Measure(DRIFT, services, _look(render, estate(services, changed="as declared now"), edited))


def measure_comparable() -> Comparable:
    """Raises: BenchFailed."""
    objects, made = one_by_one(), Report()
    everything, (section, service) = estate(services=1), objects[-1]
    with account() as render:
        _, look = render.measure(_observe(everything))
        applied = [look]
        for kind, spec in objects:
            report, cost = render.measure(_apply(alone(kind, spec, made)))
            made |= report
            applied.append(cost)

        plan = _look(render, everything, {})
        edited = _edit_out_of_band(render, service_name(1))
        repaired = [_look(render, everything, edited)]
        repaired.append(render.measure(_apply(alone(section, service, made)))[1])

        changed = [_look(render, everything, {})]
        changed.append(render.measure(_apply(only_last(1, made, changed="as declared now")))[1])

        destroyed = [render.measure(_destroy(alone(kind, spec, made), made))[1] for kind, spec in reversed(objects)]
        if left := [*render.simulator.estate.services, *render.simulator.estate.postgres]:
            raise BenchFailed(f"destroy left {', '.join(left)}")
    with account() as render:
        _, document = render.measure(_apply(everything))
    return Comparable(total(applied), plan, total(changed), total(repaired), total(destroyed), document)


def total(costs: Sequence[Cost]) -> Cost:
    """Of runs one after the other."""
    return reduce(operator.add, costs)


def _apply(document: Document) -> Callable[[Session], Report]:
    return lambda session: reconcile.apply(_in_known_workspace(session, document), document)


def _observe(document: Document) -> Callable[[Session], Report]:
    return lambda session: reconcile.observe(session, document)


def _destroy(document: Document, made: Report) -> Callable[[Session], Report]:
    return lambda session: reconcile.destroy(_in_known_workspace(session, document), document, made)


def _in_known_workspace(session: Session, document: Document) -> Session:
    if document.known.owner_id:
        session.expect_owner(document.known.owner_id)
    return session


def _edit_out_of_band(render: Account, name: str) -> Drift:
    """Change a variable in the dashboard; answers what is to be found of it."""
    with render.simulator.lock:
        service = render.simulator.estate.find_service(name)
        render.simulator.estate.env_vars[service["id"]][EDITED] = "edited in the dashboard"
    return {name: [f"env.{EDITED} {DriftKind.CHANGED}"]}


def _look(render: Account, document: Document, expected: Drift) -> Cost:
    """Raises: BenchFailed unless exactly what is expected is found."""
    report, cost = render.measure(_observe(document))
    found = {
        name: [f"{drift['field']} {drift['kind']}" for drift in one["drift"]] if one["exists"] else ["does not exist"]
        for section in report.values()
        for name, one in section.items()
        if one["drift"] or not one["exists"]
    }
    if found != expected:
        raise BenchFailed(f"expected to find {expected or 'no drift'}, found {found or 'none'}")
    return cost
