"""What a plain preview says of what `up` leads to, at every vendor."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprint.fields import DriftKind
from blueprint.spec import KNOWN_VARIABLE
from components import foreseen
from components import vendors as named
from components.foreseen import at_render, elsewhere, lines
from components.observation import Observation
from components.render_documents import FoundDifference
from components.stack import applied
from components.vendors import COMMAND, UNKNOWN
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import StackFile

API, ENV, DB = ("services", "api"), ("envVarGroups", "env"), ("databases", "db")
LINK = {"fromGroup": "env"}
SECRET = {"key": "REDIS_URL", "fromEnvironment": "SECRET_REDIS_URL"}
Told = list[tuple[str, bool]]
SEEN = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _render_tells_of_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreseen, "described", lambda _environ: lambda _name: "1 GB, no backup")


def document(section: str, name: str, *variables: dict[str, Any], **fields: Any) -> str:
    return json.dumps({section: [{"name": name, "envVars": list(variables), **fields}]})


def command(section: str, name: str, text: str, **secrets: str) -> dict[str, Any]:
    """Outputs of a command in the state."""
    printed = json.dumps({section: {name: {"id": "x"}}})
    return {"stdin": text, "environment": {KNOWN_VARIABLE: "{}", **secrets}, "stdout": printed}


def given(state: Mapping[tuple[str, str], dict[str, Any]]) -> dict[Any, Mapping[str, Any]]:
    """What the last `up` gave each command, by the object that the command reported."""
    resources = {
        f"urn:pulumi:staging::gate::{type_}::{name}": {"type": type_, "outputs": outputs}
        for (type_, name), outputs in state.items()
    }
    return {key: one.command for key, one in applied(resources).items()}


GROUP = document("envVarGroups", "env", {"key": "LOG_LEVEL", "value": "DEBUG"}, {"key": "OLD", "value": "1"}, SECRET)
SERVICE = document("services", "api", LINK, plan="free", domains=["api.example.com"])
DATABASE = document("databases", "db", plan="free")
APPLIED = given(
    {
        (COMMAND, "api"): command("services", "api", SERVICE, CONTENTS_env="1"),
        (COMMAND, "env"): command("envVarGroups", "env", GROUP, SECRET_REDIS_URL="redis://old"),
        (COMMAND, "db"): command("databases", "db", DATABASE),
        (COMMAND, "cut-short"): {},
        (named.CLIENT, "staging"): {"stdout": "[]"},
    }
)
DECLARED = {API: SERVICE, ENV: GROUP, DB: DATABASE}


def told(
    documents: Mapping[Any, str], redis: str = "redis://old", contents: str = "1", **drift: list[FoundDifference]
) -> Told:
    """What a plain preview says of these documents, without the sum of Render's writes."""
    found = Observation(drift={API: drift["api"]} if drift else {})
    environment = {"SECRET_REDIS_URL": redis, "CONTENTS_env": contents}
    now = {key: {"stdin": text, "environment": environment} for key, text in documents.items()}
    return [one for one in lines(list(at_render(now, APPLIED, found)), {}, {}) if "write request" not in one[0]]


def test_nothing_changes_and_nothing_is_said() -> None:
    assert set(APPLIED) == {API, ENV, DB}
    assert told(DECLARED) == []


def test_a_changed_group_deploys_the_services_that_link_to_it_and_a_removed_variable_is_lost_by_them() -> None:
    changed = document("envVarGroups", "env", {"key": "LOG_LEVEL", "value": "INFO"}, SECRET)
    assert told({**DECLARED, ENV: changed}, contents="2") == [
        ("api loses the variable OLD", True),
        ("service api is deployed, because of the group env", False),
    ]


def test_an_object_with_another_name_is_neither_deleted_nor_created() -> None:
    other = ("services", "other")
    now = {other: {"stdin": SERVICE.replace("api", "other"), "environment": {}}}
    before = {API: APPLIED[API]}
    (planned,) = at_render(now, before, Observation(renamed={other: "api"}))
    assert (planned.operation, planned.name) == ("update", "other")


def test_a_changed_secret_is_named_and_never_shown() -> None:
    said = told(DECLARED, redis="redis://new", contents="2")
    assert said == [
        ("service api is deployed, because of the group env", False),
        ("environment group env gets another value of the secret REDIS_URL", False),
    ]
    assert told(DECLARED, redis=UNKNOWN, contents=UNKNOWN) == [], "known at `up` only"


def test_what_an_older_program_applied_is_not_compared_because_its_documents_held_the_secrets() -> None:
    before = given({(COMMAND, "api"): {**command("services", "api", "{}"), "stdin": SERVICE, "environment": {}}})
    now = {API: {"stdin": document("services", "api", SECRET), "environment": {"SECRET_REDIS_URL": "x"}}}
    assert list(at_render(now, before, Observation())) == []


def test_an_object_that_is_no_longer_declared_is_deleted_with_what_render_tells_of_it() -> None:
    lost = "database db is deleted permanently, with everything in it (1 GB, no backup)"
    assert told({API: SERVICE, ENV: GROUP})[0] == (lost, True)


