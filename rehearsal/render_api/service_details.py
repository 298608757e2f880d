"""The `serviceDetails` of a service: what each type has, the defaults, and how a PATCH changes them."""

from typing import Any

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import DEFAULTS, SERVICE_TYPES, check, defaults
from rehearsal.render_api.wire import ApiError, Json, given

NOT_REPORTED_WHERE_SENT = frozenset(
    {"envSpecificDetails", "preDeployCommand", "headers", "routes", "disk", "env", "buildSourceId"}
)
# Services that have one of these keep it; a new one cannot be created with it.
LEGACY_PLANS = frozenset({"starter_plus", "standard_plus"})


def create(kind: str, sent: Json, slug: str, service_id: str, estate: Estate) -> Json:
    """Return the details of a new service (recordings web_service.jsonl and web_service_env_vars.jsonl, line 1)."""
    check(sent, SERVICE_TYPES[kind][1] + "POST")
    details = defaults(kind, slug=slug)
    if kind != "static_site":
        needed = ["runtime"] if sent.get("runtime") in ("image", "docker") else ["runtime", "envSpecificDetails"]
        if missing := [name for name in needed if name not in sent]:
            raise ApiError(400, f"missing required field: {missing[0]}")
        plan = str(sent.get("plan", details["plan"]))
        if plan in LEGACY_PLANS or plan.endswith("_legacy"):
            raise ApiError(400, f"legacy plan, not for new services: {plan}")
        if kind != "cron_job" and plan != "free":  # the address is there only where there is SSH, which free has not
            details["sshAddress"] = f"{service_id}@ssh.{sent.get('region', details['region'])}.render.com"
    if disk := sent.get("disk"):
        details["disk"] = {"id": estate.new_id("dsk"), "sizeGB": 1} | disk
    change(kind, details, sent, estate)
    refuse_scaling(details)
    return details


def patch(kind: str, details: Json, sent: Json, estate: Estate) -> None:
    """Change what a PATCH sends. Region and the other fixed fields are refused."""
    check(sent, SERVICE_TYPES[kind][1] + "PATCH")
    change(kind, details, sent, estate)


def change(kind: str, details: Json, sent: Json, estate: Estate) -> None:
    """Write fields into the details in the form that the API answers."""
    for name, value in sent.items():
        if name == "previews":
            details[name] = {"generation": value.get("generation", "off")}
        elif name == "ipAllowList":
            details.pop(name, None)
            details |= {name: value} if value else {}  # an empty one is not reported back
        elif name == "runtime":
            details |= {"runtime": value, "env": value}
        elif name == "autoscaling":
            autoscale(details, value)
        elif name not in NOT_REPORTED_WHERE_SENT:
            details[name] = value
    if kind != "static_site":
        _change_commands(details, sent, estate)


def scalable(service: Json) -> Json:
    """Return the details of a service that has instances. Raise the 400 for one that has none."""
    if service["type"] in ("static_site", "cron_job"):
        raise ApiError(400, f"a {service['type']} has no instances")
    details: Json = service["serviceDetails"]
    return details


def autoscale(details: Json, config: Json) -> None:
    """Set how a service is scaled (Render documentation, Scaling)."""
    enabled = [criterion for criterion in config["criteria"].values() if criterion["enabled"]]
    if not 1 <= config["min"] <= config["max"] or not all(1 <= one["percentage"] <= 90 for one in enabled):
        raise ApiError(400, "autoscaling needs 1 <= min <= max and percentages from 1 to 90")
    if config["enabled"] and not enabled:
        raise ApiError(400, "autoscaling needs at least one criterion")
    refuse_scaling(details | {"autoscaling": config})
    details["autoscaling"] = config


def refuse_scaling(details: Json) -> None:
    """Refuse a second instance of a service with a disk or on the free plan (Render documentation, Scaling)."""
    scaled = details.get("numInstances", 1) != 1 or details.get("autoscaling", {}).get("enabled", False)
    if scaled and ("disk" in details or details.get("plan") == "free"):
        raise ApiError(400, "a service with a disk or on the free plan has one instance")
    if "disk" in details and details.get("plan") == "free":
        raise ApiError(400, "a service on the free plan has no disk")


def _change_commands(details: Json, sent: Json, estate: Estate) -> None:
    """Set the commands. preDeployCommand is sent beside them and answered among them (recording web_service.jsonl)."""
    empty = DEFAULTS.get(details["runtime"], DEFAULTS["native"])
    commands: Json = details.get("envSpecificDetails", {})
    before = commands.get("preDeployCommand")
    wanted = dict(sent.get("envSpecificDetails", {}))
    credential = wanted.pop("registryCredentialId", None)
    if unknown := wanted.keys() - empty.keys() - {"preDeployCommand"}:
        raise ApiError(400, f"not for runtime {details['runtime']}: {', '.join(sorted(unknown))}")
    kept = {name: commands.get(name, "") if commands else value for name, value in empty.items()}
    kept |= given(commands, "registryCredential")
    if credential:
        kept["registryCredential"] = credential_of(estate, credential)
    elif credential == "":
        kept.pop("registryCredential", None)
    commands = kept | wanted
    command = sent.get("preDeployCommand", wanted.get("preDeployCommand", before))
    # Emptying a command reports it as empty; an empty one where there was none is not reported
    # (recordings web_service.jsonl line 45 and web_service_env_vars.jsonl line 44).
    if command or before is not None:
        commands["preDeployCommand"] = command or ""
    details["envSpecificDetails"] = commands


def credential_of(estate: Estate, identifier: str) -> Json:
    """Return a registry credential as a service shows it, without its token and workspace."""
    if (row := estate.registry_credentials.get(identifier)) is None:
        raise ApiError(400, f"no such registry credential: {identifier}")
    return given(row, "id", "name", "registry", "username", "updatedAt")


def address(slug: str) -> str:
    """Return the public address of a web service or a static site."""
    return f"https://{slug}.onrender.com"


def base_of(service: Json) -> Any:
    """Return the service that a preview instance belongs to, or None for any other service."""
    return service["serviceDetails"].get("parentServer")
