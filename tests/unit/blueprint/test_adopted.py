"""A living production service: what is declared of it is written, and nothing else ever happens to it."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from blueprint.errors import ApiError, MissingReference, Refused
from blueprint.marker import KEY
from tests.unit.blueprint.account import Account, Killed
from tests.unit.blueprint.documents import only, service, variables

NAME = "marketedge-platform"
DOMAIN = "api.zebra.associates"
SECRET = "correct-horse-battery-staple"
ENV = f"/services/{NAME}/env-vars"
LIVING = {f"SETTING_{number:02}": f"value number {number}" for number in range(24)} | {"STRIPE_KEY": SECRET}
GROUPS = {"envVarGroups": [{"name": "shared", "envVars": variables(LOG_LEVEL="INFO")}]}
Json = dict[str, Any]


@pytest.fixture
def living() -> Account:
    """Production before this program: 25 variables, a domain, deploys of its own, and no marker."""
    account = Account()
    account.apply(GROUPS)
    account.apply(only(*variables(**LIVING), name=NAME, branch="main", plan="standard", domains=[DOMAIN]))
    del own(account)[KEY]
    account.sim.settle()
    return account


def own(account: Account) -> dict[str, str]:
    return account.estate.env_vars[account.estate.find_service(NAME)["id"]]


def live(account: Account) -> Json:
    return account.estate.find_service(NAME)


def adopted(*env: Json, **fields: Any) -> Json:
    return {"services": [{"type": "web", "name": NAME, "ownership": "adopted", "envVars": list(env)} | fields]}


def disturbances(account: Account) -> list[str]:
    """Writes that make, deploy, restart, resume or delete anything."""
    harmless = ("/custom-domains", f"/env-groups/shared/services/{NAME}")
    return [
        w for w in account.writes() if w.startswith("DELETE") or (w.startswith("POST") and not w.endswith(harmless))
    ]


def test_first_adoption_leaves_a_marker_and_writes_nothing_else(living: Account) -> None:
    document = adopted(*variables(SETTING_03=LIVING["SETTING_03"]), region="oregon", branch="main", domains=[DOMAIN])
    assert living.drift(document) == {NAME: ["object unmarked"]}
    living.apply(document)
    assert living.writes() == [f"PUT {ENV}/{KEY}"]

    living.apply(document)
    assert living.writes() == []
    assert living.drift(document) == {}


def test_a_look_says_what_would_be_written_for_the_first_time(living: Account) -> None:
    first = adopted(*variables(SETTING_03="new", NEW="1"), branch="release")
    assert living.drift(first) == {
        NAME: [
            "object unmarked",
            "branch not applied: release → main",
            "env.NEW not applied",
        ]
    }
    living.apply(first)
    more = adopted(*variables(SETTING_03="new", NEW="1"), branch="release", previews={"generation": "automatic"})
    (told,) = living.drift(more)[NAME]
    assert told.startswith("previews not applied: {'generation': 'automatic'}")
    living.apply(more)
    assert living.drift(more) == {}


def test_what_differs_is_written_one_by_one_and_waits_for_the_next_deploy(living: Account) -> None:
    running = living.running(NAME)
    living.apply(adopted(*variables(SETTING_03="new"), branch="release", autoDeployTrigger="off"))

    assert living.writes() == [f"PUT {ENV}/{KEY}", f"PUT {ENV}/SETTING_03", f"PATCH /services/{NAME}"]
    assert living.progress[-1] == (f"service {NAME}: branch, SETTING_03 takes effect with the next deploy of {NAME}")
    assert (live(living)["branch"], live(living)["autoDeploy"]) == ("release", "no")
    assert living.variables(NAME) == LIVING | {"SETTING_03": "new"}
    assert living.running(NAME) == running


def test_no_later_run_makes_up_for_a_deploy(living: Account) -> None:
    document = adopted(*variables(SETTING_03="new"))
    living.apply(document)
    living.clock.now += 86_400
    living.apply(document)

    assert living.writes() == []


def test_a_deploy_that_an_earlier_owner_of_the_marker_owed_is_not_made(living: Account) -> None:
    exact = only(*variables(**LIVING | {"SETTING_03": "new"}), name=NAME, branch="main", plan="standard", takeOver=True)
    living.sim.faults.add(kind=400, method="POST", path="/services/*/deploys")
    with pytest.raises(ApiError):
        living.apply(exact)
    assert living.variables(NAME)["SETTING_03"] == "new"
    living.apply(adopted(*variables(SETTING_03="new")))

    assert disturbances(living) == []


def test_what_is_not_declared_any_more_stays_as_it_is(living: Account) -> None:
    living.apply(
        GROUPS | adopted({"fromGroup": "shared"}, *variables(NEW="1"), branch="release", domains=["b.example"])
    )
    before = living.picture()
    living.apply(GROUPS | adopted())
    assert living.writes() == [f"PUT {ENV}/{KEY}"]
    assert living.picture() == before

    own(living)["NEW"] = "theirs again"
    live(living)["branch"] = "main"
    assert living.drift(adopted()) == {}


def test_a_managed_value_changed_outside_is_drift_and_healed_without_a_deploy(living: Account) -> None:
    document = adopted(*variables(SETTING_03="new"), branch="release", domains=[DOMAIN])
    living.apply(document)
    own(living).update(SETTING_03="theirs", SETTING_04="theirs", MORE="theirs")
    live(living).update(branch="main", rootDir="elsewhere")

    assert living.drift(document) == {NAME: ["env.SETTING_03 changed", "branch changed: release → main"]}
    living.apply(document)
    assert living.writes() == [f"PUT {ENV}/SETTING_03", f"PATCH /services/{NAME}"]
    assert living.drift(document) == {}


def test_a_value_kept_by_hand_has_to_exist_and_is_neither_written_nor_shown(living: Account) -> None:
    kept = {"key": "STRIPE_KEY", "sync": False}
    report = living.apply(adopted(kept))
    assert living.writes() == [f"PUT {ENV}/{KEY}"]
    assert SECRET not in str([report, living.progress, living.wire.bodies])

    missing = {"key": "MISSING_KEY", "sync": False}
    for look_or_apply in (living.observe, living.apply):
        with pytest.raises(Refused, match=r"`sync: false` .* not there: MISSING_KEY. Set them at marketedge-platform"):
            look_or_apply(adopted(kept, missing, *variables(SETTING_03="new")))
        assert living.writes() == []


def test_a_value_kept_by_hand_that_vanishes_is_drift_and_stops_an_apply(living: Account) -> None:
    document = adopted({"key": "STRIPE_KEY", "sync": False}, *variables(SETTING_03="new"))
    living.apply(document)
    del own(living)["STRIPE_KEY"]

    assert living.drift(document) == {NAME: ["env.STRIPE_KEY missing"]}
    with pytest.raises(MissingReference, match="variable STRIPE_KEY is declared `sync: false`"):
        living.apply(document)


def test_a_value_to_generate_is_generated_once(living: Account) -> None:
    document = adopted({"key": "STRIPE_KEY", "generateValue": True}, {"key": "FRESH", "generateValue": True})
    living.apply(document)
    fresh = living.variables(NAME)["FRESH"]
    living.apply(document)

    assert living.writes() == []
    assert living.variables(NAME) == LIVING | {"FRESH": fresh}


def test_a_service_that_does_not_exist_is_refused_and_never_made(living: Account) -> None:
    document = adopted(name="marketedge-platfrom")
    for look_or_apply in (living.observe, living.apply):
        with pytest.raises(Refused, match=r"marketedge-platfrom is declared as adopted.*Correct its name, or RENDER_"):
            look_or_apply(GROUPS | document)
    assert living.writes() == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("region", "ohio", "exists in oregon, declared ohio"),
        ("plan", "pro", "plan: standard → pro would restart or rebuild"),
        ("runtime", "node", "runtime: python → node would restart or rebuild"),
        ("repo", "https://github.com/zebra-devops/other", "other would restart or rebuild"),
    ],
)
def test_what_would_disturb_production_is_refused_before_any_write(
    living: Account, field: str, value: str, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        living.apply(GROUPS | adopted(*variables(SETTING_03="new"), **{field: value}))
    assert living.writes() == []


def test_a_suspended_service_is_mentioned_and_stays_suspended(living: Account) -> None:
    document = adopted(*variables(SETTING_03="new"))
    living.apply(document)
    live(living)["suspended"] = "suspended"

    assert living.drift(document) == {}
    living.apply(document)
    assert living.writes() == []
    assert living.progress[-1] == f"service {NAME}: is suspended, and stays suspended"


@pytest.mark.parametrize("with_report", [True, False])
def test_destroy_takes_the_marker_and_leaves_the_rest(living: Account, with_report: bool) -> None:
    document = adopted(*variables(SETTING_03="new"), domains=[DOMAIN])
    made = living.apply(document)
    before = living.picture()
    assert living.destroy(document, made if with_report else None) == {}

    assert living.writes() == [f"DELETE {ENV}/{KEY}"]
    assert living.picture() == before
    assert KEY not in own(living)
    assert "left as it is" in living.progress[-1]


def test_an_observation_takes_two_reads_and_no_more_than_of_a_service_of_ones_own(living: Account) -> None:
    document = adopted(*variables(SETTING_03="new"))
    living.apply(document)
    living.observe(document)
    assert living.requests() == ["GET /services", f"GET {ENV}"]

    living.apply(GROUPS | adopted({"fromGroup": "shared"}, domains=[DOMAIN]))
    living.observe(adopted({"fromGroup": "shared"}, domains=[DOMAIN]))
    assert len(living.requests()) == 4


def some_declaration(dice: random.Random) -> Json:
    """Any of what may be declared of the living service."""
    keys = dice.sample([*LIVING, "NEW_1", "NEW_2"], dice.randrange(8))
    env: list[Json] = [{"key": key, "value": dice.choice(("new", LIVING.get(key, "")))} for key in keys]
    env += [{"key": "GENERATED", "generateValue": True}] * dice.randrange(2) + [
        {"fromGroup": "shared"}
    ] * dice.randrange(2)
    env += [{"key": "STRIPE_KEY", "sync": False}] * ("STRIPE_KEY" not in keys and dice.randrange(2))
    fields = {
        "plan": "standard",
        "region": "oregon",
        "runtime": "python",
        "repo": service()["repo"],
        "branch": dice.choice(("main", "release")),
        "rootDir": dice.choice(("", "backend")),
        "buildCommand": "make",
        "startCommand": "./run",
        "preDeployCommand": dice.choice(("", "alembic upgrade head")),
        "healthCheckPath": "/ready",
        "autoDeployTrigger": dice.choice(("off", "commit", "checksPass")),
        "buildFilter": {"paths": ["backend/**"]},
        "previews": {"generation": "automatic"},
        "domains": [dice.choice((DOMAIN, "b.example.com"))],
    }
    chosen = dice.sample(sorted(fields), dice.randrange(len(fields) + 1))
    return GROUPS | adopted(*env, **{name: fields[name] for name in chosen})


@pytest.mark.parametrize("seed", range(20))
def test_no_declaration_disturbs_production_wherever_the_run_is_killed(living: Account, seed: int) -> None:
    dice = random.Random(seed)
    first, second = some_declaration(dice), some_declaration(dice)
    deploys, running, service_id = len(living.estate.deploys), living.running(NAME), live(living)["id"]
    for document in (first, second):
        for number in range(1, 30):
            with suppress(Killed):
                living.apply(document, **{dice.choice(("die_before", "die_after")): number})
            assert disturbances(living) == []
        living.apply(document)
        assert living.writes() == []
        assert living.drift(document) == {}

    assert (len(living.estate.deploys), live(living)["id"]) == (deploys, service_id)
    assert living.running(NAME) == running
    assert LIVING.keys() <= living.variables(NAME).keys()
    assert DOMAIN in living.domains(NAME)
