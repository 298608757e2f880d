"""Environment groups: shared variables and secret files, and the services linked to them."""

from collections.abc import Mapping
from functools import partial

from rehearsal.render_api.collection import Collection, given
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.shapes import SERVICE_TYPES
from rehearsal.render_api.variables import FILES, VARIABLES, Kind, read_variables
from rehearsal.render_api.wire import Answer, Call, Json, not_found, public


class EnvGroups(Collection):
    """The endpoints of environment groups.

    An item of the list is the bare group, as Render's own client reads it. As recorded, it is `{envGroup, cursor}`, as
    the Terraform provider reads it. Neither has the variables.
    """

    path, prefix, unique, exact = "/env-groups", "evg", True, True
    shapes = ("EnvGroupPOSTInput", "EnvGroupPATCHInput")

    def __init__(self, estate: Estate, item: str) -> None:
        super().__init__(estate, estate.env_groups)
        self.item = item

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        routes = super().routes()
        for kind in (VARIABLES, FILES):
            one = f"/env-groups/{{id}}/{kind.path}/{{name}}"
            routes += [
                Route("GET", one, partial(self.get_value, kind)),
                Route("PUT", one, partial(self.put_value, kind), kind.group),
                Route("DELETE", one, partial(self.remove_value, kind)),
            ]
        link = "/env-groups/{id}/services/{service}"
        return [*routes, Route("POST", link, self.link), Route("DELETE", link, self.unlink)]

    def listed(self, row: Json) -> Json:
        """Return a group as the list has it, without variables and files."""
        return {key: value for key, value in row.items() if key not in ("envVars", "secretFiles")}

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a new group with its variables, newest first (recording env_group.jsonl line 1)."""
        services = [self.estate.get(call, self.estate.services, one) for one in body.get("serviceIds", [])]
        row |= given(body, "name", "ownerId", "environmentId") | {
            "envVars": rows(VARIABLES, read_variables(body["envVars"], self.estate)),
            "secretFiles": rows(FILES, {file["name"]: file["content"] for file in body.get("secretFiles", [])}),
            "serviceLinks": [link_to(service) for service in services],
        }

    def get_value(self, kind: Kind, call: Call, group_id: str, name: str) -> Answer:
        """Answer one value."""
        return 200, self._value(call, kind, group_id, name)

    def put_value(self, kind: Kind, call: Call, group_id: str, name: str) -> Answer:
        """Add or change one value. The group's updatedAt does not change (recording env_group.jsonl line 4)."""
        group = self.one(call, group_id)
        put(group[kind.field], {kind.key: name, kind.value: kind.read(name, call.object(), self.estate)}, kind.key)
        return 200, public(group)

    def remove_value(self, kind: Kind, call: Call, group_id: str, name: str) -> Answer:
        """Remove one value."""
        self.one(call, group_id)[kind.field].remove(self._value(call, kind, group_id, name))
        return 204, None

    def link(self, call: Call, group_id: str, service_id: str) -> Answer:
        """Link a service, which gets the group's variables with its next deploy. Linking twice is the same as once."""
        group = self.one(call, group_id)
        link = link_to(self.estate.get(call, self.estate.services, service_id))
        if link not in group["serviceLinks"]:
            group["serviceLinks"].append(link)
        return 200, public(group)

    def unlink(self, call: Call, group_id: str, service_id: str) -> Answer:
        """Unlink a service, which loses the group's variables."""
        group = self.one(call, group_id)
        kept = [link for link in group["serviceLinks"] if link["id"] != service_id]
        if len(kept) == len(group["serviceLinks"]):
            raise not_found(service_id)
        group["serviceLinks"] = kept
        return 204, None

    def _value(self, call: Call, kind: Kind, group_id: str, name: str) -> Json:
        for row in self.one(call, group_id)[kind.field]:
            if row[kind.key] == name:
                return dict(row)
        raise not_found(name)


def rows(kind: Kind, values: Mapping[str, str]) -> list[Json]:
    """Return named values as a group shows them, the last one first."""
    return [{kind.key: name, kind.value: content} for name, content in reversed(list(values.items()))]


def put(rows: list[Json], row: Json, key: str) -> None:
    """Change the row of the same name where it is, or put a new one first (recording env_group.jsonl)."""
    for position, old in enumerate(rows):
        if old[key] == row[key]:
            rows[position] = row
            return
    rows.insert(0, row)


def link_to(service: Json) -> Json:
    """Return a linked service as a group names it."""
    return {"id": service["id"], "name": service["name"], "type": SERVICE_TYPES[service["type"]][0]}
