"""What a plain preview says of what `up` leads to at Render."""

from __future__ import annotations

import json
from typing import Any

from blueprint.drift import Difference, DriftKind
from components.foreseen import given, lines
from components.observation import ObjectDrift, Observation

API, ENV, DB = ("services", "api"), ("envVarGroups", "env"), ("databases", "db")
LINK = {"fromGroup": "env"}


def document(section: str, name: str, *variables: dict[str, Any], **fields: Any) -> str:
    return json.dumps({section: [{"name": name, "envVars": list(variables), **fields}]})


def command(section: str, name: str, text: str) -> dict[str, str]:
    """Outputs of a command in the state."""
    return {"stdin": text, "stdout": json.dumps({section: {name: {"id": "x"}}})}


GROUP = document("envVarGroups", "env", {"key": "LOG_LEVEL", "value": "DEBUG"}, {"key": "OLD", "value": "1"})
SERVICE = document("services", "api", LINK, plan="free")
DATABASE = document("databases", "db", plan="free")
APPLIED = given(
    {
        "api": command("services", "api", SERVICE),
        "env": command("envVarGroups", "env", GROUP),
        "db": command("databases", "db", DATABASE),
        "cut-short": {},
    }
)
DECLARED = {API: SERVICE, ENV: GROUP, DB: DATABASE}


def told(documents: dict[Any, str], **drift: ObjectDrift) -> list[tuple[str, bool]]:
    found = Observation(drift={API: drift["api"]} if drift else {})
    return list(lines(documents, APPLIED, found))


def test_nothing_changes_and_nothing_is_said() -> None:
    assert set(APPLIED) == {API, ENV, DB}
    assert told(DECLARED) == []


def test_a_changed_group_deploys_the_services_that_link_to_it_and_a_removed_variable_is_lost_by_them() -> None:
    changed = document("envVarGroups", "env", {"key": "LOG_LEVEL", "value": "INFO"})
    assert told({**DECLARED, ENV: changed}) == [
        ("service api is deployed, because of the group env", False),
        ("api loses the variable OLD", True),
    ]


def test_an_object_that_is_no_longer_declared_is_deleted() -> None:
    assert told({API: SERVICE, ENV: GROUP}) == [("database db is deleted permanently, with everything in it", True)]


def test_an_adopted_service_is_not_deployed() -> None:
    adopted = document("services", "api", {"key": "A", "value": "1"}, ownership="adopted")
    assert (
        "service api takes up A, the group env with its next deploy; nothing is deployed now",
        False,
    ) in told({**DECLARED, API: adopted})


def test_what_somebody_changed_by_hand_is_put_right() -> None:
    drift = ObjectDrift(
        [Difference(field="env.ADDED", kind=DriftKind.UNDECLARED), Difference(kind=DriftKind.SUSPENDED)]
    )
    assert told(DECLARED, api=drift) == [
        ("service api is suspended and is resumed", False),
        ("service api is deployed, because of ADDED", False),
        ("service api loses the variable ADDED, which was added by hand", True),
    ]
    gone = told(DECLARED, api=ObjectDrift([Difference(kind=DriftKind.MISSING)]))
    assert gone[0] == ("service api no longer exists and is created again, with another id", True)
