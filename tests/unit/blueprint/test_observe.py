"""What an observation says of changes made outside, in exact words and without any value of a variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.marker import KEY, fingerprint
from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import DOMAIN, OWN, group, key_value, known_of, only, service, staging, variables

Change = Callable[[Account], object]


def live(account: Account) -> Any:
    return account.estate.find_service("api")


def own(account: Account) -> dict[str, str]:
    return account.estate.env_vars[live(account)["id"]]


def commands(account: Account) -> Any:
    return live(account)["serviceDetails"]["envSpecificDetails"]


def group_rows(account: Account) -> list[dict[str, str]]:
    return account.estate.find_env_group("staging-env")["envVars"]


def change_group(account: Account) -> None:
    next(row for row in group_rows(account) if row["key"] == "LOG_LEVEL")["value"] = "secret-of-theirs"


def delete_from_group(account: Account) -> None:
    group_rows(account)[:] = [row for row in group_rows(account) if row["key"] != "LOG_LEVEL"]


def unlink(account: Account) -> None:
    account.estate.find_env_group("staging-env")["serviceLinks"].clear()


def link_another(account: Account) -> None:
    account.apply({"envVarGroups": [{"name": "theirs", "envVars": []}]})
    links = account.estate.find_env_group("staging-env")["serviceLinks"]
    account.estate.find_env_group("theirs")["serviceLinks"].extend(links)


def add_domain(account: Account) -> None:
    (row,) = account.estate.domains_of(live(account)["id"])
    account.estate.custom_domains["cdm-theirs"] = dict(row, id="cdm-theirs", name="theirs.example.com")


DRIFT: dict[str, tuple[Change, str, list[str]]] = {
    "variable changed": (
        lambda a: own(a).update(SETTING_03="secret-of-theirs"),
        "api",
        ["env.SETTING_03 changed"],
    ),
    "variable deleted": (lambda a: own(a).pop("SETTING_03"), "api", ["env.SETTING_03 missing"]),
    "variable added": (
        lambda a: own(a).update(DEBUG="secret-of-theirs"),
        "api",
        ["env.DEBUG undeclared"],
    ),
    "reference changed": (
        lambda a: own(a).update(DATABASE_URL="secret-of-theirs"),
        "api",
        ["env.DATABASE_URL changed"],
    ),
    "marker removed": (
        lambda a: own(a).pop(KEY),
        "api",
        ["object unmarked"],
    ),
    "marker spoilt": (
        lambda a: own(a).update({KEY: "spoilt"}),
        "api",
        ["object unmarked"],
    ),
    "plan": (lambda a: live(a)["serviceDetails"].update(plan="standard"), "api", ["plan changed: free → standard"]),
    "branch": (lambda a: live(a).update(branch="main"), "api", ["branch changed: staging → main"]),
    "command": (
        lambda a: commands(a).update(startCommand="sleep 1"),
        "api",
        ["startCommand changed: ./render-startup.sh → sleep 1"],
    ),
    "command added": (
        lambda a: commands(a).update(preDeployCommand="drop"),
        "api",
        ["preDeployCommand changed:  → drop"],
    ),
    "deploys by itself": (
        lambda a: live(a).update(autoDeploy="no", autoDeployTrigger="off"),
        "api",
        ["autoDeployTrigger changed: commit → off"],
    ),
    "health check": (
        lambda a: live(a)["serviceDetails"].update(healthCheckPath=""),
        "api",
        ["healthCheckPath changed: /health → "],
    ),
    "suspended": (lambda a: live(a).update(suspended="suspended"), "api", ["object suspended"]),
    "domain removed": (
        lambda a: a.estate.custom_domains.clear(),
        "api",
        [f"domains.{DOMAIN} missing"],
    ),
    "domain added": (add_domain, "api", ["domains.theirs.example.com undeclared"]),
    "group unlinked": (unlink, "api", ["fromGroup.staging-env missing"]),
    "group linked": (link_another, "api", ["fromGroup.theirs undeclared"]),
    "group changed": (change_group, "staging-env", ["env.LOG_LEVEL changed"]),
    "group variable deleted": (delete_from_group, "staging-env", ["env.LOG_LEVEL missing"]),
    "group variable added": (
        lambda a: group_rows(a).append({"key": "DEBUG", "value": "secret-of-theirs"}),
        "staging-env",
        ["env.DEBUG undeclared"],
    ),
    "database plan": (
        lambda a: a.estate.find_postgres("staging-db").update(plan="basic_1gb"),
        "staging-db",
        ["plan changed: free → basic_1gb"],
    ),
    "database opened": (
        lambda a: a.estate.find_postgres("staging-db").update(
            ipAllowList=[{"cidrBlock": "0.0.0.0/0", "description": "all"}]
        ),
        "staging-db",
        ["ipAllowList changed: [] → [{'cidrBlock': '0.0.0.0/0', 'description': 'all'}]"],
    ),
}


@pytest.mark.parametrize("kind", DRIFT)
def test_a_change_made_outside_is_named_and_healed_by_the_next_apply(staged: Account, kind: str) -> None:
    change, name, reasons = DRIFT[kind]
    declared = staged.picture()
    change(staged)

    follows = {"api": ["fromGroup.staging-env not applied"]} if name == "staging-env" else {}
    assert staged.drift(staging()) == {name: reasons} | follows
    assert staged.writes() == []

    staged.apply(staging())
    assert staged.drift(staging()) == {}
    if kind not in ("group linked", "command added"):  # their group stays, and an empty command is shown as one
        assert staged.picture() == declared


def test_the_estate_that_was_applied_has_no_drift(staged: Account) -> None:
    report = staged.observe(staging())

    assert {section: list(objects) for section, objects in report.items()} == {
        "databases": ["staging-db"],
        "envVarGroups": ["staging-env"],
        "services": ["api"],
    }
    for objects in report.values():
        for found in objects.values():
            assert found["exists"] is True
            assert found["drift"] == []
            assert found["id"]


def test_a_service_whose_group_was_written_since_its_deploy_waits_for_an_apply(staged: Account) -> None:
    """What a run leaves that is cut short between the two."""
    changed = staging(group_more=variables(NEW="1"))
    made = staged.apply({"envVarGroups": changed["envVarGroups"]})
    assert staged.drift(changed) == {"api": ["fromGroup.staging-env not applied"]}

    staged.apply({"services": changed["services"], "known": known_of(made)})
    assert staged.drift(changed) == {}
    assert staged.running("api")["NEW"] == "1"


def test_a_service_made_by_a_command_of_its_own_has_what_its_group_held_then_and_not_what_comes_later(
    account: Account,
) -> None:
    whole = staging()
    made = account.apply({"databases": whole["databases"], "envVarGroups": whole["envVarGroups"]})
    service = {"services": whole["services"], "known": known_of(made)}
    account.apply(service)
    assert account.drift(whole) == {}
    account.apply(service)
    assert account.writes() == []

    account.clock.sleep(5)
    changed = staging(group_more=variables(NEW="1"))
    account.apply({"envVarGroups": changed["envVarGroups"]})
    assert account.drift(changed) == {"api": ["fromGroup.staging-env not applied"]}
    account.apply(service)
    assert account.writes() == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", "POST /services/api/deploys"]
    assert account.drift(changed) == {}


def test_the_same_drift_is_found_twice_in_a_row(staged: Account) -> None:
    for value in ("first", "second"):
        own(staged)["SETTING_03"] = value
        assert staged.drift(staging()) == {"api": ["env.SETTING_03 changed"]}
        staged.apply(staging())


def test_several_changes_are_all_named(staged: Account) -> None:
    own(staged).update(SETTING_03="x", SETTING_04="y")
    live(staged).update(branch="main")

    assert staged.drift(staging())["api"] == [
        "env.SETTING_03 changed",
        "env.SETTING_04 changed",
        "branch changed: staging → main",
    ]


def test_a_declaration_that_changed_is_no_drift(staged: Account) -> None:
    changed = staging(own=OWN | {"SETTING_03": "changed", "NEW": "1"}, branch="release", domains=[])

    assert staged.drift(changed) == {}


def test_drift_of_a_field_whose_declaration_changed_too_shows_only_what_is_live(staged: Account) -> None:
    live(staged).update(branch="main")

    assert staged.drift(staging(branch="release")) == {"api": ["branch changed: None → main"]}


def test_the_database_suffix_is_no_drift_and_a_key_value_instance_is_compared_too(account: Account) -> None:
    document = {"databases": staging()["databases"], "services": [key_value()]}
    account.apply(document)
    assert account.drift(document) == {}

    account.estate.find_key_value("cache")["options"]["maxmemoryPolicy"] = "noeviction"
    assert account.drift(document) == {"cache": ["maxmemoryPolicy changed: allkeys_lru → noeviction"]}


def test_what_an_adopted_service_has_beyond_its_declaration_is_no_drift(account: Account) -> None:
    account.apply(only(*variables(A="1"), domains=[DOMAIN]))
    document = only(*variables(A="1"), domains=[DOMAIN], ownership="adopted")
    account.apply(document)
    own(account)["THEIRS"] = "2"
    add_domain(account)

    assert account.drift(document) == {}
    own(account)["A"] = "changed"
    assert account.drift(document) == {"api": ["env.A changed"]}


def test_a_value_kept_by_hand_may_change_but_not_vanish(account: Account) -> None:
    account.apply(only(*variables(STRIPE_KEY="by hand")))
    document = only({"key": "STRIPE_KEY", "sync": False})
    account.apply(document)
    own(account)["STRIPE_KEY"] = "another"
    assert account.drift(document) == {}

    del own(account)["STRIPE_KEY"]
    assert account.drift(document) == {"api": ["env.STRIPE_KEY missing"]}


SECRET = {"key": "SECRET", "generateValue": True}
"""Nobody has a value that Render generated: an apply cannot put it back, and keeps the one that it finds."""


def test_a_generated_value_of_a_service_that_somebody_changed_is_found_deployed_and_kept(account: Account) -> None:
    document = only(SECRET)
    made = account.apply(document)
    assert account.drift(document, made) == {}

    own(account)["SECRET"] = "by hand"
    assert account.drift(document, made) == {"api": ["env.SECRET replaced"]}
    made = account.apply(document, made=made)
    assert account.running("api") == {"SECRET": "by hand"}
    assert account.drift(document, made) == {}


def test_a_generated_value_of_an_adopted_service_that_somebody_changed_is_found_and_nothing_is_deployed(
    account: Account,
) -> None:
    account.apply(only(SECRET))
    document = only(SECRET, ownership="adopted")
    made = account.apply(document)
    own(account)["SECRET"] = "by hand"
    assert account.drift(document, made) == {"api": ["env.SECRET replaced"]}

    made = account.apply(document, made=made)
    assert account.writes() == []
    assert account.progress[-1] == "service api: SECRET takes effect with the next deploy of api"
    assert account.drift(document, made) == {}


def test_a_generated_value_of_a_group_that_somebody_changed_reaches_the_service(staged: Account) -> None:
    made = staged.apply(staging())
    assert staged.drift(staging(), made) == {}

    next(row for row in group_rows(staged) if row["key"] == "JWT_SECRET_KEY")["value"] = "by hand"
    assert staged.drift(staging(), made) == {
        "staging-env": ["env.JWT_SECRET_KEY replaced"],
        "api": ["fromGroup.staging-env not applied"],
    }
    made = staged.apply(staging(), made=made)
    assert staged.writes() == [
        "PUT /env-groups/staging-env/env-vars/STAGING_GATE_APPLIED",
        "PUT /services/api/env-vars/STAGING_GATE_APPLIED",
        "POST /services/api/deploys",
    ]
    assert staged.running("api")["JWT_SECRET_KEY"] == "by hand"
    assert staged.drift(staging(), made) == {}


def test_a_generated_value_is_not_compared_before_an_apply_has_reported_it(account: Account) -> None:
    document = only(SECRET)
    older = account.apply(document)
    del older["services"]["api"]["generated"]  # as a program before this one
    own(account)["SECRET"] = "by hand"
    assert account.drift(document, older) == {}

    made = account.apply(document, made=older)
    assert account.writes() == []
    own(account)["SECRET"] = "by another hand"
    assert account.drift(document, made) == {"api": ["env.SECRET replaced"]}


@pytest.mark.parametrize("own", [[], [SECRET]], ids=["of the group", "of the service as well"])
def test_what_render_has_generated_is_reported_as_a_fingerprint_that_shows_nothing(
    account: Account, own: list[dict[str, Any]]
) -> None:
    document = {"envVarGroups": [group()], "services": [service({"fromGroup": "staging-env"}, *own)]}
    report = account.apply(document)
    values = {**account.group_variables("staging-env"), **account.variables("api")}
    told = {
        key: one
        for section in report.values()
        for made in section.values()
        for key, one in made.get("generated", {}).items()
    }
    assert told == {key: fingerprint(values[key]) for key in ("JWT_SECRET_KEY", *(one["key"] for one in own))}
    assert values["JWT_SECRET_KEY"] not in str(report)


def test_what_does_not_exist_is_said_to_be_gone(account: Account) -> None:
    report = account.observe(staging())

    gone = {"id": None, "exists": False, "updatedAt": None, "drift": [], "made": None, "refused": None}
    assert report == {
        "databases": {"staging-db": {**gone, "expiresAt": None}},
        "envVarGroups": {"staging-env": gone},
        "services": {"api": gone},
    }


def test_an_observation_of_the_staging_estate_takes_six_reads(staged: Account) -> None:
    staged.observe(staging())

    assert len(staged.requests()) <= 6
    assert staged.writes() == []


def test_an_observation_shows_no_value_of_any_variable(staged: Account) -> None:
    values = [*staged.variables("api").values(), *staged.group_variables("staging-env").values()]
    own(staged).update(SETTING_03="secret-of-theirs", MORE="secret-of-theirs")
    change_group(staged)
    report = str(staged.observe(staging())) + "\n".join(staged.progress)

    assert "secret-of-theirs" not in report
    assert [value for value in values if len(value) > 5 and value in report] == []


def test_the_time_of_the_last_change_is_reported_where_render_keeps_one(staged: Account) -> None:
    report = staged.observe(staging())

    assert report["services"]["api"]["updatedAt"].endswith("Z")
    assert report["databases"]["staging-db"]["updatedAt"].endswith("Z")
    assert report["envVarGroups"]["staging-env"]["updatedAt"] is None


def test_a_free_database_says_when_it_expires(staged: Account) -> None:
    (database,) = staged.sim.estate.postgres.values()
    database["expiresAt"] = "2026-12-24T10:00:00Z"
    assert staged.observe(staging())["databases"]["staging-db"]["expiresAt"] == "2026-12-24T10:00:00Z"
