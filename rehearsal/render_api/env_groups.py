"""Environment groups: shared variables and secret files, and the services linked to them."""

from collections.abc import Mapping

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.variables import KEY, read_content, read_files, read_value, read_variables
from rehearsal.render_api.vocabulary import SERVICE_TYPES, only, require
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

VALUES = ("envVars", "secretFiles")


class EnvGroups:
    """The environment group endpoints.

    A list item is `{envGroup, cursor}`, as clients of the real service read it. The reference's schema has the bare
    group instead; with `bare_list` the list follows that. Either way it leaves the variables out.
    """

    def __init__(self, estate: Estate, bare_list: bool) -> None:
        self._estate = estate
        self._bare_list = bare_list

    def routes(self) -> list[Route]:
        """The endpoints."""
        one = "/env-groups/{id}"
        return [
            Route("GET", "/env-groups", self.list_all),
            Route("POST", "/env-groups", self.create),
            Route("GET", one, self.get),
            Route("PATCH", one, self.patch),
            Route("DELETE", one, self.delete),
            Route("GET", one + "/env-vars/{key}", self.get_variable),
            Route("PUT", one + "/env-vars/{key}", self.put_variable),
            Route("DELETE", one + "/env-vars/{key}", self.delete_variable),
            Route("GET", one + "/secret-files/{name}", self.get_file),
            Route("PUT", one + "/secret-files/{name}", self.put_file),
            Route("DELETE", one + "/secret-files/{name}", self.delete_file),
            Route("POST", one + "/services/{service}", self.link),
            Route("DELETE", one + "/services/{service}", self.unlink),
        ]

    def list_all(self, call: Call) -> Answer:
        """Newest first, without variables and files."""
        filters = {name: call.filter(name) for name in ("name", "ownerId", "environmentId")}
        rows = [
            {key: value for key, value in group.items() if key not in VALUES}
            for group in self._estate.visible(call, self._estate.env_groups)
            if all(wanted is None or group.get(name) in wanted for name, wanted in filters.items())
        ]
        page = call.page(rows, "envGroup", lambda row: str(row["id"]))
        return 200, [item["envGroup"] for item in page] if self._bare_list else page

    def create(self, call: Call) -> Answer:
        """Create a group; it shows its variables newest first from the start (recording env_group.jsonl line 1)."""
        body = call.object()
        only(body, {"envVars", "environmentId", "name", "ownerId", "secretFiles", "serviceIds"})
        require(body, "name", "ownerId")
        self._estate.check_owner(call, body["ownerId"])
        self._estate.check_environment(call, body.get("environmentId"))
        if "envVars" not in body:
            raise ApiError(400, "missing required field: envVars")
        self._refuse_taken_name(body["name"], body["ownerId"])
        variables = read_variables(body["envVars"], self._estate)
        files = read_files(body.get("secretFiles"))
        services = [self._service(call, service_id) for service_id in body.get("serviceIds") or []]
        exact, stored = self._estate.birth()
        group: Json = {
            "id": self._estate.new_id("evg"),
            "name": body["name"],
            "ownerId": body["ownerId"],
            "createdAt": stored,
            "updatedAt": stored,
            "envVars": rows("key", "value", variables),
            "secretFiles": rows("name", "content", files),
            "serviceLinks": [link_to(service) for service in services],
        }
        if environment_id := body.get("environmentId"):
            group["environmentId"] = environment_id
        self._estate.env_groups[group["id"]] = group
        return 201, public(group) | {"createdAt": exact, "updatedAt": exact}

    def get(self, call: Call, group_id: str) -> Answer:
        """One group, with its variables."""
        return 200, public(self._one(call, group_id))

    def patch(self, call: Call, group_id: str) -> Answer:
        """Rename a group: the only thing a PATCH can do."""
        group = self._one(call, group_id)
        body = call.object()
        only(body, {"name"}, fixed={"ownerId", "environmentId", "envVars", "secretFiles", "serviceIds"})
        require(body, "name")
        if body["name"] != group["name"]:
            self._refuse_taken_name(body["name"], group["ownerId"])
        group |= {"name": body["name"], "updatedAt": self._estate.now()}
        return 200, public(group)

    def delete(self, call: Call, group_id: str) -> Answer:
        """Delete a group with everything in it."""
        self._one(call, group_id)
        del self._estate.env_groups[group_id]
        return 204, None

    def get_variable(self, call: Call, group_id: str, key: str) -> Answer:
        """One variable."""
        return 200, self._value(self._one(call, group_id), "envVars", "key", key)

    def put_variable(self, call: Call, group_id: str, key: str) -> Answer:
        """Add or change one variable. The group's updatedAt stays (recording env_group.jsonl line 4)."""
        group = self._one(call, group_id)
        if not KEY.fullmatch(key):
            raise ApiError(400, f"invalid environment variable key: {key}")
        put(group["envVars"], {"key": key, "value": read_value(call.object(), self._estate)}, "key")
        return 200, public(group)

    def delete_variable(self, call: Call, group_id: str, key: str) -> Answer:
        """Remove one variable."""
        group = self._one(call, group_id)
        group["envVars"].remove(self._value(group, "envVars", "key", key))
        return 204, None

    def get_file(self, call: Call, group_id: str, name: str) -> Answer:
        """One secret file."""
        return 200, self._value(self._one(call, group_id), "secretFiles", "name", name)

    def put_file(self, call: Call, group_id: str, name: str) -> Answer:
        """Add or change one secret file."""
        group = self._one(call, group_id)
        put(group["secretFiles"], {"name": name, "content": read_content(call.object())}, "name")
        return 200, public(group)

    def delete_file(self, call: Call, group_id: str, name: str) -> Answer:
        """Remove one secret file."""
        group = self._one(call, group_id)
        group["secretFiles"].remove(self._value(group, "secretFiles", "name", name))
        return 204, None

    def link(self, call: Call, group_id: str, service_id: str) -> Answer:
        """Give a service the group's variables, from its next deploy on. Linking twice is linking once."""
        group = self._one(call, group_id)
        link = link_to(self._service(call, service_id))
        if link not in group["serviceLinks"]:
            group["serviceLinks"].append(link)
        return 200, public(group)

    def unlink(self, call: Call, group_id: str, service_id: str) -> Answer:
        """Take the group's variables away from a service."""
        group = self._one(call, group_id)
        kept = [link for link in group["serviceLinks"] if link["id"] != service_id]
        if len(kept) == len(group["serviceLinks"]):
            raise not_found(service_id)
        group["serviceLinks"] = kept
        return 204, None

    def _one(self, call: Call, group_id: str) -> Json:
        return self._estate.get(call, self._estate.env_groups, group_id)

    def _service(self, call: Call, service_id: str) -> Json:
        return self._estate.get(call, self._estate.services, service_id)

    def _refuse_taken_name(self, name: str, owner_id: str) -> None:
        if self._estate.named(self._estate.env_groups, name, owner_id):
            raise ApiError(409, f"name already in use: {name}")

    @staticmethod
    def _value(group: Json, field: str, key: str, name: str) -> Json:
        for row in group[field]:
            if row[key] == name:
                return dict(row)
        raise not_found(name)


def rows(key: str, value: str, values: Mapping[str, str]) -> list[Json]:
    """Named values as a group shows them, the last one first."""
    return [{key: name, value: content} for name, content in reversed(list(values.items()))]


def put(rows: list[Json], row: Json, key: str) -> None:
    """Change the row with the same name where it stands, or put a new one in front (recording env_group.jsonl)."""
    for position, old in enumerate(rows):
        if old[key] == row[key]:
            rows[position] = row
            return
    rows.insert(0, row)


def link_to(service: Json) -> Json:
    """How a group names a linked service."""
    return {"id": service["id"], "name": service["name"], "type": SERVICE_TYPES[service["type"]]}
