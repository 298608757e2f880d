"""Services: create, list, change, scale, suspend, resume, delete."""

import copy
import re

from rehearsal.render_api import service_details
from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.endpoints import Collection, route
from rehearsal.render_api.shapes import SERVICE_TYPES, defaults
from rehearsal.render_api.values import FILES, VARIABLES
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, given, public

AUTO_DEPLOY = {"yes": "commit", "no": "off"}


class Services(Collection):
    """The endpoints of services."""

    path, table, item, prefix, unique = "/services", "services", "service", "srv", True
    post, patch = "ServicePOST", "ServicePATCH"
    filters = ("name", "type", "ownerId", "environmentId", "suspended")

    def wanted(self, call: Call, row: Json) -> bool:
        """Whether the filters let a service pass. `includePreviews=false` omits preview instances."""
        previews = call.last("includePreviews") != "false"
        return super().wanted(call, row) and (previews or service_details.base_of(row) is None)

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
        service_details.patch(row["type"], changed["serviceDetails"], body.get("serviceDetails", {}), self.estate)
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
        service_details.refuse_scaling(service_details.scalable(row) | change)
        row["serviceDetails"] |= change
        row["updatedAt"] = self.estate.now()
        return 202, None

    @route("PUT", "/{id}/autoscaling", "AutoscalingConfig")
    def put_autoscaling(self, call: Call, row: Json) -> Answer:
        """Let Render set the number of instances."""
        service_details.autoscale(service_details.scalable(row), call.body)
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
        row["serviceDetails"] = service_details.create(kind, sent, slug, row["id"], self.estate)
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
                credential = service_details.credential_of(self.estate, identifier)
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
