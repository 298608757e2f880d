"""What repositories do to an account: a push deploys, a pull request gets previews, a Blueprint syncs.

Render documentation, Blueprints: a sync sets variables with a value, the plan and automatic deploys again, and deploys
what it changed. It keeps the plan when the file omits it; an omitted autoDeployTrigger means `commit`. Disconnecting a
Blueprint keeps its resources.

Render documentation, Service previews: a preview is made only for a pull request against the branch that the service is
linked to. It copies every setting and every variable of its base service, also the address of its database.
"""

import copy

import yaml

from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.endpoints import Collection
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.services import address, base_of
from rehearsal.render_api.wire import Answer, Call, Json, public


def push(estate: Estate, repo: str, branch: str, commit_id: str, message: str) -> list[Json]:
    """Push a commit. Returns the deploys that it starts."""
    commit = {"id": commit_id, "message": message, "createdAt": estate.now()}
    estate.repos.setdefault(repo, {})[branch] = commit
    for row in estate.blueprints.values():
        if row["autoSync"] and (row["repo"], row["branch"]) == (repo, branch):
            Blueprints(estate).sync(row)
    return [
        Deploys(estate).start(service, "new_commit", commit=dict(commit))
        for service in following(estate, repo, branch)
        if service["autoDeploy"] == "yes" and service["suspended"] == "not_suspended"
    ]


def following(estate: Estate, repo: str, branch: str) -> list[Json]:
    """Return the services that are linked to a branch."""
    return [one for one in estate.services.values() if (one.get("repo"), one.get("branch")) == (repo, branch)]


def open_pull_request(estate: Estate, repo: str, base: str, number: int, commit_id: str, modes: set[str]) -> None:
    """Open a pull request, which makes a preview of each service whose previews are generated in one of the modes."""
    for service in following(estate, repo, base):
        if base_of(service) is None and _mode(service["serviceDetails"]) in modes:
            _preview(estate, service, number, commit_id)


def previews_of(estate: Estate, repo: str, number: int) -> list[Json]:
    """Return the previews of a pull request."""
    services = [one for one in estate.services.values() if base_of(one) and one.get("repo") == repo]
    return [one for one in services if one["name"].endswith(f" PR #{number}")]


def _preview(estate: Estate, service: Json, number: int, commit_id: str) -> None:
    identifier, now = estate.new_id("srv"), estate.now()
    slug = f"{service['slug']}-pr-{number}"
    preview = copy.deepcopy(service) | {"id": identifier, "name": f"{service['name']} PR #{number}", "slug": slug}
    preview |= {"createdAt": now, "updatedAt": now}
    preview["serviceDetails"] |= {"parentServer": {"id": service["id"], "name": service["name"]}}
    if "url" in preview["serviceDetails"]:
        preview["serviceDetails"]["url"] = address(slug)
    estate.services[identifier] = preview
    for values in (estate.env_vars, estate.secret_files):
        values[identifier] = dict(values.get(service["id"], {}))
    for group in estate.linked_groups(service["id"]):
        link = next(one for one in group["serviceLinks"] if one["id"] == service["id"])
        group["serviceLinks"].append(link | {"id": identifier, "name": preview["name"]})
    commit = {"id": commit_id, "message": f"Pull request {number}", "createdAt": now}
    Deploys(estate).start(preview, "new_commit", commit=commit, first=True)


def _mode(details: Json) -> str:
    old = {"yes": "automatic", "no": "off"}[details.get("pullRequestPreviewsEnabled", "no")]
    return str(details.get("previews", {}).get("generation", old)) if old == "off" else old


class Blueprints(Collection):
    """Blueprints that manage existing objects. One can only be made in the dashboard: see `connect`."""

    path, table, item, prefix = "/blueprints", "blueprints", "blueprint", "exs"
    patch, filters = "BlueprintPATCH", ("ownerId",)

    def listed(self, row: Json) -> Json:
        """Return a Blueprint as the list has it, without its resources."""
        return {name: value for name, value in public(row).items() if name != "resources"}

    def update(self, call: Call, row: Json) -> Answer:
        """Change a Blueprint. The answer has no resources either."""
        super().update(call, row)
        return 200, self.listed(row)

    def change(self, row: Json, body: Json) -> None:
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

    def sync(self, row: Json) -> None:
        """Set again what the file says."""
        declared, resources = yaml.safe_load(row["_text"]), []
        for section, table in (("services", self.estate.services), ("databases", self.estate.postgres)):
            for wanted in declared.get(section, []):
                for live in Estate.named(table, wanted["name"], row["_ownerId"]):
                    resources.append({"id": live["id"], "name": live["name"], "type": live.get("type", "postgres")})
                    if section == "services":
                        self._set(live, wanted)
                    elif "plan" in wanted:
                        live["plan"] = wanted["plan"].replace("-", "_")
        row |= {"resources": resources, "lastSync": self.estate.now()}

    def _set(self, service: Json, declared: Json) -> None:
        trigger = declared.get("autoDeployTrigger", "commit" if declared.get("autoDeploy", True) else "off")
        service |= {"autoDeployTrigger": trigger, "autoDeploy": "no" if trigger == "off" else "yes"}
        details, variables = service["serviceDetails"], self.estate.env_vars.setdefault(service["id"], {})
        wanted = {one["key"]: str(one["value"]) for one in declared.get("envVars", []) if "value" in one}
        plan = str(declared.get("plan", details.get("plan"))).replace(" ", "_")
        if wanted.items() <= variables.items() and plan == details.get("plan", plan):
            return
        variables.update(wanted)
        details["plan"] = plan
        deploys = Deploys(self.estate)
        deploys.start(service, "blueprint_sync", commit=deploys.head(service))
