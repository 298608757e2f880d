"""Translates a Blueprint to the `marketedge:render` section of a stack, and notes what it changed and what differs."""

import graphlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from blueprint.objects import Database
from blueprint.service import FOR_DOCKER, NOT_FOR, Running, current_names
from gate.blueprints.document import LISTS, Json, definition, objects, parts
from gate.common.errors import GateError

# Plans of databases that keep them but that no new database gets (Render API reference); the nearest one of today, by
# memory (Render documentation, Postgres legacy instance types).
LEGACY_DATABASE_PLANS = {"starter": "basic-256mb", "standard": "basic-1gb", "pro": "basic-4gb", "pro plus": "pro-8gb"}
PAID_ONLY = frozenset({"pserv", "worker", "cron"})
TYPES = frozenset({"web", "pserv", "worker", "cron", "keyvalue"})
EVERYWHERE = [{"source": "0.0.0.0/0", "description": "everywhere"}]
REFERENCES = {"fromDatabase": "databases", "fromService": "services", "fromGroup": "envVarGroups"}
SOURCES = ("fromGroup", "fromDatabase", "fromService", "value", "generateValue", "sync")
FOR_THE_PUBLIC = frozenset({"domains", "healthCheckPath", "ipAllowList", "renderSubdomainPolicy"})
SECRETIVE = re.compile(r"(SECRET|PASSWORD|TOKEN|API_?KEY|PRIVATE_KEY)$", re.IGNORECASE)
"""Names of variables whose values should be secret."""
KNOWN_HERE = frozenset({"persistenceMode", "connectionPool", "maintenanceMode", "ownership"})
"""Fields that this program manages and that Render's published schema lacks. Official templates have the first."""
PORT = 10000
"""The port of a service that names none (Render documentation, Web services)."""


@dataclass
class Imported:
    """The section, notes for the user, and the secrets that it needs, each with the objects that use it."""

    section: Json
    notes: list[str] = field(default_factory=list)
    secrets: dict[str, list[str]] = field(default_factory=dict, repr=False)


def translate(content: Json, renames: Mapping[str, str], suffix: str = "", *, adopted: bool = False) -> Imported:
    """Make the section of a Blueprint.

    Args:
        content: the Blueprint. It is changed.
        renames: new names of objects by old name.
        suffix: of the name of every object that `renames` does not have.
        adopted: whether the objects exist and stay shared with somebody else.

    Raises:
        GateError: a name is to be changed that the Blueprint does not have.
    """
    result = Imported({"region": "oregon"})
    _leave_out_what_only_blueprints_have(content, result.notes)
    for part in parts(content):
        services = [_with_current_names(one) for one in part.get("services") or ()]
        part["services"] = [one for one in services if one.get("type") in TYPES]
        for one in services:
            if one.get("type") not in TYPES:
                result.notes.append(f"{one.get('name')}: left out: this program does not manage type {one.get('type')}")
    for kind, one in objects(content):
        if adopted:
            one["ownership"] = "adopted"
        _only_known_fields(kind, one, result.notes)
        if kind == "services":
            _fit_the_runtime(one, result.notes)
        _fit_the_plan(kind, one, result.notes)
        _say_who_reaches_it(kind, one, result.notes)
        _variables(one, result)
    _rename(content, renames, suffix, result.notes)
    _declare_what_is_referred_to(content, result.notes)
    _break_circles(content, result.notes)
    result.section |= {key: content[key] for key in (*LISTS, "projects", "ungrouped") if content.get(key)}
    _say_what_differs(content, result.notes)
    result.notes += [
        f"{name}: one secret for {', '.join(holders)}; give each a name of its own if their values differ"
        for name, holders in result.secrets.items()
        if len(holders) > 1
    ]
    return result


def _leave_out_what_only_blueprints_have(content: Json, notes: list[str]) -> None:
    for name in ("previews", "previewsEnabled", "previewsExpireAfterDays"):
        if name in content:
            content.pop(name)
            notes.append(f"{name}: left out: preview environments exist only for what a Blueprint manages")
    for name in content.keys() - {*LISTS, "projects", "ungrouped", "version"}:
        content.pop(name)
        notes.append(f"{name}: left out: Render's schema does not have it")


def _with_current_names(service: Json) -> Json:
    service = current_names(service)
    return service | {"type": "keyvalue"} if service.get("type") == "redis" else service


def _only_known_fields(kind: str, one: Json, notes: list[str]) -> None:
    for name in sorted(one.keys() - definition(kind, one) - KNOWN_HERE):
        one.pop(name)
        notes.append(f"{one.get('name')}.{name}: left out: Render's schema does not have it here")
    if "initialDeployHook" in one:
        notes.append(f"{one['name']}.initialDeployHook: kept, but only a Blueprint runs it; run it by hand once")


