"""What a team changes in a staging stack's file, and what people edit at the vendors: each beside what it may touch.

Two tests go through it: one on the real engine, and one on the program alone, with every sequence that comes to mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

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
        is_silent: no field changes, so a preview names none. Render has variables in an order of its own, and another
            order writes nothing.
        round: changes with the same number are independent: the engine takes them in one preview and one `up`. Each
            is another field, where they touch the same object.
    """

    touches: tuple[str, ...]
    declare: Callable[[Config], object] = lambda _config: None
    edit: Callable[[World], object] = lambda _world: None
    maybe: tuple[str, ...] = ()
    is_silent: bool = False
    round: int = 1


def is_exact(rows: Iterable[Row], previewed: Operations, made: Operations) -> bool:
    """Whether the preview said what was made, and nothing else was made than what the rows may touch."""
    touches = {one for row in rows for one in row.touches}
    maybe = {one for row in rows for one in row.maybe}
    unsure = {one: previewed[one] for one in maybe if one in previewed and one not in made}
    return previewed == {**made, **unsure} and touches <= made.keys() <= touches | maybe


def in_rounds(rows: Mapping[str, Row]) -> dict[int, dict[str, Row]]:
    """The rows by their round, in the order in which they happen."""
    found: dict[int, dict[str, Row]] = {}
    for name, row in sorted(rows.items(), key=lambda item: item[1].round):
        found.setdefault(row.round, {})[name] = row
    return found


def side_by_side(table: Iterable[tuple[str, Operations, Operations]]) -> str:
    """What was previewed and what was made, one object a line."""
    lines = [f"{'change':45} {'object':62} {'previewed':10} made"]
    for name, previewed, made in table:
        for one in sorted(previewed.keys() | made.keys()) or ["(nothing)"]:
            lines.append(f"{name:45} {one:62} {previewed.get(one, '-'):10} {made.get(one, '-')}")
    return "\n".join(lines)


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
            at[last] = deepcopy(value)  # a later row may change what this one puts there

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
        listed[:] = [*kept, {"key": key, **deepcopy(source)}] if source else kept

    return change


def secret(name: str, value: str) -> Callable[[Config], object]:
    return lambda config: config["marketedge:secrets"].update({name: value})


HOST = {"name": DATABASE, "property": "host"}
MORE_SECRET = "ActionsEnvironmentSecret staging-MORE"


def both(*changes: Callable[[Config], object]) -> Callable[[Config], object]:
    return lambda config: [change(config) for change in changes]


def put_whole(section: str, value: Any) -> Callable[[Config], object]:
    return lambda config: config.update({f"marketedge:{section}": deepcopy(value)})


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


def turned(config: Config) -> None:
    variables(config, GROUP_VARIABLES).reverse()


OTHER = secret("OTHER", "another-secret-of-a-test")
_NEW_FIELDS: Config = {
    "plan": "starter",
    "healthCheckPath": "/ready",
    "buildCommand": "make",
    "startCommand": "./start.sh; plan: x → y",
    "rootDir": "backend",
    "buildFilter": {"paths": ["backend/**"]},
    "autoDeployTrigger": "off",
    "previews": {"generation": "manual"},
    "maxShutdownDelaySeconds": 60,
    "ipAllowList": [{"source": "203.0.113.0/24", "description": "office"}],
    "domains": ["staging-api.zebra.associates", "api2.zebra.associates"],
}
_NEW_RULES: Config = {
    "requiredApprovals": 2,
    "dismissStaleApprovals": False,
    "requiredChecks": ["zebra-protection-gate"],
    "requireUpToDate": True,
    "requireConversationResolution": False,
}
_CACHE = {"name": "cache", "plan": "free", "maxmemoryPolicy": "allkeys_lru", "ipAllowList": []}
CACHE, PROJECT, RULESET = "Command cache", "Command MarketEdge", "RepositoryRuleset staging-checks"
MORE = "ProjectDomain staging-more.zebra.associates"

