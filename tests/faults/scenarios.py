"""The runs that faults are put into: a cold apply, an update of everything at once, a destroy."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from blueprint import reconcile
from blueprint.errors import RenderError
from rehearsal.render_api import RenderSimulator
from tests.unit.blueprint.account import API_KEY, Account, Clock, Wire
from tests.unit.blueprint.documents import OWN, staging, variables

Json = dict[str, Any]
PASSWORD = "k7Jq2vXw9RbT4mZn"
SECRET = f"redis://:{PASSWORD}@redis.example.com:6379"
BEFORE = staging(group_more=variables(REDIS_URL=SECRET))
AFTER = staging(
    own={**OWN, "SETTING_03": "changed", "NEW": "variable"},
    database_changes={"plan": "basic_1gb"},
    group_more=variables(REDIS_URL=f"{SECRET}/1", CSRF_ENABLED="false"),
    plan="starter",
    domains=["api2.zebra.associates"],
)


@dataclass(frozen=True)
class Scenario:
    """What there is before, and the run that is to be disturbed."""

    prepare: Callable[[], tuple[Account, reconcile.Report]]
    run: Callable[[Account, reconcile.Report], reconcile.Report]

    def undisturbed(self) -> Account:
        account, made = self.prepare()
        self.run(account, made)
        return account


class Line(Wire):
    """A wire on which silence takes the client's whole patience, and which can go bad for good.

    Attributes: fails_from: number of the request, of this run, from which on every one fails. failure: how.
    """

    def __init__(self, sim: RenderSimulator, clock: Clock) -> None:
        super().__init__(sim, clock)
        self._sim = sim
        self.fails_from = 0
        self.failure: Json = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.count + 1 == self.fails_from:
            self._sim.faults.add(times=10**6, **self.failure)
        try:
            return super().handle_request(request)
        except httpx.ReadTimeout:
            self._clock.now += request.extensions["timeout"]["read"]
            raise


def empty() -> tuple[Account, reconcile.Report]:
    account = Account()
    account.wire = Line(account.sim, account.clock)
    return account, {}


@cache
def _applied() -> tuple[Account, reconcile.Report]:
    account, _ = empty()
    return account, account.apply(BEFORE)


def living() -> tuple[Account, reconcile.Report]:
    """The staging estate, applied: each time a copy of one that was made once."""
    first, made = _applied()
    account, _ = empty()
    account.clock.now = first.clock.now
    account.sim.requests.extend(first.sim.requests)
    for name, value in copy.deepcopy(vars(first.estate), {id(first.clock): account.clock}).items():
        if isinstance(value, dict):
            getattr(account.estate, name).update(value)  # in place: the simulator's parts hold these tables
        else:
            setattr(account.estate, name, value)
    return account, copy.deepcopy(made)


SCENARIOS = {
    "cold apply": Scenario(empty, lambda a, _: a.apply(BEFORE)),
    "update": Scenario(living, lambda a, _: a.apply(AFTER)),
    "destroy": Scenario(living, lambda a, made: a.destroy(BEFORE, made)),
    "destroy by name": Scenario(living, lambda a, _: a.destroy(BEFORE)),
}


def attempt(scenario: Scenario, account: Account, made: reconcile.Report) -> RenderError | None:
    """Run once; the error that the user would see, if any."""
    try:
        scenario.run(account, made)
    except RenderError as error:
        return error
    return None


def secrets(account: Account) -> list[str]:
    """What no message may show."""
    stores = [*account.estate.postgres.values(), *account.estate.key_values.values()]
    return [API_KEY, PASSWORD, *(store["_password"] for store in stores)]


def is_clear(error: RenderError, account: Account) -> bool:
    """One line for a person, without a secret in it."""
    text = str(error)
    return bool(text) and "\n" not in text and "Traceback" not in text and not any(s in text for s in secrets(account))