def _fit_the_runtime(one: Json, notes: list[str]) -> None:
    """Remove what does not apply, because one definition of the schema serves several types and runtimes."""
    runtime = one.get("runtime")
    idle = set(NOT_FOR.get(str(runtime), FOR_DOCKER) if runtime else ())
    if one["type"] in ("pserv", "worker"):
        idle |= FOR_THE_PUBLIC
    for name in sorted(idle & one.keys()):
        what = one["type"] if name in FOR_THE_PUBLIC else f"runtime {runtime}"
        if one.pop(name) not in ("", [], {}):
            notes.append(f"{one['name']}.{name}: left out: it does not apply to {what}")
    if runtime and runtime not in NOT_FOR and not one.get("buildCommand") and "ownership" not in one:
        one["buildCommand"] = "true"
        notes.append(f"{one['name']}.buildCommand: required but missing; wrote `true`, which builds nothing")
    for name in ("buildCommand", "startCommand", "buildFilter", "previews"):
        if one.get(name) in ("", {}):
            del one[name]
    if not str(one.get("healthCheckPath") or "/").startswith("/"):
        one["healthCheckPath"] = f"/{one['healthCheckPath']}"


def _paid_for(one: Json) -> str:
    """Return what of a service a free one cannot have, in words; empty if there is nothing."""
    if one["type"] in PAID_ONLY:
        return f"of type {one['type']}"
    several = one.get("numInstances", 1) != 1
    paid = [key for key in ("disk", "preDeployCommand", "scaling", "numInstances") if one.get(key)]
    return next((f"with {key}" for key in paid if several or key != "numInstances"), "")


def _fit_the_plan(kind: str, one: Json, notes: list[str]) -> None:
    plan = str(one.get("plan", "")).lower().replace("_", " ")
    name = one.get("name")
    if one.get("ownership") == "adopted":
        return
    if kind == "databases" and plan in LEGACY_DATABASE_PLANS:
        one["plan"] = LEGACY_DATABASE_PLANS[plan]
        notes.append(
            f"{name}.plan: a new database cannot have {plan!r}; wrote {one['plan']}. Declare {plan!r} if this one "
            "exists and has it"
        )
    elif plan == "free" and kind == "services" and (what := _paid_for(one)):
        del one["plan"]
        notes.append(
            f"{name}.plan: a service {what} cannot be free; left out, so a new one gets starter, which costs money"
        )
    elif kind != "envVarGroups" and "plan" not in one and one.get("runtime") != "static":
        smallest = Database.new_plan.replace("_", "-") if kind == "databases" else Running.new_plan
        notes.append(f"{name}.plan: not given: a new one gets {smallest}, and an existing one keeps its plan")


def _say_who_reaches_it(kind: str, one: Json, notes: list[str]) -> None:
    if kind == "databases" and "ipAllowList" not in one:
        one["ipAllowList"] = EVERYWHERE
        notes.append(
            f"{one['name']}.ipAllowList: not given, which opens the database to everybody; wrote that. "
            f"[] keeps out everybody outside Render"
        )
    elif one.get("type") == "keyvalue" and "ipAllowList" not in one:
        one["ipAllowList"] = []
        notes.append(
            f"{one['name']}.ipAllowList: required but missing; wrote [], which keeps out everybody outside Render"
        )


def _variables(one: Json, result: Imported) -> None:
    if "envVars" not in one:
        return
    by_key: dict[str, Json] = {}
    for variable in one["envVars"] or ():
        key = str(variable.get("key") or f"fromGroup {variable.get('fromGroup')}")
        if key in by_key:
            result.notes.append(f"{one['name']}: {key} is given more than once; kept the last one")
        by_key[key] = _variable(one, key, variable, result)
    one["envVars"] = list(by_key.values())


def _variable(one: Json, key: str, variable: Json, result: Imported) -> Json:
    holder = one["name"]
    given = {name: value for name, value in variable.items() if value is not None}
    sources = [name for name in SOURCES if name in given and (given[name] is not False or name == "sync")]
    if len(sources) > 1:
        result.notes.append(f"{holder}: {key} has {' and '.join(sources)}; kept {sources[0]}")
    if not sources or sources[0] == "sync":
        if not sources:
            result.notes.append(f"{holder}: {key} has no value; treated like `sync: false`")
        if one.get("ownership") == "adopted":
            return {"key": key, "sync": False}
        name = re.sub(r"\W", "_", key)
        result.secrets.setdefault(name, []).append(holder)
        return {"key": key, "fromSecret": name}
    kept = {name: given[name] for name in ("key", sources[0], "previewValue") if name in given}
    if kept.get("value") and SECRETIVE.search(key):
        result.notes.append(f"{holder}: {key} is in plain text; `fromSecret: {key}` keeps it out of the repository")
    reference = kept.get("fromService")
    if reference and reference.get("type") == "redis":
        kept["fromService"] = reference | {"type": "keyvalue"}
    return kept


