"""Blueprints that manage existing objects: each sync sets again what its file says.

Render documentation, Blueprints: a sync sets variables with a value, the plan and automatic deploys again, and deploys
what it changed. It keeps the plan when the file omits it; an omitted autoDeployTrigger means `commit`. Disconnecting a
Blueprint keeps its resources.
"""

import email
import json
from email.policy import HTTP
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

import blueprint
from rehearsal.render_api.collection import Collection
from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public

SCHEMA = json.loads((Path(blueprint.__file__).parent / "blueprint.schema.json").read_text())


class Blueprints(Collection):
    """The Blueprint endpoints. A Blueprint can only be made in the dashboard: see `connect`."""

    path, item, prefix = "/blueprints", "blueprint", "exs"
    shapes = ("", "BlueprintPATCH")
    filters = ("ownerId",)

    def __init__(self, estate: Estate, deploys: Deploys) -> None:
        super().__init__(estate, estate.blueprints)
        self._deploys = deploys

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [*super().routes(), Route("POST", "/blueprints/validate", self.validate)]

    def listed(self, row: Json) -> Json:
        """Return a Blueprint as the list has it, without its resources."""
        return {name: value for name, value in public(row).items() if name != "resources"}

    def patch(self, call: Call, identifier: str) -> Answer:
        """Change a Blueprint. The answer has no resources either."""
        super().patch(call, identifier)
        return 200, self.listed(self.one(call, identifier))

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Change a Blueprint. Without automatic syncs it is paused."""
        row |= body
        row["status"] = "in_sync" if row["autoSync"] else "paused"

    def connect(self, name: str, owner_id: str, repo: str, branch: str, text: str, path: str = "render.yaml") -> Json:
        """Do what a person does in the dashboard: a file manages the objects that it names. It syncs at once."""
        row: Json = {"id": self.estate.new_id(self.prefix), "name": name, "status": "in_sync", "autoSync": True}
        row |= {"repo": repo, "branch": branch, "path": path, "_ownerId": owner_id, "_text": text}
        self.rows[row["id"]] = row
        self.sync(row)
        return row

    def pushed(self, repo: str, branch: str) -> None:
        """Sync the Blueprints of a branch that sync by themselves, because a commit arrived."""
        for row in self.rows.values():
            if row["autoSync"] and (row["repo"], row["branch"]) == (repo, branch):
                self.sync(row)

    def sync(self, row: Json) -> None:
        """Set again what the file says."""
        declared = yaml.safe_load(row["_text"])
        resources = []
        for one in declared.get("services", []):
            for service in Estate.named(self.estate.services, one["name"], row["_ownerId"]):
                resources.append({"id": service["id"], "name": service["name"], "type": service["type"]})
                self._set(service, one)
        for one in declared.get("databases", []):
            for database in Estate.named(self.estate.postgres, one["name"], row["_ownerId"]):
                resources.append({"id": database["id"], "name": database["name"], "type": "postgres"})
                if "plan" in one:
                    database["plan"] = one["plan"].replace("-", "_")
        row |= {"resources": resources, "lastSync": self.estate.now()}

    def _set(self, service: Json, declared: Json) -> None:
        trigger = declared.get("autoDeployTrigger", "commit" if declared.get("autoDeploy", True) else "off")
        service |= {"autoDeployTrigger": trigger, "autoDeploy": "no" if trigger == "off" else "yes"}
        variables = self.estate.env_vars.setdefault(service["id"], {})
        wanted = {one["key"]: str(one["value"]) for one in declared.get("envVars", []) if "value" in one}
        plan = str(declared.get("plan", service["serviceDetails"].get("plan"))).replace(" ", "_")
        if wanted.items() <= variables.items() and plan == service["serviceDetails"].get("plan", plan):
            return
        variables.update(wanted)
        service["serviceDetails"]["plan"] = plan
        self._deploys.start(service, "blueprint_sync", commit=self._deploys.head(service))

    def validate(self, call: Call) -> Answer:
        """Answer what is wrong with a file, by Render's published schema."""
        boundary = call.body.split(b"\r\n", 1)[0].removeprefix(b"--")
        header = b"Content-Type: multipart/form-data; boundary=" + boundary + b"\r\n\r\n"
        message = email.message_from_bytes(header + call.body, policy=HTTP)
        parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        if {"ownerId", "file"} - parts.keys():
            raise ApiError(400, "ownerId and file are required")
        if str(parts["ownerId"].get_payload()).strip() not in call.owners:
            raise ApiError(403, "forbidden")
        try:
            content = yaml.safe_load(parts["file"].get_content())
        except yaml.YAMLError as error:
            return 200, {"valid": False, "errors": [{"error": str(error)}]}
        found = sorted(Draft202012Validator(SCHEMA).iter_errors(content), key=lambda one: list(map(str, one.path)))
        errors = [{"error": one.message, "path": ".".join(map(str, one.absolute_path))} for one in found]
        return 200, {"valid": not errors} | ({"errors": errors} if errors else {"plan": plan_of(content)})


def plan_of(content: Json) -> Json:
    """Return the names of what a file would make."""
    services = content.get("services", [])
    stores = [one["name"] for one in services if one["type"] in ("keyvalue", "redis")]
    plan: Json = {
        "services": [one["name"] for one in services if one["name"] not in stores],
        "databases": [one["name"] for one in content.get("databases", [])],
        "keyValue": stores,
        "envGroups": [one["name"] for one in content.get("envVarGroups", [])],
    }
    return {name: names for name, names in plan.items() if names} | {"totalActions": sum(map(len, plan.values()))}