def test_an_adopted_service_is_neither_deleted_nor_deployed() -> None:
    living = document("services", "api", ownership="adopted")
    before = {API: command("services", "api", living)}
    kept = "service api stays as it is, and is not managed from here any more"
    assert list(lines(list(at_render({}, before, Observation())), {}, {})) == [(kept, False)]
    adopted = document("services", "api", LINK, {"key": "A", "value": "1"}, plan="free", ownership="adopted")
    said = told({**DECLARED, API: adopted})
    assert said == [("service api takes up A with its next deploy; nothing is deployed now", False)], "a domain stays"


def test_what_somebody_changed_by_hand_is_put_right() -> None:
    drift = [
        FoundDifference(field="env.ADDED", kind=DriftKind.UNDECLARED, seen=SEEN),
        FoundDifference(kind=DriftKind.SUSPENDED, seen=SEEN),
    ]
    assert told(DECLARED, api=drift) == [
        ("service api loses the variable ADDED, which was added by hand", True),
        ("service api is suspended and is resumed", False),
        ("service api is deployed, because of ADDED", False),
    ]
    gone = told(DECLARED, api=[FoundDifference(kind=DriftKind.MISSING, seen=SEEN)])
    assert gone[0] == ("service api no longer exists and is created again, with another id", True)


def test_a_host_that_is_taken_from_a_service_is_no_longer_served() -> None:
    without = document("services", "api", LINK, plan="free", domains=[])
    assert told({**DECLARED, API: without})[0] == ("api.example.com is not served by service api any more", True)


def test_a_document_that_only_up_will_know_is_neither_a_change_nor_a_deletion() -> None:
    assert told({**DECLARED, API: UNKNOWN}) == []


STATE = {
    (named.BRANCH_PROTECTION, "production"): {
        "pattern": "main",
        "requiredStatusChecks": [{"contexts": ["test", "lint"], "strict": True}],
        "requiredPullRequestReviews": [{"requiredApprovingReviewCount": 2.0, "dismissStaleReviews": True}],
        "enforceAdmins": True,
    },
    (named.RULESET, "production"): {"name": "Release tags", "enforcement": "active"},
    (named.CLIENT, "production"): {"name": "App", "callbacks": ["https://a.test/cb", "https://b.test/cb"]},
    (named.PROJECT, "production"): {"name": "web", "autoAssignCustomDomains": True, "rootDirectory": "app"},
    (named.PROJECT_VARIABLE, "production-API"): {"key": "API", "value": "https://a.test"},
    (named.ENVIRONMENT_SECRET, "production-TOKEN"): {
        "environment": "production",
        "secretName": "TOKEN",
        "value": "secret-of-a-test",
    },
    ("vercel:index/dnsRecord:DnsRecord", "production-api.example.com"): {
        "domain": "example.com",
        "name": "api",
        "type": "CNAME",
        "value": "a.onrender.com.",
    },
}
RULE = {
    "pattern": "main",
    "requiredStatusChecks": [{"contexts": ["lint", "test"], "strict": True}],
    "requiredPullRequestReviews": [{"required_approving_review_count": 2, "dismiss_stale_reviews": True}],
    "enforceAdmins": True,
}
NOW: dict[tuple[str, str], dict[str, Any]] = {
    **{key: dict(values) for key, values in STATE.items()},
    (named.BRANCH_PROTECTION, "production"): RULE,
    (named.PROJECT, "production"): {"name": "web", "autoAssignCustomDomains": True, "rootDirectory": None},
    (named.ENVIRONMENT_SECRET, "production-TOKEN"): {
        "environment": "production",
        "secretName": "TOKEN",
        "value": "secret-of-a-test",
    },
}


def at_the_others(
    changed: Mapping[tuple[str, str], dict[str, Any]] | None = None, *, without: tuple[str, str] | None = None
) -> Told:
    declared = {key: {**values, **(changed or {}).get(key, {})} for key, values in NOW.items() if key != without}
    return list(lines(list(elsewhere(declared, STATE, named.KINDS)), {}, {}))


