"""What stands around the resources: workspaces, projects with their environments, and log streams.

Projects and log streams are here as far as the recorded sequences need them.
"""

from collections.abc import Iterable

from rehearsal.render_api.datastores import default_allow_list
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.vocabulary import one_of, only, require
from rehearsal.render_api.wire import Answer, Call, Json, not_found, public


class Workspace:
    """The endpoints."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def routes(self) -> list[Route]:
        """The endpoints."""
        stream = "/logs/streams/resource/{id}"
        return [
            Route("GET", "/owners", self.owners),
            Route("POST", "/projects", self.create_project),
            Route("GET", "/projects/{id}", self.get_project),
            Route("DELETE", "/projects/{id}", self.delete_project),
            Route("GET", "/environments/{id}", self.get_environment),
            Route("POST", "/environments/{id}/resources", self.add_resources),
            Route("DELETE", "/environments/{id}/resources", self.remove_resources),
            Route("GET", stream, self.get_stream),
            Route("PUT", stream, self.put_stream),
            Route("DELETE", stream, self.delete_stream),
        ]

    def owners(self, call: Call) -> Answer:
        """The workspaces the key can see."""
        names, emails = call.filter("name"), call.filter("email")
        rows = [
            owner
            for owner in self._estate.owners.values()
            if owner["id"] in call.owners
            and (names is None or owner["name"] in names)
            and (emails is None or owner["email"] in emails)
        ]
        return 200, call.page(rows, "owner", lambda row: str(row["id"]))

    def create_project(self, call: Call) -> Answer:
        """Create a project with its environments."""
        body = call.object()
        only(body, {"environments", "name", "ownerId"})
        require(body, "name", "ownerId")
        self._estate.check_owner(call, body["ownerId"])
        now = self._estate.now()
        project: Json = {
            "id": self._estate.new_id("prj"),
            "name": body["name"],
            "owner": self._estate.owners[body["ownerId"]],
            "environmentIds": [],
            "createdAt": now,
            "updatedAt": now,
        }
        for sent in body.get("environments") or []:
            require(sent, "name")
            environment: Json = {
                "id": self._estate.new_id("evm"),
                "name": sent["name"],
                "projectId": project["id"],
                "protectedStatus": sent.get("protectedStatus", "unprotected"),
                "networkIsolationEnabled": sent.get("networkIsolationEnabled", False),
                "ipAllowList": sent.get("ipAllowList", default_allow_list()),
                "_ownerId": body["ownerId"],
            }
            self._estate.environments[environment["id"]] = environment
            project["environmentIds"].append(environment["id"])
        self._estate.projects[project["id"]] = project
        return 201, project

    def get_project(self, call: Call, project_id: str) -> Answer:
        """One project."""
        return 200, self._estate.get(call, self._estate.projects, project_id)

    def delete_project(self, call: Call, project_id: str) -> Answer:
        """Delete a project; its resources stay, in no environment."""
        project = self._estate.get(call, self._estate.projects, project_id)
        for environment_id in project["environmentIds"]:
            del self._estate.environments[environment_id]
            for resource in self._resources():
                if resource.get("environmentId") == environment_id:
                    del resource["environmentId"]
        del self._estate.projects[project_id]
        return 204, None

    def get_environment(self, call: Call, environment_id: str) -> Answer:
        """One environment with the ids of what is in it."""
        return 200, self._report(self._estate.get(call, self._estate.environments, environment_id))

    def add_resources(self, call: Call, environment_id: str) -> Answer:
        """Move resources into an environment."""
        environment = self._estate.get(call, self._estate.environments, environment_id)
        for resource in self._named(call, call.object().get("resourceIds") or []):
            resource |= {"environmentId": environment_id, "updatedAt": self._estate.now()}
        return 201, self._report(environment)

    def remove_resources(self, call: Call, _: str) -> Answer:
        """Take resources out of the environment they are in.

        Which environment the path names does not matter: real traffic has a resource's id there and is answered 204
        (recording postgres.jsonl line 34).
        """
        for resource in self._named(call, call.filter("resourceIds") or ()):
            resource.pop("environmentId", None)
            resource["updatedAt"] = self._estate.now()
        return 204, None

    def get_stream(self, call: Call, resource_id: str) -> Answer:
        """A resource's own log stream setting."""
        self._check_resource(call, resource_id)
        if resource_id not in self._estate.log_streams:
            raise not_found(resource_id)
        return 200, self._estate.log_streams[resource_id]

    def put_stream(self, call: Call, resource_id: str) -> Answer:
        """Set it."""
        self._check_resource(call, resource_id)
        body = call.object()
        only(body, {"endpoint", "setting", "token"})
        require(body, "setting")
        one_of(body, {"setting": ("send", "drop")})
        stream = {"endpoint": body.get("endpoint", ""), "resourceId": resource_id, "setting": body["setting"]}
        self._estate.log_streams[resource_id] = stream
        return 200, stream

    def delete_stream(self, call: Call, resource_id: str) -> Answer:
        """Back to the workspace's setting."""
        self.get_stream(call, resource_id)
        del self._estate.log_streams[resource_id]
        return 204, None

    def _resources(self) -> list[Json]:
        estate = self._estate
        tables = (estate.services, estate.postgres, estate.key_values, estate.env_groups)
        return [row for table in tables for row in table.values()]

    def _named(self, call: Call, identifiers: Iterable[str]) -> list[Json]:
        table = {row["id"]: row for row in self._resources()}
        return [self._estate.get(call, table, identifier) for identifier in identifiers]

    def _check_resource(self, call: Call, resource_id: str) -> None:
        """404 unless it is a service, a datastore, or a database's replica."""
        for row in self._resources():
            ids = {row["id"], *(replica["id"] for replica in row.get("readReplicas", []))}
            if resource_id in ids and self._estate.owner_of(row) in call.owners:
                return
        raise not_found(resource_id)

    def _report(self, environment: Json) -> Json:
        estate = self._estate
        inside = {
            "databasesIds": [
                identifier
                for row in reversed(estate.postgres.values())
                if row.get("environmentId") == environment["id"]
                # A replica is in its primary's environment, before it (recording postgres.jsonl line 35).
                for identifier in (*(replica["id"] for replica in row["readReplicas"]), row["id"])
            ]
        }
        for name, table in (
            ("envGroupIds", estate.env_groups),
            ("redisIds", estate.key_values),
            ("serviceIds", estate.services),
        ):
            rows = reversed(table.values())
            inside[name] = [row["id"] for row in rows if row.get("environmentId") == environment["id"]]
        # An empty list is answered as null (recording postgres.jsonl line 2).
        return public(environment) | {name: identifiers or None for name, identifiers in inside.items()}
