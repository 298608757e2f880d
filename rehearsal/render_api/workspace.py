"""Workspaces, projects with their environments, and registry credentials."""

from collections.abc import Iterable

from rehearsal.render_api.endpoints import Collection, route
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import defaults
from rehearsal.render_api.wire import Answer, Call, Json, given, public


class Workspaces(Collection):
    """The workspaces."""

    path, table, item = "/owners", "owners", "owner"
    deletable, filters = False, ("name", "email")

    def visible(self, call: Call) -> list[Json]:
        """Return the workspaces that the key can see."""
        return [owner for owner in self.rows.values() if owner["id"] in call.owners]


class RegistryCredentials(Collection):
    """Credentials for image registries. The token can only be written; the list has bare objects."""

    path, table, prefix, unique, created = "/registrycredentials", "registry_credentials", "rgc", True, 200
    post, deletable = "CreateRegistryCredentialBody", False
    filters = ("name", "ownerId", "username")

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a credential. It shows neither its token nor its workspace."""
        row |= given(body, "name", "registry", "username") | {"_ownerId": body["ownerId"]}
        del row["createdAt"]


class Environments(Collection):
    """The environments of projects, and what is in them."""

    path, table, item, prefix = "/environments", "environments", "environment", "evm"
    post, patch = "EnvironmentPOSTInput", "EnvironmentPATCHInput"
    filters = ("name", "projectId", "ownerId")

    def owner(self, call: Call) -> str:
        """Return the workspace of its project."""
        return Estate.owner_of(self.estate.get(call, self.estate.projects, call.body["projectId"]))

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Add an environment to a project."""
        self.describe(row, self.estate.projects[body["projectId"]], body)

    def describe(self, row: Json, project: Json, body: Json) -> None:
        """Fill in an environment of a project."""
        row |= defaults("environment") | body | {"projectId": project["id"], "_ownerId": Estate.owner_of(project)}
        for moment in ("createdAt", "updatedAt"):
            row.pop(moment, None)
        project["environmentIds"].append(row["id"])

    def change(self, row: Json, body: Json) -> None:
        """Change an environment."""
        row |= body

    def remove(self, row: Json) -> None:
        """Delete an environment. Its resources stay, without an environment."""
        super().remove(row)
        self.estate.projects[row["projectId"]]["environmentIds"].remove(row["id"])
        for resource in self._resources().values():
            if resource.get("environmentId") == row["id"]:
                del resource["environmentId"]

    @route("POST", "/{id}/resources", "EnvironmentResourcesPOSTInput")
    def add_resources(self, call: Call, row: Json) -> Answer:
        """Move resources into an environment."""
        for resource in self._named(call, call.body["resourceIds"]):
            resource |= {"environmentId": row["id"], "updatedAt": self.estate.now()}
        return (201 if call.as_recorded else 200), self.shown(row)

    @route("DELETE", "/{any}/resources")
    def remove_resources(self, call: Call, _: str) -> Answer:
        """Remove resources from the environment that they are in.

        The environment in the path does not matter: real traffic has a resource's id there and is answered 204
        (recording postgres.jsonl line 34).
        """
        for resource in self._named(call, call.filter("resourceIds") or ()):
            resource.pop("environmentId", None)
            resource["updatedAt"] = self.estate.now()
        return 204, None

    def listed(self, row: Json) -> Json:
        """Return an object of the list, which is as it is answered alone."""
        return self.shown(row)

    def shown(self, row: Json) -> Json:
        """Return an environment with the ids of what is in it. No ids are null (recording postgres.jsonl line 2)."""
        estate, inside = self.estate, {}
        for name, table in (
            ("databasesIds", estate.postgres),
            ("envGroupIds", estate.env_groups),
            ("redisIds", estate.key_values),
            ("serviceIds", estate.services),
        ):
            found = [one for one in reversed(table.values()) if one.get("environmentId") == row["id"]]
            # A replica is in its primary's environment, before it (recording postgres.jsonl line 35).
            identifiers = [part["id"] for one in found for part in (*one.get("readReplicas", ()), one)]
            inside[name] = identifiers or None
        return public(row) | inside

    def _resources(self) -> dict[str, Json]:
        estate = self.estate
        return estate.services | estate.postgres | estate.key_values | estate.env_groups

    def _named(self, call: Call, identifiers: Iterable[str]) -> list[Json]:
        return [self.estate.get(call, self._resources(), identifier) for identifier in identifiers]


class Projects(Collection):
    """Projects, which are made with their environments. Only their name can be changed."""

    path, table, item, prefix = "/projects", "projects", "project", "prj"
    post, patch = "ProjectPOSTInput", "ProjectPATCHInput"
    filters = ("name", "ownerId")

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a project with its environments."""
        row |= {"name": body["name"], "owner": self.estate.owners[body["ownerId"]], "environmentIds": []}
        for sent in body["environments"]:
            environment: Json = {"id": self.estate.new_id("evm")}
            Environments(self.estate).describe(environment, row, sent)
            self.estate.environments[environment["id"]] = environment

    def remove(self, row: Json) -> None:
        """Delete a project with its environments."""
        for identifier in list(row["environmentIds"]):
            Environments(self.estate).remove(self.estate.environments[identifier])
        super().remove(row)
