"""Whatever is declared, changed outside and cut short, in whatever order: one more run makes live what is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprint.marker import KEY
from tests.unit.blueprint.account import GENERATED, Account, Killed
from tests.unit.blueprint.documents import database, from_database, from_itself, service

pytestmark = pytest.mark.rounds

Json = dict[str, Any]
KEYS = ("A", "B", "C")
DOMAINS = ("api.zebra.associates", "zebra.associates", "www.zebra.associates")
values = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(("1", "2", "")))


@dataclass
class Declared:
    """What the document says; every command of a sequence changes one thing of it."""

    service: Json = field(default_factory=lambda: {"plan": "free", "branch": "staging", "startCommand": "./run"})
    database_plan: str = "free"
    own: dict[str, str] = field(default_factory=lambda: {"A": "1"})
    shared: dict[str, str] = field(default_factory=lambda: {"G": "1"})
    linked: bool = True
    domains: list[str] = field(default_factory=list)

    def document(self) -> Json:
        own = [{"key": key, "value": value} for key, value in self.own.items()]
        more = [from_database(), from_itself("PORT", "port"), {"key": "OWN_SECRET", "generateValue": True}]
        link = [{"fromGroup": "shared"}] if self.linked else []
        shared = [{"key": key, "value": value} for key, value in self.shared.items()]
        secret = {"key": "SECRET", "generateValue": True}
        return {
            "databases": [database(plan=self.database_plan)],
            "envVarGroups": [{"name": "shared", "envVars": [*shared, secret], "takeOver": True}],
            "services": [service(*link, *own, *more, **self.service, domains=self.domains, takeOver=True)],
        }

    def environment(self, url: str) -> dict[str, str]:
        """What the processes of the service are to see, as far as it does not come from a generator."""
        shared = self.shared if self.linked else {}
        return {**shared, **self.own, "DATABASE_URL": url, "PORT": "10000"}


# Changes made outside. An object that is gone already cannot be changed.

Edit = Callable[[Account], object]


def api(account: Account) -> Json | None:
    found = account.estate.named(account.estate.services, "api")
    return found[0] if found else None


def own(account: Account) -> dict[str, str]:
    live = api(account)
    return account.estate.env_vars[live["id"]] if live else {}


def groups(account: Account) -> list[Json]:
    return list(account.estate.env_groups.values())


def put_in_groups(account: Account, key: str, value: str) -> None:
    for group in account.estate.env_groups.values():
        if mine := [variable for variable in group["envVars"] if variable["key"] == key]:
            mine[0]["value"] = value
        else:
            group["envVars"].insert(0, {"key": key, "value": value})


def add_domain(account: Account) -> None:
    if live := api(account):
        account.session().client.post(f"/services/{live['id']}/custom-domains", {"name": "theirs.example.com"})


def delete_service(account: Account) -> None:
    if live := api(account):
        account.session().client.delete(f"/services/{live['id']}")


EDITS: dict[str, Edit] = {
    "change a variable": lambda a: own(a).update(A="theirs"),
    "add a variable": lambda a: own(a).update(THEIRS="1"),
    "remove a variable": lambda a: own(a).pop("A", None),
    "remove a generated value": lambda a: own(a).pop("OWN_SECRET", None),
    "remove the marker": lambda a: own(a).pop(KEY, None),
    "add to the group": lambda a: put_in_groups(a, "THEIRS", "1"),
    "change the group": lambda a: put_in_groups(a, "G", "theirs"),
    "empty the group": lambda a: [g["envVars"].clear() for g in groups(a)],
    "unlink the group": lambda a: [g["serviceLinks"].clear() for g in groups(a)],
    "delete the group": lambda a: a.estate.env_groups.clear(),
    "change the branch": lambda a: (api(a) or {}).update(branch="main"),
    "change the plan": lambda a: (api(a) or {"serviceDetails": {}})["serviceDetails"].update(plan="standard"),
    "suspend": lambda a: (api(a) or {}).update(suspended="suspended"),
    "add a domain": add_domain,
    "remove the domains": lambda a: a.estate.custom_domains.clear(),
    "delete the service": delete_service,
    "delete the database": lambda a: a.estate.postgres.clear(),
    "push": lambda a: a.sim.push(service()["repo"], "staging", "c0ffee"),
}

steps = st.one_of(
    st.tuples(st.just("plan"), st.sampled_from(("free", "starter"))),
    st.tuples(st.just("branch"), st.sampled_from(("staging", "release"))),
    st.tuples(st.just("startCommand"), st.sampled_from(("./run", "./serve"))),
    st.tuples(st.just("database_plan"), st.sampled_from(("free", "basic_1gb"))),
    st.tuples(st.just("own"), values),
    st.tuples(st.just("shared"), st.dictionaries(st.sampled_from(("G", "H")), st.sampled_from(("1", "2")))),
    st.tuples(st.just("linked"), st.booleans()),
    st.tuples(st.just("domains"), st.lists(st.sampled_from(DOMAINS), unique=True)),
    st.tuples(st.just("edit"), st.sampled_from(sorted(EDITS))),
    st.tuples(st.just("edit"), st.sampled_from(sorted(EDITS))),
    st.tuples(st.just("die_before"), st.integers(1, 20)),
    st.tuples(st.just("die_after"), st.integers(1, 20)),
    st.tuples(st.just("apply"), st.none()),
)


def take(step: tuple[str, Any], account: Account, declared: Declared) -> None:
    what, value = step
    if what == "edit":
        EDITS[value](account)
    elif what in declared.service:
        declared.service[what] = value
    elif what == "apply":
        account.apply(declared.document())
    elif what in ("die_before", "die_after"):
        try:
            account.apply(declared.document(), **{what: value})
        except Killed:
            return
    else:
        setattr(declared, what, value)


def without(environment: dict[str, str], *generated: str) -> dict[str, str]:
    """The environment without these keys, each of which has to hold a generated value."""
    for key in generated:
        assert GENERATED.fullmatch(environment[key])
    return {key: value for key, value in environment.items() if key not in generated}


def is_as_declared(account: Account, declared: Declared) -> None:
    assert [len(table) for table in (account.estate.postgres, account.estate.env_groups)] == [1, 1]
    assert len(account.estate.services) == 1
    (store,) = account.estate.postgres.values()
    assert store["plan"] == declared.database_plan
    live = account.estate.find_service("api")
    details = live["serviceDetails"]
    shown = {"plan": details["plan"], "branch": live["branch"]}
    assert shown | {"startCommand": details["envSpecificDetails"]["startCommand"]} == declared.service
    assert live["suspended"] == "not_suspended"
    names = set(declared.domains)
    companions = {"www.zebra.associates", "zebra.associates"} if names & set(DOMAINS[1:]) else set()
    assert names <= account.domains("api") <= names | companions
    assert without(account.group_variables("shared"), "SECRET") == declared.shared
    url = f"postgresql://{store['databaseUser']}:{store['_password']}@{store['id']}/{store['databaseName']}"
    generated = ("OWN_SECRET", "SECRET") if declared.linked else ("OWN_SECRET",)
    assert without(account.running("api"), *generated) == declared.environment(url)


@settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(steps, max_size=12))
def test_any_sequence_ends_with_live_as_declared_after_one_more_run(sequence: list[tuple[str, Any]]) -> None:
    account, declared = Account(), Declared()
    for step in sequence:
        take(step, account, declared)
    account.apply(declared.document())

    is_as_declared(account, declared)
    account.apply(declared.document())
    assert account.writes() == []
    assert account.drift(declared.document()) == {}
