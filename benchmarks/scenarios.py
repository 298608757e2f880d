"""Measures what happens to an estate of several sizes, and to the smallest one with a command for each object."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.account import Account, Cost, account, total
from benchmarks.documents import EDITED, alone, estate, one_by_one, only_last, service_name
from blueprint import reconcile
from blueprint.fields import DriftKind
from blueprint.reconcile import Report
from blueprint.spec import Document

COLD, UNCHANGED, CHANGE, DRIFT = "cold up", "no-change preview", "one-variable change", "drift check"
SCENARIOS = (COLD, UNCHANGED, CHANGE, DRIFT)
APPLY, PLAN, REPAIR, DESTROY = "apply everything", "plan or preview without changes", "repair of drift", "destroy"
ONE_DOCUMENT = "apply everything as one document"

Drift = dict[str, list[str]]
"""What differs, by the name of the object."""


class BenchFailed(Exception):
    """A measured run did not do what it is measured for."""


@dataclass(frozen=True)
class Measure:
    """One run's cost at one size."""

    scenario: str
    services: int
    cost: Cost


def measure_size(services: int) -> Iterator[Measure]:
    """Measure every scenario, one after the other, in one account.

    Raises:
        BenchFailed: a run did not do what it is measured for.
    """
    with account() as render:
        made, cost = render.measure(reconcile.apply, estate(services))
        yield Measure(COLD, services, cost)

        yield Measure(UNCHANGED, services, _look(render, estate(services), {}))

        _, cost = render.measure(reconcile.apply, only_last(services, made, changed="as declared now"))
        yield Measure(CHANGE, services, cost)

        edited = _edit_out_of_band(render, service_name(services))
        yield Measure(DRIFT, services, _look(render, estate(services, changed="as declared now"), edited))


def measure_comparable() -> dict[str, Cost]:
    """Measure one service with its database and group, made as the Pulumi program makes them.

    The program looks at everything at once. Then one command runs for each object that changes. `destroy` runs commands
    only, and a single document is applied without a look.

    Returns:
        Costs by what was done.

    Raises:
        BenchFailed: a run did not do what it is measured for.
    """
    objects, made = one_by_one(), Report()
    everything, (section, service) = estate(services=1), objects[-1]
    costs = {}
    with account() as render:
        _, look = render.measure(reconcile.observe, everything)
        applied = [look]
        for kind, spec in objects:
            report, cost = render.measure(reconcile.apply, alone(kind, spec, made))
            made |= report
            applied.append(cost)
        costs[APPLY] = total(applied)
        costs[PLAN] = _look(render, everything, {})
        looked = _look(render, everything, _edit_out_of_band(render, service_name(1)))
        repair = total([looked, render.measure(reconcile.apply, alone(section, service, made))[1]])
        looked = _look(render, everything, {})
        changed = render.measure(reconcile.apply, only_last(1, made, changed="as declared now"))[1]
        costs |= {"change of one variable": total([looked, changed]), REPAIR: repair}
        removals = [(alone(kind, spec, made), made) for kind, spec in reversed(objects)]
        costs[DESTROY] = total([render.measure(reconcile.destroy, *removal)[1] for removal in removals])
        if left := [*render.simulator.estate.services, *render.simulator.estate.postgres]:
            raise BenchFailed(f"destroy left {', '.join(left)}")
    with account() as render:
        costs[ONE_DOCUMENT] = render.measure(reconcile.apply, everything)[1]
    return costs


def _edit_out_of_band(render: Account, name: str) -> Drift:
    """Change a variable in the dashboard. Return what a look has to find."""
    with render.simulator.lock:
        service = render.simulator.estate.find_service(name)
        render.simulator.estate.env_vars[service["id"]][EDITED] = "edited in the dashboard"
    return {name: [f"env.{EDITED} {DriftKind.CHANGED}"]}


def _look(render: Account, document: Document, expected: Drift) -> Cost:
    """Look at everything, and fail unless exactly what is expected is found."""
    report, cost = render.measure(reconcile.observe, document)
    found = {
        name: [f"{drift['field']} {drift['kind']}" for drift in one["drift"]] if one["exists"] else ["does not exist"]
        for section in report.values()
        for name, one in section.items()
        if one["drift"] or not one["exists"]
    }
    if found != expected:
        raise BenchFailed(f"expected to find {expected or 'no drift'}, found {found or 'none'}")
    return cost