DECLARED: dict[str, Row] = {
    # Render: a service
    **{f"service: {key}": Row((RENDER_SERVICE,), put(f"{S}.{key}", value)) for key, value in _NEW_FIELDS.items()},
    "service: preDeployCommand": Row(  # which a free service cannot have
        (RENDER_SERVICE,), both(put(f"{S}.plan", "starter"), put(f"{S}.preDeployCommand", "alembic upgrade head"))
    ),
    "service: another domain": Row((RENDER_SERVICE,), put(f"{S}.domains", ["api3.zebra.associates"]), round=2),
    "service: variable changed": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "RUN_MIGRATIONS", value="false")),
    "service: variable added": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "OWN", value="1")),
    "service: variable removed": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "OWN"), round=2),
    "service: secret added": Row((RENDER_SERVICE,), variable(SERVICE_VARIABLES, "HIDDEN", fromSecret="REDIS_URL")),
    "service: into an environment of a project": Row(
        (RENDER_SERVICE,),
        both(put("render.projects.0.name", "MarketEdge"), put(f"{S}.environment", "MarketEdge/staging")),
        round=2,
    ),
    # Render: a group
    "group: variable changed": Row(FROM_GROUP, variable(GROUP_VARIABLES, "LOG_LEVEL", value="INFO")),
    "group: variable added": Row(FROM_GROUP, variable(GROUP_VARIABLES, "NEW", value="1")),
    "group: variable renamed": Row(
        FROM_GROUP,
        both(variable(GROUP_VARIABLES, "NEW"), variable(GROUP_VARIABLES, "NEWER", value="1")),
        round=2,
    ),
    "group: variable removed": Row(FROM_GROUP, variable(GROUP_VARIABLES, "NEWER"), round=3),
    "group: reference added": Row(FROM_GROUP, variable(GROUP_VARIABLES, "DB_HOST", fromDatabase=HOST)),
    "group: generated variable added": Row(FROM_GROUP, variable(GROUP_VARIABLES, "KEY2", generateValue=True)),
    "group: secret changed": Row(FROM_GROUP, secret("AUTH0_ACTION_SECRET", "another-action-secret-of-a-test")),
    "group: a secret becomes a reference": Row(
        FROM_GROUP, variable(GROUP_VARIABLES, "AUTH0_ACTION_SECRET", fromDatabase=HOST), round=3
    ),
    "group and service: a secret of both": Row(
        FROM_GROUP, secret("REDIS_URL", "redis://:another@redis.example.com:6379"), round=2
    ),
    "group: another order": Row((RENDER_GROUP,), turned, is_silent=True, round=4),
    # Render: what holds data, and what holds everything together
    "database: who may connect": Row(
        (RENDER_DATABASE,), put("render.database.ipAllowList", [{"source": "203.0.113.7/32"}])
    ),
    "database: plan": Row((RENDER_DATABASE,), larger_database, round=2),
    "key value: added": Row((CACHE, *FROM_GROUP), put("render.keyValue", _CACHE)),
    "key value: policy": Row((CACHE,), put("render.keyValue.maxmemoryPolicy", "noeviction"), round=2),
    "project: added": Row(
        (PROJECT,), put("render.projects", [{"name": "MarketEdge", "environments": [{"name": "staging"}]}])
    ),
    "project: protected": Row(
        (PROJECT,), put("render.projects.0.environments.0.permissions", {"protection": "enabled"}), round=2
    ),
    # GitHub
    **{f"rule: {key}": Row((RULE,), put(f"github.protection.{key}", value)) for key, value in _NEW_RULES.items()},
    "rule: a check that one app has to report": Row(
        (RULESET, "BoundChecks staging"),
        put("github.protection.checksBy", {"zebra-protection-gate": 15368}),
        round=2,
    ),
    "GitHub: variable added": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW", fromOutput="auth0.domain")),
    "GitHub: variable changed": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW", value="2"), round=2),
    "GitHub: variable removed": Row((github_variable("NEW"),), variable(AT_GITHUB, "NEW"), round=3),
    "GitHub: secret added": Row(
        (MORE_SECRET,), both(OTHER, variable("github.environment.secrets", "MORE", fromSecret="OTHER"))
    ),
    "GitHub and Vercel: a secret of both": Row(
        (MORE_SECRET, vercel_variable("HIDDEN")), secret("OTHER", "a-third-secret-of-a-test"), round=2
    ),
    "GitHub: secret removed": Row((MORE_SECRET,), variable("github.environment.secrets", "MORE"), round=3),
    # Auth0
    "Auth0: callbacks": Row((CLIENT,), lambda config: config["marketedge:auth0"]["callbacks"].pop(3)),
    "Auth0: logout addresses": Row((CLIENT,), lambda config: config["marketedge:auth0"]["logoutUrls"].pop(3)),
    "Auth0: web origins": Row((CLIENT,), put("auth0.webOrigins", ["{frontend}"])),
    "Auth0: origins": Row((CLIENT,), put("auth0.allowedOrigins", ["{frontend}", "http://localhost:4000"])),
    "Auth0: another name": Row((CLIENT,), put("auth0.application", "MarketEdge (staging)")),
    "Auth0 and everybody: another audience": Row(
        (*FROM_GROUP, github_variable("AUTH0_AUDIENCE")),
        put("auth0.audience", "https://another.example.com/api"),
        round=3,
    ),
    "everybody: further origins": Row(FROM_GROUP, lambda config: config["marketedge:cors"]["origins"].pop(2), round=3),
    # Vercel
    "Vercel: variable changed": Row(
        (vercel_variable("NEXT_PUBLIC_DEBUG_MODE"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_DEBUG_MODE", value="no")
    ),
    "Vercel: variable added": Row(
        (vercel_variable("NEXT_PUBLIC_NEW"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_NEW", value="1")
    ),
    "Vercel: variable removed": Row(
        (vercel_variable("NEXT_PUBLIC_NEW"), FRONTEND), variable(AT_VERCEL, "NEXT_PUBLIC_NEW"), round=2
    ),
    "Vercel: secret added": Row(
        (vercel_variable("HIDDEN"),), both(OTHER, variable(AT_VERCEL, "HIDDEN", fromSecret="OTHER"))
    ),
    "Vercel: one domain more": Row((MORE,), put("vercel.aliases", ["more.zebra.associates"])),
    "Vercel: a domain less": Row((MORE,), put("vercel.aliases", []), round=2),
    # Other names
    "renamed: the service, here and at Render": Row(
        ("Command another-service",),
        renamed_service("another-service"),
        rename_service(SERVICE, "another-service"),
        round=4,
    ),
    "renamed: the service again": Row(
        (RENDER_SERVICE,), renamed_service(SERVICE), rename_service("another-service", SERVICE), round=5
    ),
    "renamed: the group": Row(("Command another-env", *FROM_GROUP), renamed_group("another-env"), round=5),
    "renamed: the group again": Row(("Command another-env", *FROM_GROUP), renamed_group(GROUP), round=6),
    "renamed: a variable at GitHub": Row(
        (github_variable("ENVIRONMENT"), github_variable("STAGE")),
        both(variable(AT_GITHUB, "ENVIRONMENT"), variable(AT_GITHUB, "STAGE", fromOutput="environment")),
    ),
    # The rollout
    "phase: forward": Row((), put_whole("phase", "cutover"), round=2),
    "phase: back": Row((), put_whole("phase", "infrastructure"), round=3),
}
