"""What people edit by hand at the vendors in a staging stack, each beside what may be touched to put it right.

See tests/changes.py, whose rounds these follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blueprint.marker import KEY
from rehearsal.estate import World
from rehearsal.inventory import DATABASE, GROUP, SERVICE
from tests.changes import (
    ADDRESSES,
    CACHE,
    CLIENT,
    DOMAIN,
    FROM_GROUP,
    PROJECT,
    RENDER_DATABASE,
    RENDER_SERVICE,
    RULE,
    RULESET,
    Config,
    Row,
    github_variable,
    vercel_variable,
)

POLICY = "RepositoryEnvironmentDeploymentPolicy staging"
LATER = "2030-01-01T00:00:00+00:00"


def at_vendor(vendor: str, change: Callable[[Config], object], **properties: Any) -> Callable[[World], object]:
    def edit(world: World) -> None:
        with world.vendors.edit(vendor) as objects:
            change(next(one for one in objects if properties.items() <= one.items()))

    return edit


def gone_at(vendor: str, **properties: Any) -> Callable[[World], object]:
    def edit(world: World) -> None:
        with world.vendors.edit(vendor) as objects:
            objects.remove(next(one for one in objects if properties.items() <= one.items()))

    return edit


def own(world: World) -> dict[str, str]:
    estate = world.render.estate
    return estate.env_vars[estate.find_service(SERVICE)["id"]]


def of_group(world: World) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = world.render.estate.find_env_group(GROUP)["envVars"]
    return listed


def set_in_group(key: str, value: str) -> Callable[[World], object]:
    return lambda world: next(one for one in of_group(world) if one["key"] == key).update(value=value)


def delete_service(world: World) -> None:
    with world.render_session() as render:
        render.delete(f"/services/{world.render.estate.find_service(SERVICE)['id']}")


def delete_group(world: World) -> None:
    with world.render_session() as render:
        render.delete(f"/env-groups/{world.render.estate.find_env_group(GROUP)['id']}")


def details(world: World) -> Config:
    found: Config = world.render.estate.find_service(SERVICE)["serviceDetails"]
    return found


EDITED: dict[str, Row] = {
    # Render
    "edit: a variable of the service": Row(
        (RENDER_SERVICE,), edit=lambda world: own(world).update(RUN_MIGRATIONS="x"), round=7
    ),
    "edit: one variable more": Row((RENDER_SERVICE,), edit=lambda world: own(world).update(ADDED="x"), round=7),
    "edit: the service's marker": Row((RENDER_SERVICE,), edit=lambda world: own(world).pop(KEY), round=6),
    "edit: the service's plan": Row(
        (RENDER_SERVICE,), edit=lambda world: details(world).update(plan="standard"), round=7
    ),
    "edit: the service is suspended": Row(
        (RENDER_SERVICE,),
        edit=lambda world: world.render.estate.find_service(SERVICE).update(suspended="suspended"),
        round=7,
    ),
    "edit: a domain is removed": Row(
        (RENDER_SERVICE,), edit=lambda world: world.render.estate.custom_domains.clear(), round=7
    ),
    "edit: the group is unlinked": Row(
        (RENDER_SERVICE,), edit=lambda world: world.render.estate.find_env_group(GROUP)["serviceLinks"].clear(), round=7
    ),
    "edit: a variable of the group": Row(FROM_GROUP, edit=set_in_group("LOG_LEVEL", "TRACE"), round=7),
    "edit: a secret of the group": Row(FROM_GROUP, edit=set_in_group("REDIS_URL", "redis://stranger"), round=7),
    "edit: a generated secret of the group": Row(FROM_GROUP, edit=set_in_group("JWT_SECRET_KEY", "by hand"), round=7),
    "edit: the group's marker": Row(
        FROM_GROUP,
        edit=lambda world: of_group(world).remove(next(one for one in of_group(world) if one["key"] == KEY)),
        round=3,
    ),
    "edit: who may connect to the database": Row(
        (RENDER_DATABASE,),
        edit=lambda world: world.render.estate.find_postgres(DATABASE).update(ipAllowList=[]),
        round=7,
    ),
    "edit: the key value's policy": Row(
        (CACHE,),
        edit=lambda world: world.render.estate.find_key_value("cache")["options"].update(maxmemoryPolicy="allkeys_lru"),
        round=7,
    ),
    "edit: the project's environment is open": Row(
        (PROJECT,),
        edit=lambda world: next(iter(world.render.estate.environments.values())).update(protectedStatus="unprotected"),
        round=7,
    ),
    "edit: the group is deleted": Row(FROM_GROUP, edit=delete_group, round=8),
    "edit: the service is deleted": Row(
        (RENDER_SERVICE, github_variable("RENDER_SERVICE_ID")), edit=delete_service, maybe=ADDRESSES, round=8
    ),
    # GitHub
    "edit: the rule": Row(
        (RULE,),
        edit=at_vendor("github", lambda one: one.update(allowsForcePushes=True), type="branch_protection"),
        round=7,
    ),
    "edit: the rule is deleted": Row((RULE,), edit=gone_at("github", type="branch_protection"), round=4),
    "edit: the ruleset": Row(
        (RULESET,), edit=at_vendor("github", lambda one: one.update(enforcement="disabled"), type="ruleset"), round=7
    ),
    "edit: a variable at GitHub": Row(
        (github_variable("AUTH0_DOMAIN"),),
        edit=at_vendor("github", lambda one: one.update(value="x"), variableName="AUTH0_DOMAIN"),
        round=7,
    ),
    "edit: a variable at GitHub is deleted": Row(
        (github_variable("STAGE"),), edit=gone_at("github", variableName="STAGE"), round=7
    ),
    "edit: a secret at GitHub is overwritten": Row(
        ("ActionsEnvironmentSecret staging-AUTH0_CLIENT_SECRET",),
        edit=at_vendor("github", lambda one: one.update(remoteUpdatedAt=LATER), secretName="AUTH0_CLIENT_SECRET"),
        round=7,
    ),
    "edit: the environment is open to every branch": Row(
        (POLICY,), edit=gone_at("github", type="deployment_policy"), round=7
    ),
    # Auth0
    "edit: callbacks at Auth0": Row(
        (CLIENT,),
        edit=at_vendor("auth0", lambda one: one["callbacks"].append("https://x.example.com"), type="client"),
        round=7,
    ),
    # Vercel
    "edit: a variable at Vercel": Row(
        (vercel_variable("NEXT_PUBLIC_EPIC_1_ENABLED"),),
        edit=at_vendor("vercel", lambda one: one.update(value="x"), key="NEXT_PUBLIC_EPIC_1_ENABLED"),
        round=7,
    ),
    "edit: a variable at Vercel is deleted": Row(
        (vercel_variable("NEXT_PUBLIC_EPIC_2_ENABLED"),),
        edit=gone_at("vercel", key="NEXT_PUBLIC_EPIC_2_ENABLED"),
        round=7,
    ),
    "edit: the domain shows another branch": Row(
        (DOMAIN,), edit=at_vendor("vercel", lambda one: one.update(gitBranch="main"), type="domain"), round=7
    ),
    "edit: the domain is deleted": Row((DOMAIN,), edit=gone_at("vercel", type="domain"), round=4),
}
