"""Services: create, list, change, suspend, delete; their disks, events and notification overrides."""

import copy
import re

from rehearsal.render_api import service_details
from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.variables import read_files, read_variables
from rehearsal.render_api.vocabulary import (
    AUTO_DEPLOY,
    AUTO_DEPLOY_TRIGGERS,
    NOTIFICATIONS,
    SERVICE_TYPES,
    one_of,
    only,
    require,
)
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

PATCHABLE = frozenset(
    {"autoDeploy", "autoDeployTrigger", "branch", "buildFilter", "image", "name", "repo", "rootDir", "serviceDetails"}
)
# The name is not among them: a PATCH renames, and the slug and address stay (recording web_service.jsonl line 45).
FIXED = frozenset({"type", "ownerId", "environmentId", "envVars", "secretFiles", "id", "slug"})
POSTABLE = PATCHABLE | {"type", "ownerId", "environmentId", "envVars", "secretFiles"}


class Services:
    """The service endpoints."""

    def __init__(self, estate: Estate, deploys: Deploys) -> None:
        self._estate = estate
        self._deploys = deploys

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", "/services", self.list_all),
            Route("POST", "/services", self.create),
            Route("GET", "/services/{id}", self.get),
            Route("PATCH", "/services/{id}", self.patch),
            Route("DELETE", "/services/{id}", self.delete),
            Route("POST", "/services/{id}/suspend", self.suspend),
            Route("POST", "/services/{id}/resume", self.resume),
            Route("POST", "/services/{id}/restart", self.restart),
            Route("GET", "/services/{id}/events", self.events),
            Route("PATCH", "/disks/{id}", self.patch_disk),
            Route("GET", "/notification-settings/overrides/services/{id}", self.get_notifications),
            Route("PATCH", "/notification-settings/overrides/services/{id}", self.patch_notifications),
        ]

    def list_all(self, call: Call) -> Answer:
        """Newest first; the name filter is exact. Preview instances are left out by `includePreviews=false`."""
        filters = {name: call.filter(name) for name in ("name", "type", "ownerId", "environmentId", "suspended")}
        previews = call.flag("includePreviews", default=True)
        rows = [
            service
            for service in self._estate.visible(call, self._estate.services)
            if all(wanted is None or service.get(name) in wanted for name, wanted in filters.items())
            and (previews or "parentServer" not in service["serviceDetails"])
        ]
        return 200, call.page(rows, "service", lambda row: str(row["id"]))

    def create(self, call: Call) -> Answer:
        """Create a service and its first deploy. Its createdAt has microseconds even here (recorded)."""
        body = call.object()
        only(body, POSTABLE)
        require(body, "name", "ownerId", "type")
        one_of(body, {"type": SERVICE_TYPES})
        self._estate.check_owner(call, body["ownerId"])
        self._estate.check_environment(call, body.get("environmentId"))
        self._refuse_taken_name(body["name"], body["ownerId"])
        variables = read_variables(body.get("envVars"), self._estate)
        files = read_files(body.get("secretFiles"))
        service = self._build(body)
        service_id = service["id"]
        self._estate.services[service_id] = service
        self._estate.env_vars[service_id] = variables
        self._estate.secret_files[service_id] = files
        deploy = self._deploys.start(service, "other", commit=self._deploys.head(service), first=True)
        return 201, {"service": public(service), "deployId": deploy["id"]}

    def get(self, call: Call, service_id: str) -> Answer:
        """One service."""
        return 200, public(self._one(call, service_id))

    def patch(self, call: Call, service_id: str) -> Answer:
        """Change a service without deploying it. One that changes nothing leaves updatedAt alone (recorded)."""
        service = self._one(call, service_id)
        body = call.object()
        only(body, PATCHABLE, fixed=FIXED)
        changed = copy.deepcopy(service)
        if (name := body.get("name")) is not None and name != service["name"]:
            self._refuse_taken_name(name, service["ownerId"])
            changed["name"] = name
        self._change(changed, body)
        service_details.patch(service["type"], changed["serviceDetails"], body.get("serviceDetails") or {})
        if changed != service:
            self._note_plan_change(service, changed)
            service.clear()
            service.update(changed, updatedAt=self._estate.now())
            self._rename_links(service)
        return 200, public(service)

    def delete(self, call: Call, service_id: str) -> Answer:
        """Delete a service with everything that hangs on it; environment groups lose their link to it."""
        self._one(call, service_id)
        estate = self._estate
        del estate.services[service_id]
        for by_service in (estate.env_vars, estate.secret_files):
            by_service.pop(service_id, None)
        for table in (estate.notification_overrides, estate.log_streams):
            table.pop(service_id, None)
        for owned in (estate.deploys, estate.custom_domains):
            for key in [key for key, row in owned.items() if row["_service"] == service_id]:
                del owned[key]
        for group in estate.env_groups.values():
            group["serviceLinks"] = [link for link in group["serviceLinks"] if link["id"] != service_id]
        return 204, None

    def suspend(self, call: Call, service_id: str) -> Answer:
        """Stop serving."""
        service = self._one(call, service_id)
        if service["suspended"] == "not_suspended":
            self._set_suspended(service, "suspended", ["user"], "service_suspended")
        return 202, None

    def resume(self, call: Call, service_id: str) -> Answer:
        """Serve again; Render deploys for that."""
        service = self._one(call, service_id)
        if service["suspended"] == "suspended":
            self._set_suspended(service, "not_suspended", [], "service_resumed")
            self._deploys.start(service, "service_resumed", commit=self._deploys.head(service))
        return 202, None

    def restart(self, call: Call, service_id: str) -> Answer:
        """Restart what runs, with the code and environment of its deploy."""
        self._one(call, service_id)
        self._estate.record_event(service_id, "server_restarted", {"triggeredByUser": None})
        return 200, None

    def events(self, call: Call, service_id: str) -> Answer:
        """What happened to a service, newest first."""
        self._one(call, service_id)
        rows = [row for row in reversed(list(self._estate.events.values())) if row["serviceId"] == service_id]
        return 200, call.page(rows, "event", lambda row: str(row["id"]))

    def patch_disk(self, call: Call, disk_id: str) -> Answer:
        """Change a disk; its answer says more than the service's details do (recording web_service.jsonl line 48)."""
        body = call.object()
        only(body, {"name", "mountPath", "sizeGB"})
        for service in self._estate.visible(call, self._estate.services):
            disk = service["serviceDetails"].get("disk")
            if disk and disk["id"] == disk_id:
                disk |= body
                times = {"createdAt": service["createdAt"], "updatedAt": self._estate.now()}
                return 200, disk | {"serviceId": service["id"]} | times
        raise not_found(disk_id)

    def get_notifications(self, call: Call, service_id: str) -> Answer:
        """A service's notification overrides."""
        self._one(call, service_id)
        default = {
            "notificationsToSend": "default",
            "previewNotificationsEnabled": "default",
            "serviceId": service_id,
        }
        return 200, self._estate.notification_overrides.setdefault(service_id, default)

    def patch_notifications(self, call: Call, service_id: str) -> Answer:
        """Change the overrides; the service reports them as notifyOnFail (recording web_service.jsonl line 13)."""
        service = self._one(call, service_id)
        body = call.object()
        only(body, {"notificationsToSend", "previewNotificationsEnabled"})
        one_of(body, {"notificationsToSend": NOTIFICATIONS})
        _, overrides = self.get_notifications(call, service_id)
        assert isinstance(overrides, dict)
        overrides |= body
        service["notifyOnFail"] = NOTIFICATIONS[overrides["notificationsToSend"]]
        return 200, overrides

    def _one(self, call: Call, service_id: str) -> Json:
        return self._estate.get(call, self._estate.services, service_id)

    def _build(self, body: Json) -> Json:
        kind = body["type"]
        service_id = self._estate.new_id("srv")
        slug = self._slug(body["name"])
        now = self._estate.now()
        service: Json = {
            "id": service_id,
            "name": body["name"],
            "ownerId": body["ownerId"],
            "type": kind,
            "slug": slug,
            "rootDir": "",
            "autoDeploy": "yes",
            "autoDeployTrigger": "commit",
            "createdAt": now,
            "updatedAt": now,
            "dashboardUrl": f"https://dashboard.render.com/{SERVICE_TYPES[kind]}/{service_id}",
            "notifyOnFail": "default",
            "suspended": "not_suspended",
            "suspenders": [],
        }
        sent = body.get("serviceDetails") or {}
        if sent.get("runtime") != "image":
            require(body, "repo")
            service["branch"] = "main"
        elif not body.get("image"):
            raise ApiError(400, "missing required field: image")
        if environment_id := body.get("environmentId"):
            service["environmentId"] = environment_id
        self._change(service, body)
        service["serviceDetails"] = service_details.create(kind, sent, slug, service_id, self._estate)
        return service

    def _change(self, service: Json, body: Json) -> None:
        """Write the fields that a POST and a PATCH have in common."""
        one_of(body, {"autoDeploy": AUTO_DEPLOY, "autoDeployTrigger": AUTO_DEPLOY_TRIGGERS})
        for name in ("branch", "repo", "rootDir"):
            if body.get(name) is not None:
                service[name] = body[name]
        if "buildFilter" in body:
            service.pop("buildFilter", None)
            sent = body["buildFilter"] or {}
            if sent.get("paths") or sent.get("ignoredPaths"):  # an empty one is not reported back
                service["buildFilter"] = {"paths": [], "ignoredPaths": []} | sent
        if image := body.get("image"):
            require(image, "imagePath")
            service["imagePath"] = full_image_path(image["imagePath"])
        if trigger := body.get("autoDeployTrigger"):
            service |= {"autoDeployTrigger": trigger, "autoDeploy": "no" if trigger == "off" else "yes"}
        elif body.get("autoDeploy") == "no":
            service |= {"autoDeployTrigger": "off", "autoDeploy": "no"}
        elif body.get("autoDeploy") == "yes" and service["autoDeploy"] == "no":
            service |= {"autoDeployTrigger": "commit", "autoDeploy": "yes"}

    def _refuse_taken_name(self, name: str, owner_id: str) -> None:
        if self._estate.named(self._estate.services, name, owner_id):
            raise ApiError(409, f"name already in use: {name}")

    def _slug(self, name: str) -> str:
        """The name as a host label; it is one for all workspaces, so a taken one gets a random ending."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        taken = {service["slug"] for service in self._estate.services.values()}
        return slug if slug not in taken else f"{slug}-{self._estate.new_id('')[1:5]}"

    def _set_suspended(self, service: Json, state: str, suspenders: list[str], event: str) -> None:
        service |= {"suspended": state, "suspenders": suspenders, "updatedAt": self._estate.now()}
        self._estate.record_event(service["id"], event, {})

    def _note_plan_change(self, before: Json, after: Json) -> None:
        plans = [service["serviceDetails"].get("plan") for service in (before, after)]
        if plans[0] != plans[1]:
            self._estate.record_event(before["id"], "plan_changed", {"from": plans[0], "to": plans[1]})

    def _rename_links(self, service: Json) -> None:
        for group in self._estate.linked_groups(service["id"]):
            for link in group["serviceLinks"]:
                if link["id"] == service["id"]:
                    link["name"] = service["name"]


def full_image_path(path: str) -> str:
    """An image reference with registry and tag (recording web_service_env_vars.jsonl line 1: nginx)."""
    repository, _, tag = path.partition(":")
    if "/" not in repository:
        repository = f"library/{repository}"
    if "." not in repository.split("/")[0]:
        repository = f"docker.io/{repository}"
    return f"{repository}:{tag or 'latest'}"
