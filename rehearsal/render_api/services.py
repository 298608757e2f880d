"""Services, and their `serviceDetails`: what each type has, the defaults, and how a PATCH changes them."""

import copy
import re
from typing import Any

from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.endpoints import Collection, route
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import DEFAULTS, SERVICE_TYPES, check, defaults
from rehearsal.render_api.values import FILES, VARIABLES
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, given, public

AUTO_DEPLOY = {"yes": "commit", "no": "off"}
NOT_REPORTED_WHERE_SENT = frozenset(
    {"envSpecificDetails", "preDeployCommand", "headers", "routes", "disk", "env", "buildSourceId"}
)
# Services that have one of these keep it; a new one cannot be created with it.
LEGACY_PLANS = frozenset({"starter_plus", "standard_plus"})


class Services(Collection):
    """The endpoints of services."""

    path, table, item, prefix, unique = "/services", "services", "service", "srv", True
    post, patch = "ServicePOST", "ServicePATCH"
    filters = ("name", "type", "ownerId", "environmentId", "suspended")

    def wanted(self, call: Call, row: Json) -> bool:
        """Whether the filters let a service pass. `includePreviews=false` omits preview instances."""
        previews = call.last("includePreviews") != "false"
        return super().wanted(call, row) and (previews or base_of(row) is None)

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a service and its first deploy. Its createdAt has microseconds even here (recorded)."""
        variables = VARIABLES.read_all(body.get("envVars", []), self.estate)
        files = FILES.read_all(body.get("secretFiles", []), self.estate)
        self._describe(row, body)
        self.estate.env_vars[row["id"]] = variables
        self.estate.secret_files[row["id"]] = files
        row["_first"] = self._deploy(row, "other", first=True)["id"]

    def made(self, row: Json) -> Json:
        """Return the new service with its first deploy."""
        return {"service": public(row), "deployId": row["_first"]}

    def change(self, row: Json, body: Json) -> None:
        """Change a service without deploying it. If nothing changes, updatedAt stays (recorded)."""
        changed = copy.deepcopy(row)
        changed["name"] = body.get("name", row["name"])
        self._write(changed, body)
        patch_details(row["type"], changed["serviceDetails"], body.get("serviceDetails", {}), self.estate)
        if changed == row:
            return
        row.clear()
        row.update(changed, updatedAt=self.estate.now())
        for group in self.estate.linked_groups(row["id"]):
            for link in group["serviceLinks"]:
                if link["id"] == row["id"]:
                    link["name"] = row["name"]

    def remove(self, row: Json) -> None:
        """Delete a service and everything that belongs to it. Environment groups lose their link to it."""
        estate, identifier = self.estate, row["id"]
        super().remove(row)
        for by_service in (estate.env_vars, estate.secret_files):
            by_service.pop(identifier, None)
        for owned in (estate.deploys, estate.custom_domains, estate.jobs):
            for key in [key for key, one in owned.items() if one["_service"] == identifier]:
                del owned[key]
        for group in estate.env_groups.values():
            group["serviceLinks"] = [link for link in group["serviceLinks"] if link["id"] != identifier]

    @route("POST", "/{id}/suspend")
    def suspend(self, call: Call, row: Json) -> Answer:
        """Suspend a service."""
        if row["suspended"] == "not_suspended":
            row |= {"suspended": "suspended", "suspenders": ["user"], "updatedAt": self.estate.now()}
        return 202, None

    @route("POST", "/{id}/resume")
    def resume(self, call: Call, row: Json) -> Answer:
        """Resume a service, for which Render deploys it."""
        if row["suspended"] == "suspended":
            row |= {"suspended": "not_suspended", "suspenders": [], "updatedAt": self.estate.now()}
            self._deploy(row, "service_resumed")
        return 202, None

    @route("POST", "/{id}/scale", "ScaleServiceBody")
    def scale(self, call: Call, row: Json) -> Answer:
        """Set the number of instances by hand. It takes effect without a deploy (Render documentation, Scaling)."""
        change = {"numInstances": call.body["numInstances"]}
        refuse_scaling(scalable(row) | change)
        row["serviceDetails"] |= change
        row["updatedAt"] = self.estate.now()
        return 202, None

    @route("PUT", "/{id}/autoscaling", "AutoscalingConfig")
    def put_autoscaling(self, call: Call, row: Json) -> Answer:
        """Let Render set the number of instances."""
        autoscale(scalable(row), call.body)
        row["updatedAt"] = self.estate.now()
        return 200, call.body

    def _deploy(self, row: Json, trigger: str, *, first: bool = False) -> Json:
        deploys = Deploys(self.estate)
        return deploys.start(row, trigger, commit=deploys.head(row), first=first)

    def _describe(self, row: Json, body: Json) -> None:
        """Fill in a new service."""
        kind, slug, sent = body["type"], self._slug(body["name"]), body.get("serviceDetails", {})
        row |= given(body, "name", "ownerId", "type", "environmentId")
        row |= defaults("service", slug=slug, short=SERVICE_TYPES[kind][0], id=row["id"])
        needed = "image" if sent.get("runtime") == "image" else "repo"
        if not body.get(needed):
            raise ApiError(400, f"missing required field: {needed}")
        if needed == "repo":
            row["branch"] = "main"
        self._write(row, body)
        row["serviceDetails"] = new_details(kind, sent, slug, row["id"], self.estate)
        if kind == "static_site":
            row |= {f"_{rules}": [dict(rule) for rule in sent.get(rules, [])] for rules in ("routes", "headers")}

    def _write(self, row: Json, body: Json) -> None:
        """Write the fields that a POST and a PATCH have in common."""
        row |= given(body, "branch", "repo", "rootDir")
        if "buildFilter" in body:
            row.pop("buildFilter", None)
            if any(body["buildFilter"].values()):  # an empty one is not reported back
                row["buildFilter"] = body["buildFilter"]
        if image := body.get("image"):
            row["imagePath"] = full_image_path(image["imagePath"])
            row.pop("registryCredential", None)
            if identifier := image.get("registryCredentialId"):
                credential = credential_of(self.estate, identifier)
                row["registryCredential"] = given(credential, "id", "name")
        deploys, trigger = body.get("autoDeploy"), body.get("autoDeployTrigger")
        if deploys and not trigger and deploys != row["autoDeploy"]:
            trigger = AUTO_DEPLOY[deploys]
        if trigger:
            row |= {"autoDeployTrigger": trigger, "autoDeploy": "no" if trigger == "off" else "yes"}

    def _slug(self, name: str) -> str:
        """Return the name as a host label. Labels are unique across workspaces, so a taken one gets a random ending."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        taken = {service["slug"] for service in self.rows.values()}
        return slug if slug not in taken else f"{slug}-{self.estate.new_id('')[1:5]}"


def full_image_path(path: str) -> str:
    """Return an image reference with registry and tag (recording web_service_env_vars.jsonl line 1: nginx)."""
    repository, _, tag = path.partition(":")
    if "/" not in repository:
        repository = f"library/{repository}"
    if "." not in repository.split("/")[0]:
        repository = f"docker.io/{repository}"
    return f"{repository}:{tag or 'latest'}"


def new_details(kind: str, sent: Json, slug: str, service_id: str, estate: Estate) -> Json:
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
    _change_details(kind, details, sent, estate)
    refuse_scaling(details)
    return details


def patch_details(kind: str, details: Json, sent: Json, estate: Estate) -> None:
    """Change what a PATCH sends. Region and the other fixed fields are refused."""
    check(sent, SERVICE_TYPES[kind][1] + "PATCH")
    _change_details(kind, details, sent, estate)


def _change_details(kind: str, details: Json, sent: Json, estate: Estate) -> None:
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