def _rename(content: Json, renames: Mapping[str, str], suffix: str, notes: list[str]) -> None:
    declared = {str(one["name"]) for _, one in objects(content)}
    if unknown := sorted(renames.keys() - declared):
        raise GateError(f"--rename: the Blueprint has no {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    names = {name: renames.get(name, name + suffix) for name in declared}
    if all(old == new for old, new in names.items()):
        return
    for _, one in objects(content):
        if one.get("domains") and names[one["name"]] != one["name"]:
            notes.append(f"{names[one['name']]}.domains: left out: they belong to {one['name']}; declare others")
            del one["domains"]
        one["name"] = names[one["name"]]
        for replica in one.get("readReplicas") or ():
            names[replica["name"]] = replica["name"] = replica["name"] + suffix
    for _, _, holder, key in _references(content):
        holder[key] = names.get(holder[key], holder[key])


def _references(content: Json) -> Iterator[tuple[Json, str, Json, str]]:
    """Yield every place in a variable that holds another object's name.

    Yields:
        The object that has the variable, the variable's source, and the mapping and the key that hold the name.
    """
    for _, one in list(objects(content)):
        for variable in one.get("envVars") or ():
            for source in REFERENCES.keys() & variable.keys():  # it has one source
                holder, key = (variable, source) if source == "fromGroup" else (variable[source], "name")
                yield one, source, holder, key


def _declare_what_is_referred_to(content: Json, notes: list[str]) -> None:
    """Declare what variables refer to and the Blueprint does not declare, so that only the workspace may have it."""
    declared: dict[str, set[str]] = {kind: set() for kind in LISTS}
    for kind, one in objects(content):
        declared[kind] |= {one["name"], *(replica["name"] for replica in one.get("readReplicas") or ())}
    for one, source, holder, key in _references(content):
        kind, name = REFERENCES[source], holder[key]
        if name not in declared[kind]:
            declared[kind].add(name)
            content.setdefault(kind, []).append(_outside(source, name, holder))
            notes.append(f"{name}: {source} of {one['name']} refers to it, but nothing declares it; {_MEANT[source]}")


_MEANT = {
    "fromGroup": "declared as a group that keeps its variables; an empty one is created if it does not exist",
    "fromDatabase": "declared as adopted, so it has to exist in the workspace",
    "fromService": "declared as adopted, so it has to exist in the workspace",
}


def _outside(source: str, name: str, reference: Json) -> Json:
    if source == "fromGroup":
        return {"name": name, "ownership": "merge", "envVars": []}
    kind = {"type": reference.get("type", "web")} if source == "fromService" else {}
    return kind | {"name": name, "ownership": "adopted"}


def _break_circles(content: Json, notes: list[str]) -> None:
    """Write out the addresses of services that wait for each other. Render makes an address of the name."""
    services = {one["name"]: one for kind, one in objects(content) if kind == "services"}
    while True:
        waits: dict[str, set[str]] = {name: set() for name in services}
        for one, source, holder, key in _references(content):
            if source == "fromService" and one is services.get(one["name"]) and holder[key] != one["name"]:
                waits[one["name"]].add(holder[key])
        try:
            graphlib.TopologicalSorter(waits).prepare()
            return
        except graphlib.CycleError as error:
            circle = error.args[1]
        for other, name in pairwise(circle):
            if _write_out(services[name], services[other], notes):
                break
        else:
            notes.append(
                f"{' → '.join(circle)}: they need each other's variables; write one of the values out yourself"
            )
            return


def _write_out(holder: Json, other: Json, notes: list[str]) -> bool:
    """Write out what a service takes from another one, and return True; False if that is more than addresses."""
    addresses = _addresses(other)
    mine = [one for one in holder["envVars"] if (one.get("fromService") or {}).get("name") == other["name"]]
    wanted = [one["fromService"].get("property") or one["fromService"].get("envVarKey") for one in mine]
    if not all(name in addresses for name in wanted):
        return False
    for variable, name in zip(mine, wanted, strict=True):
        del variable["fromService"]
        variable["value"] = addresses[name]
        notes.append(
            f"{holder['name']}: {variable['key']} is written out as {addresses[name]}, because {other['name']} and "
            f"{holder['name']} need each other. Compare it with Render's address after the first up: Render adds an "
            f"ending to a name that is taken"
        )
    return True


def _addresses(service: Json) -> dict[str, str]:
    slug = re.sub(r"[^a-z0-9]+", "-", service["name"].lower()).strip("-")
    own = {str(one["key"]): one.get("value") for one in service.get("envVars") or () if "key" in one}
    port = str(own.get("PORT") or PORT)
    host = f"{slug}.onrender.com"
    public = {"RENDER_EXTERNAL_URL": f"https://{host}", "RENDER_EXTERNAL_HOSTNAME": host}
    return {"host": slug, "port": port, "hostport": f"{slug}:{port}"} | (public if service["type"] == "web" else {})


def _say_what_differs(content: Json, notes: list[str]) -> None:
    if any(one.get("envVars") and one.get("ownership") is None for _, one in objects(content)):
        notes.append(
            "variables that only the dashboard has: a Blueprint keeps them, an `up` of this stack removes them. "
            "Declare them, or write `ownership: adopted` at a service that exists already"
        )