def cases() -> Iterator[tuple[tuple[str, str], dict[str, Any], Told]]:
    rule, ruleset, client, project, variable, secret, record = STATE
    yield ruleset, {"enforcement": "disabled"}, [("the ruleset Release tags is switched off", True)]
    applies = ("the rule for main applies at once to everybody's pull requests", False)
    lighter = [{"contexts": ["lint"], "strict": False}]
    yield (
        rule,
        {"requiredStatusChecks": lighter, "enforceAdmins": False},
        [
            ("pull requests to main can be merged without test", True),
            ("pull requests to main can be merged while they are behind it", True),
            ("administrators can bypass the rule for main", True),
            applies,
        ],
    )
    fewer = [{"required_approving_review_count": 1, "dismiss_stale_reviews": True}]
    yield (
        rule,
        {"requiredPullRequestReviews": fewer},
        [("pull requests to main need 1 approvals instead of 2", True), applies],
    )
    yield client, {"callbacks": ["https://a.test/cb"]}, [("logins that return to https://b.test/cb stop working", True)]
    shared = "every environment sees the settings of the Vercel project web, staging's previews too"
    yield project, {"autoAssignCustomDomains": False}, [(shared, True)]
    yield variable, {"value": "https://b.test"}, [("a changed Vercel variable takes effect with the next build", False)]
    yield variable, {"value": UNKNOWN}, []
    yield (
        secret,
        {"value": "another"},
        [
            ("jobs of the GitHub environment production see the change in their next run", False),
            ("environment secret production/TOKEN gets another value", False),
        ],
    )
    yield (
        record,
        {"value": "b.onrender.com."},
        [("api.example.com points to b.onrender.com. instead of a.onrender.com.", True)],
    )


@pytest.mark.parametrize(("key", "changed", "expected"), list(cases()))
def test_what_a_change_elsewhere_leads_to(key: tuple[str, str], changed: dict[str, Any], expected: Told) -> None:
    assert at_the_others({key: changed}) == expected


def test_nothing_is_said_of_what_stays_in_whatever_order_a_vendor_gives_it_back() -> None:
    assert at_the_others() == []


def test_what_is_no_longer_declared_is_lost() -> None:
    record = ("vercel:index/dnsRecord:DnsRecord", "production-api.example.com")
    gone = "the DNS record of api.example.com is deleted: the name stops resolving, and nothing that calls it works"
    assert at_the_others(without=record) == [(gone, True)]
    variable = (named.PROJECT_VARIABLE, "production-API")
    assert at_the_others(without=variable) == [("builds at Vercel lose the variable API", True)]
    secret = (named.ENVIRONMENT_SECRET, "production-TOKEN")
    lost = "jobs of the GitHub environment production lose the secret TOKEN"
    assert at_the_others(without=secret) == [(lost, True)]
    rule = (named.BRANCH_PROTECTION, "production")
    assert at_the_others(without=rule) == [("the branch main is not protected any more", True)]


def test_a_record_that_the_stack_made_has_to_be_made_at_the_registrar_once_it_is_no_longer_declared() -> None:
    record = {"name": "api.example.com", "type": "CNAME", "target": "a.onrender.com"}
    before, after = {"dnsRecords": [{**record, "zone": "example.com"}]}, {"dnsRecords": [record]}
    told = "a DNS record has to be created at the registrar: CNAME api.example.com → a.onrender.com"
    assert list(lines([], before, after)) == [(told, False)]
    assert list(lines([], after, after)) == list(lines([], before, before)) == []
    unknown = {"dnsRecords": [{**record, "target": UNKNOWN}]}
    assert "→ the address that its vendor gives it" in next(lines([], before, unknown))[0]


def existing(there: list[str], made: list[str] | None = None, preview: bool = True, **adopt: str) -> list[str]:
    """The warnings about what exists already, of a run of the shipped staging stack."""
    stack_file = StackFile()
    if adopt:
        stack_file.put("adopt", {"auth0:Client/staging": "an-id"})
    result = run(stack_file, preview=preview, there=there, made=made or [])
    assert result.error is None
    return [text for text in result.warnings if "exists already" in text]


def test_what_exists_before_the_first_up_is_named_with_the_way_to_take_it_over() -> None:
    assert existing([named.CLIENT]) == [
        "exists already: Auth0 application MarketEdge Platform (staging) was not made by this stack: run gate adopt "
        "--env staging before up, which would fail at it, make a second one or change it"
    ]
    everything = existing([*named.KINDS])
    assert len(everything) == len(set(everything)) > 10
    inside = "GitHub environment variable"
    assert not any(inside in text for text in everything), "the environment is new, and adopt finds what is in it"
    assert any("Vercel variable" in text for text in everything)


def test_what_the_stack_has_or_takes_over_is_not_looked_up() -> None:
    assert existing([named.CLIENT], made=[f"{named.CLIENT}::staging"]) == []
    assert existing([named.CLIENT], adopt="it") == []
    assert existing([named.CLIENT], preview=False) == []
    made = [f"{named.ENVIRONMENT}::staging"]
    assert any("environment variable staging/" in text for text in existing([named.ENVIRONMENT_VARIABLE], made=made))


def test_the_change_of_cost_is_told_where_there_is_one() -> None:
    new = {(named.BRANCH_PROTECTION, "staging"): {"pattern": "staging"}}
    changes = list(elsewhere(new, {}, named.KINDS))
    before, after = ({"phase": "cutover", "monthlyCostUsd": {"total": total}} for total in (0, 7))
    assert ("the objects at Render cost $0 → $7 a month (+$7)", False) in list(lines(changes, before, after))
    assert ("the objects at Render cost $0 → $7 a month (+$7)", False) in list(lines(changes, {}, after))
    assert not any("cost" in text for text, _ in lines(changes, after, after))
