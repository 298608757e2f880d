"""What a team changes in a staging stack's file, and what people edit at the vendors: each beside what it may touch.

Two tests go through it: one on the real engine, and one on the program alone, with every sequence that comes to mind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blueprint.marker import KEY
from rehearsal.estate import World
from rehearsal.inventory import DATABASE, GROUP, SERVICE

Config = dict[str, Any]
Operations = dict[str, str]
"""By resource, `Class name`: what is done to it."""

RENDER_SERVICE, RENDER_GROUP, RENDER_DATABASE = (f"Command {name}" for name in (SERVICE, GROUP, DATABASE))
FROM_GROUP = (RENDER_GROUP, RENDER_SERVICE)
RULE, ENVIRONMENT = "BranchProtection staging", "RepositoryEnvironment staging"
CLIENT, FRONTEND, DOMAIN = "Client staging", "Frontend staging", "ProjectDomain staging"
ADDRESSES = (
    "ActionsEnvironmentVariable staging-BACKEND_URL",
    "ProjectEnvironmentVariable staging-NEXT_PUBLIC_API_BASE_URL",
    FRONTEND,
)


def github_variable(key: str) -> str:
    return f"ActionsEnvironmentVariable staging-{key}"


def vercel_variable(key: str) -> str:
    return f"ProjectEnvironmentVariable staging-{key}"


@dataclass
class Row:
    """One change.

    Attributes:
        declare: changes the stack's configuration in place.
        edit: changes something at a vendor, as people do in a dashboard.
        touches: what may be touched, and has to be.
        maybe: what a preview shows besides, because it uses what only a creation tells: Render gives a service that is
            made anew another id, and tells its address only then. It is touched where that is another one.
    """

    touches: tuple[str, ...]
    declare: Callable[[Config], object] = lambda _config: None
    edit: Callable[[World], object] = lambda _world: None
    maybe: tuple[str, ...] = ()

    def is_exact(self, previewed: Operations, made: Operations) -> bool:
        """Whether the preview said what was made, and nothing else was made than what the row may touch."""
        unsure = {one: previewed[one] for one in self.maybe if one in previewed and one not in made}
        return previewed == {**made, **unsure} and set(self.touches) <= made.keys() <= {*self.touches, *self.maybe}


def put(path: str, value: Any) -> Callable[[Config], object]:
    """Set the value at a path such as `render.service.plan`; None removes it."""

    def change(config: Config) -> None:
        section, *steps, last = path.split(".")
        at: Any = config[f"marketedge:{section}"]
        for step in steps:
            at = at[int(step)] if step.isdigit() else at[step]
        if value is None:
            del at[last]
        else:
            at[last] = value

    return change


def variables(config: Config, holder: str) -> list[Config]:
    section, *steps = holder.split(".")
    at: Any = config[f"marketedge:{section}"]
    for step in steps:
        at = at[step]
    listed: list[Config] = at
    return listed


S, G = "render.service", "render.envGroup"
SERVICE_VARIABLES, GROUP_VARIABLES = "render.service.envVars", "render.envGroup.envVars"
AT_GITHUB, AT_VERCEL = "github.environment.variables", "vercel.variables"


def variable(holder: str, key: str, **source: Any) -> Callable[[Config], object]:
    """Declare a variable anew, or one more; without a source it is not declared any more."""

    def change(config: Config) -> None:
        listed = variables(config, holder)
        kept = [one for one in listed if one.get("key") != key]
        listed[:] = [*kept, {"key": key, **source}] if source else kept

    return change


def secret(name: str, value: str) -> Callable[[Config], object]:
    return lambda config: config["marketedge:secrets"].update({name: value})


def larger_database(config: Config) -> None:
    put("render.database.plan", "basic_256mb")(config)
    config["marketedge:budgetUsd"] = "50"


def renamed_group(name: str) -> Callable[[Config], object]:
    def change(config: Config) -> None:
        put(f"{G}.name", name)(config)
        next(one for one in variables(config, SERVICE_VARIABLES) if "fromGroup" in one)["fromGroup"] = name

    return change


def renamed_service(name: str) -> Callable[[Config], object]:
    def change(config: Config) -> None:
        put(f"{S}.name", name)(config)
        next(one for one in variables(config, SERVICE_VARIABLES) if one.get("key") == "PORT")["fromService"]["name"] = (
            name
        )

    return change


def rename_service(old: str, new: str) -> Callable[[World], object]:
    return lambda world: world.render.estate.find_service(old).update(name=new)


def migrates_before_a_deploy(config: Config) -> None:
    put("render.service.plan", "starter")(config)  # a free service has no pre-deploy command
    put("render.service.preDeployCommand", "alembic upgrade head")(config)


def turned(config: Config) -> None:
    variables(config, GROUP_VARIABLES).reverse()


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


DECLARED: dict[str, Row] = {
    # Render: fields of a service
    "service: plan": Row((RENDER_SERVICE,), put(f"{S}.plan", "starter")),
    "service: health check": Row((RENDER_SERVICE,), put(f"{S}.healthCheckPath", "/ready")),
    "service: start command": Row((RENDER_SERVICE,), put(f"{S}.startCommand", "./start.sh; plan: x → y")),
    "service: pre-deploy command": Row((RENDER_SERVICE,), migrates_before_a_deploy),
    "service: deploys by itself": Row((RENDER_SERVICE,), put(f"{S}.autoDeployTrigger", "off")),
    "service: previews": Row((RENDER_SERVICE,), put(f"{S}.previews", {"generation": "manual"})),
    "service: one domain more": Row(
        (RENDER_SERVICE,), put(f"{S}.domains", ["staging-api.zebra.associates", "api2.zebra.associates"])
    ),
    "service: another domain": Row((RENDER_SERVICE,), put(f"{S}.domains", ["api3.zebra.associates"])),
    # Render: variables of a service and of a group
    "service: variable changed": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "RUN_MIGRATIONS", value="false")),
    "service: variable added": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "NEW", value="1")),
    "service: variable removed": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "NEW")),
    "service: secret added": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "HIDDEN", fromSecret="REDIS_URL")),
    "group: variable changed": Row(FROM_GROUP, variable(GROUP_VARIABLES, "LOG_LEVEL", value="INFO")),
    "group: variable added": Row(FROM_GROUP, variable(GROUP_VARIABLES, "NEW", value="1")),
    "group: variable renamed": Row(
        FROM_GROUP,
        lambda config: (
            variable(GROUP_VARIABLES, "NEW")(config),
            variable(GROUP_VARIABLES, "NEWER", value="1")(config),
        ),
    ),
    "group: variable removed": Row(FROM_GROUP, variable(GROUP_VARIABLES, "NEWER")),
    "group: another order": Row((RENDER_GROUP,), turned),
    "group: secret changed": Row(FROM_GROUP, secret("AUTH0_ACTION_SECRET", "another-action-secret-of-a-test")),
    "group and service: a secret of both": Row(
        FROM_GROUP, secret("REDIS_URL", "redis://:another@redis.example.com:6379")
    ),
    "group: a secret becomes a reference": Row(
        FROM_GROUP, variable(GROUP_VARIABLES, "DB_HOST", fromDatabase={"name": DATABASE, "property": "host"})
    ),
    "group: one generated more": Row(FROM_GROUP, variable(GROUP_VARIABLES, "KEY2", generateValue=True)),
    # Render: a database
    "database: who may connect": Row(
        (RENDER_DATABASE,), put("render.database.ipAllowList", [{"source": "203.0.113.0/24", "description": "office"}])
    ),
    "database: plan": Row((RENDER_DATABASE,), larger_database),
    # GitHub
    "rule: approvals": Row((RULE,), put("github.protection.requiredApprovals", 2)),
    "rule: a check less": Row((RULE,), put("github.protection.requiredChecks", ["zebra-protection-gate"])),
    "rule: up to date": Row((RULE,), put("github.protection.requireUpToDate", True)),
    "rule: conversations": Row((RULE,), put("github.protection.requireConversationResolution", False)),
    "GitHub: variable added": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW", fromOutput="auth0.domain")),
    "GitHub: variable changed": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW", value="2")),
    "GitHub: variable removed": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW")),
    "GitHub: secret added": Row(
        ("ActionsEnvironmentSecret staging-MORE",),
        lambda config: variables(config, "github.environment.secrets").append(
            {"key": "MORE", "fromSecret": "REDIS_URL"}
        ),
    ),
    # Auth0
    "Auth0: callbacks": Row((CLIENT,), lambda config: config["marketedge:auth0"]["callbacks"].pop(3)),
    "Auth0: logout addresses": Row((CLIENT,), lambda config: config["marketedge:auth0"]["logoutUrls"].pop(3)),
    "Auth0: renamed application": Row((CLIENT,), put("auth0.application", "MarketEdge (staging)")),
    "Auth0 and everybody: another audience": Row(
        (
            *FROM_GROUP,
            github_variable("AUTH0_AUDIENCE"),
        ),
        put("auth0.audience", "https://another.example.com/api"),
    ),
    # Vercel
    "Vercel: variable changed": Row(
        (vercel_variable("NEXT_PUBLIC_DEBUG_MODE"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_DEBUG_MODE", value="no")
    ),
    "Vercel: variable added": Row(
        (vercel_variable("NEXT_PUBLIC_NEW"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_NEW", value="1")
    ),
    "Vercel: variable removed": Row(
        (vercel_variable("NEXT_PUBLIC_NEW"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_NEW")
    ),
    "Vercel: one domain more": Row(
        ("ProjectDomain staging-more.zebra.associates",), put("vercel.aliases", ["more.zebra.associates"])
    ),
    "Vercel: a domain less": Row(("ProjectDomain staging-more.zebra.associates",), put("vercel.aliases", [])),
    # Other names
    "renamed: the group": Row(
        ("Command another-env", RENDER_GROUP, RENDER_SERVICE),
        renamed_group("another-env"),
    ),
    "renamed: the group again": Row(
        ("Command another-env", *FROM_GROUP),
        renamed_group(GROUP),
    ),
    "renamed: the service, here and at Render": Row(
        ("Command another-service",), renamed_service("another-service"), rename_service(SERVICE, "another-service")
    ),
    "renamed: the service again": Row(
        (RENDER_SERVICE,), renamed_service(SERVICE), rename_service("another-service", SERVICE)
    ),
    "renamed: a variable at GitHub": Row(
        (github_variable("ENVIRONMENT"), github_variable("STAGE")),
        lambda config: (
            variable(AT_GITHUB, "ENVIRONMENT")(config),
            variable(AT_GITHUB, "STAGE", fromOutput="environment")(config),
        ),
    ),
    # The rollout
    "phase: forward": Row((), lambda config: config.update({"marketedge:phase": "cutover"})),
    "phase: back": Row((), lambda config: config.update({"marketedge:phase": "infrastructure"})),
}
EDITED: dict[str, Row] = {
    "edit: a variable of the service": Row((RENDER_SERVICE,), edit=lambda world: own(world).update(RUN_MIGRATIONS="x")),
    "edit: one variable more": Row((RENDER_SERVICE,), edit=lambda world: own(world).update(ADDED="x")),
    "edit: the service's marker": Row((RENDER_SERVICE,), edit=lambda world: own(world).pop(KEY)),
    "edit: the service's plan": Row(
        (RENDER_SERVICE,),
        edit=lambda world: world.render.estate.find_service(SERVICE)["serviceDetails"].update(plan="standard"),
    ),
    "edit: the service is suspended": Row(
        (RENDER_SERVICE,), edit=lambda world: world.render.estate.find_service(SERVICE).update(suspended="suspended")
    ),
    "edit: a domain is removed": Row((RENDER_SERVICE,), edit=lambda world: world.render.estate.custom_domains.clear()),
    "edit: a variable of the group": Row(FROM_GROUP, edit=set_in_group("LOG_LEVEL", "TRACE")),
    "edit: a secret of the group": Row(FROM_GROUP, edit=set_in_group("REDIS_URL", "redis://stranger")),
    "edit: a generated secret of the group": Row(FROM_GROUP, edit=set_in_group("JWT_SECRET_KEY", "by hand")),
    "edit: the group's marker": Row(
        FROM_GROUP, edit=lambda world: of_group(world).remove(next(one for one in of_group(world) if one["key"] == KEY))
    ),
    "edit: the group is unlinked": Row(
        (RENDER_SERVICE,), edit=lambda world: world.render.estate.find_env_group(GROUP)["serviceLinks"].clear()
    ),
    "edit: the group is deleted": Row(FROM_GROUP, edit=delete_group),
    "edit: the service is deleted": Row(
        (RENDER_SERVICE, "ActionsEnvironmentVariable staging-RENDER_SERVICE_ID"), edit=delete_service, maybe=ADDRESSES
    ),
    "edit: the rule": Row(
        (RULE,), edit=at_vendor("github", lambda one: one.update(allowsForcePushes=True), type="branch_protection")
    ),
    "edit: the rule is deleted": Row((RULE,), edit=gone_at("github", type="branch_protection")),
    "edit: a variable at GitHub": Row(
        (github_variable("AUTH0_DOMAIN"),),
        edit=at_vendor("github", lambda one: one.update(value="x"), variableName="AUTH0_DOMAIN"),
    ),
    "edit: a variable at GitHub is deleted": Row(
        (github_variable("STAGE"),), edit=gone_at("github", variableName="STAGE")
    ),
    "edit: callbacks at Auth0": Row(
        (CLIENT,), edit=at_vendor("auth0", lambda one: one["callbacks"].append("https://x.example.com"), type="client")
    ),
    "edit: a variable at Vercel": Row(
        (vercel_variable("NEXT_PUBLIC_EPIC_1_ENABLED"),),
        edit=at_vendor("vercel", lambda one: one.update(value="x"), key="NEXT_PUBLIC_EPIC_1_ENABLED"),
    ),
}
