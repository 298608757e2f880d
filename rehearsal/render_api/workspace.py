"""Workspaces, projects with their environments, and registry credentials."""

from collections.abc import Iterable

from rehearsal.render_api.collection import Collection, given
from rehearsal.render_api.datastores import default_allow_list
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public


class Workspaces:
    """The list of workspaces."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def routes(self) -> list[Route]:
        """Return the endpoint."""
        return [Route("GET", "/owners", self.owners)]

    def owners(self, call: Call) -> Answer:
        """Answer the workspaces that the key can see."""
        names, emails = call.filter("name"), call.filter("email")
        rows = [
            owner
            for owner in self._estate.owners.values()
            if owner["id"] in call.owners
            and (names is None or owner["name"] in names)
            and (emails is None or owner["email"] in emails)
        ]
        return 200, call.page(rows, "owner", lambda row: str(row["id"]))


class RegistryCredentials(Collection):
    """Credentials for image registries. The token can only be written; the list has bare objects."""

    path, item, prefix, unique, created = "/registrycredentials", "", "rgc", True, 200
    shapes = ("CreateRegistryCredentialBody", "UpdateRegistryCredentialBody")
    filters = ("name", "ownerId", "username")

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a credential. It shows neither its token nor its workspace."""
        row |= given(body, "name", "registry", "username") | {"_ownerId": body["ownerId"]}
        del row["createdAt"]

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Change a credential."""
        super().change(call, row, given(body, "name", "registry", "username"))


class Environments(Collection):
    """The environments of projects, and what is in them."""

    path, item, prefix = "/environments", "environment", "evm"
    shapes = ("EnvironmentPOSTInput", "EnvironmentPATCHInput")
    filters = ("name", "projectId", "ownerId")

    def __init__(self, estate: Estate) -> None:
        super().__init__(estate, estate.environments)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        resources = "/environments/{id}/resources"
        return [
            *super().routes(),
            Route("POST", resources, self.add_resources, "EnvironmentResourcesPOSTInput"),
            Route("DELETE", resources, self.remove_resources),
        ]

    def owner(self, call: Call, body: Json) -> str:
        """Return the workspace of its project."""
        return Estate.owner_of(self.estate.get(call, self.estate.projects, body["projectId"]))

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Add an environment to a project."""
        self.describe(row, self.estate.projects[body["projectId"]], body)

    def describe(self, row: Json, project: Json, body: Json) -> None:
        """Fill in an environment of a project."""
        row |= given(body, "name") | {
            "projectId": project["id"],
            "protectedStatus": body.get("protectedStatus", "unprotected"),
            "networkIsolationEnabled": body.get("networkIsolationEnabled", False),
            "ipAllowList": body.get("ipAllowList", default_allow_list()),
            "_ownerId": Estate.owner_of(project),
        }
        for moment in ("createdAt", "updatedAt"):
            row.pop(moment, None)
        project["environmentIds"].append(row["id"])

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Change an environment."""
        row |= body

    def remove(self, row: Json) -> None:
        """Delete an environment. Its resources stay, without an environment."""
        super().remove(row)
        self.estate.projects[row["projectId"]]["environmentIds"].remove(row["id"])
        for resource in self._resources():
            if resource.get("environmentId") == row["id"]:
                del resource["environmentId"]

    def add_resources(self, call: Call, environment_id: str) -> Answer:
        """Move resources into an environment."""
        environment = self.one(call, environment_id)
        for resource in self._named(call, call.object()["resourceIds"]):
            resource |= {"environmentId": environment_id, "updatedAt": self.estate.now()}
        return (201 if call.as_recorded else 200), self.shown(environment)

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

    def made(self, row: Json, moments: Json) -> Json:
        """Return the answer of a POST, which is as it is answered alone."""
        return self.shown(row)

    def shown(self, row: Json) -> Json:
        """Return an environment with the ids of what is in it. No ids are null (recording postgres.jsonl line 2)."""
        estate = self.estate
        inside = {
            "databasesIds": [
                identifier
                for one in reversed(estate.postgres.values())
                if one.get("environmentId") == row["id"]
                # A replica is in its primary's environment, before it (recording postgres.jsonl line 35).
                for identifier in (*(replica["id"] for replica in one["readReplicas"]), one["id"])
            ]
        }
        for name, table in (
            ("envGroupIds", estate.env_groups),
            ("redisIds", estate.key_values),
            ("serviceIds", estate.services),
        ):
            inside[name] = [one["id"] for one in reversed(table.values()) if one.get("environmentId") == row["id"]]
        return public(row) | {name: identifiers or None for name, identifiers in inside.items()}

    def _resources(self) -> list[Json]:
        estate = self.estate
        tables = (estate.services, estate.postgres, estate.key_values, estate.env_groups)
        return [row for table in tables for row in table.values()]

    def _named(self, call: Call, identifiers: Iterable[str]) -> list[Json]:
        table = {row["id"]: row for row in self._resources()}
        return [self.estate.get(call, table, identifier) for identifier in identifiers]


class Projects(Collection):
    """Projects, which are made with their environments. Only their name can be changed."""

    path, item, prefix = "/projects", "project", "prj"
    shapes = ("ProjectPOSTInput", "ProjectPATCHInput")
    filters = ("name", "ownerId")

    def __init__(self, estate: Estate, environments: Environments) -> None:
        super().__init__(estate, estate.projects)
        self._environments = environments

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a project with its environments."""
        if not body["environments"]:
            raise ApiError(400, "a project has at least one environment")
        row |= {"name": body["name"], "owner": self.estate.owners[body["ownerId"]], "environmentIds": []}
        for sent in body["environments"]:
            environment: Json = {"id": self.estate.new_id("evm")}
            self._environments.describe(environment, row, sent)
            self.estate.environments[environment["id"]] = environment

    def remove(self, row: Json) -> None:
        """Delete a project with its environments."""
        for identifier in list(row["environmentIds"]):
            self._environments.remove(self.estate.environments[identifier])
        super().remove(row)
