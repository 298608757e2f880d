"""The `serviceDetails` of a service: what each type has, its defaults, and how a PATCH changes it."""

from typing import Any

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.vocabulary import PREVIEWS_GENERATION, REGIONS, RUNTIMES, SERVICE_PLANS, one_of, only, require
from rehearsal.render_api.wire import ApiError, Json

CONTAINER_RUNTIMES = frozenset({"docker", "image"})
NATIVE = frozenset({"buildCommand", "startCommand"})
CONTAINER = frozenset({"dockerCommand", "dockerContext", "dockerfilePath"})
REPORTED_WHEN_SENT = frozenset({"autoscaling", "cache", "maxShutdownDelaySeconds", "renderSubdomainPolicy"})

STATIC = frozenset({"buildCommand", "publishPath", "previews", "pullRequestPreviewsEnabled", "ipAllowList"})
RUNNING_PATCH = frozenset(
    {"envSpecificDetails", "healthCheckPath", "ipAllowList", "maintenanceMode", "plan", "preDeployCommand", "previews"}
    | {"pullRequestPreviewsEnabled", "runtime", "schedule"}
    | (REPORTED_WHEN_SENT - {"autoscaling"})
)
FIXED = frozenset({"region", "disk", "numInstances", "autoscaling"})
RUNNING_POST = RUNNING_PATCH | FIXED | {"env"}

VALUES = {
    "plan": SERVICE_PLANS,
    "region": REGIONS,
    "runtime": RUNTIMES,
    "pullRequestPreviewsEnabled": frozenset({"yes", "no"}),
    "renderSubdomainPolicy": frozenset({"enabled", "disabled"}),
}


def create(kind: str, sent: Json, slug: str, service_id: str, estate: Estate) -> Json:
    """The details of a new service (recordings web_service.jsonl and web_service_env_vars.jsonl, line 1)."""
    one_of(sent, VALUES)
    if kind == "static_site":
        only(sent, STATIC | {"headers", "routes", "renderSubdomainPolicy"})
        details: Json = {"buildPlan": "starter", "publishPath": "public", "buildCommand": "", "url": address(slug)}
        change(kind, details, {"previews": {}, "pullRequestPreviewsEnabled": "no"} | sent)
        return details
    only(sent, RUNNING_POST)
    require(sent, "runtime", *(["schedule"] if kind == "cron_job" else []))
    region = sent.get("region", "oregon")
    plan = sent.get("plan", "starter")
    details = {"buildPlan": "starter", "env": sent["runtime"], "region": region}
    defaults: Json = {"plan": plan, "runtime": sent["runtime"], "envSpecificDetails": {}}
    if kind != "cron_job":
        details["numInstances"] = sent.get("numInstances") or 1
        defaults |= {"previews": {}, "pullRequestPreviewsEnabled": "no"}
        if plan != "free":  # the address is there only where there is SSH, which a free instance does not have
            details["sshAddress"] = f"{service_id}@ssh.{region}.render.com"
    if kind in ("web_service", "private_service"):
        details["openPorts"] = [{"port": 10000, "protocol": "TCP"}]
        details["url"] = address(slug) if kind == "web_service" else f"{slug}:10000"
    if kind == "web_service":
        defaults |= {"healthCheckPath": "", "maintenanceMode": {"enabled": False, "uri": ""}}
    if disk := sent.get("disk"):
        details["disk"] = _disk(disk, estate)
    if "autoscaling" in sent:
        details["autoscaling"] = sent["autoscaling"]
    kept = {name: value for name, value in sent.items() if name not in FIXED | {"env"}}
    change(kind, details, defaults | kept)
    return details


def patch(kind: str, details: Json, sent: Json) -> None:
    """Change what a PATCH sends; region and the other fixed fields are refused."""
    if kind == "static_site":
        only(sent, STATIC | {"renderSubdomainPolicy"}, fixed={"region", "plan", "runtime"})
    else:
        only(sent, RUNNING_PATCH, fixed=FIXED)
    one_of(sent, VALUES)
    change(kind, details, sent)


def change(kind: str, details: Json, sent: Json) -> None:
    """Write fields into the details in the form the API reports them."""
    for name, value in sent.items():
        if name == "previews":
            details[name] = {"generation": _generation(value)}
        elif name == "ipAllowList":
            details.pop(name, None)
            if value:  # an empty one is not reported back
                details[name] = value
        elif name == "runtime":
            details |= {"runtime": value, "env": value}
        elif name not in ("envSpecificDetails", "preDeployCommand", "headers", "routes"):
            details[name] = value
    if kind != "static_site":
        _change_commands(details, sent)


def _change_commands(details: Json, sent: Json) -> None:
    """The commands. preDeployCommand is sent beside them and reported among them (recording web_service.jsonl)."""
    known = CONTAINER if details["runtime"] in CONTAINER_RUNTIMES else NATIVE
    commands: Json = details.get("envSpecificDetails", {})
    before = commands.get("preDeployCommand")
    given = sent.get("envSpecificDetails") or {}
    only(given, known | {"registryCredentialId"})
    for name in known:
        commands[name] = given.get(name, commands.get(name, ""))
    for name in (CONTAINER | NATIVE) - known:
        commands.pop(name, None)
    command = sent.get("preDeployCommand", before)
    # Emptying a command reports it as empty; an empty one where there was none is not reported
    # (recordings web_service.jsonl line 45 and web_service_env_vars.jsonl line 44).
    if command or before is not None:
        commands["preDeployCommand"] = command or ""
    details["envSpecificDetails"] = commands


def _generation(previews: Any) -> str:
    generation = (previews or {}).get("generation", "off")
    if generation not in PREVIEWS_GENERATION:
        raise ApiError(400, f"invalid previews.generation: {generation}")
    return str(generation)


def _disk(disk: Json, estate: Estate) -> Json:
    require(disk, "name", "mountPath")
    return {
        "id": estate.new_id("dsk"),
        "mountPath": disk["mountPath"],
        "name": disk["name"],
        "sizeGB": disk.get("sizeGB", 1),
    }


def address(slug: str) -> str:
    """The public address of a web service or static site."""
    return f"https://{slug}.onrender.com"
