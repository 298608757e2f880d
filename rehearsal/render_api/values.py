"""Environment variables and secret files: those of one service, and those of environment groups."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rehearsal.render_api.endpoints import Collection, Resource, Route, route
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import SERVICE_TYPES
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, given, not_found, public, with_cursors

KEY = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of named values, which differ in names only.

    Attributes:
        path: the last part of the path of the list.
        item: the key of one value in the list of a service.
        field: the field of a group that has them, and of the body that creates a service.
        key, value: the two fields of one.
        whole, one, group: the shapes of the bodies that replace all, and set one of a service and of a group.
        status: of setting one; documented as 201 for a secret file and 200 for a variable (Render API reference).
    """

    path: str
    item: str
    field: str
    key: str
    value: str
    whole: str
    one: str
    group: str
    status: int

    def rows(self, values: dict[str, str]) -> list[Json]:
        """Return values as they are answered, the newest first."""
        return [{self.key: name, self.value: value} for name, value in reversed(values.items())]

    def read(self, name: str, item: Json, estate: Estate) -> str:
        """Return a value, given or generated."""
        if self.key == "key" and not KEY.fullmatch(name):
            raise ApiError(400, f"invalid environment variable key: {name}")
        return estate.generated_value() if item.get("generateValue") else str(item.get(self.value, ""))

    def read_all(self, items: list[Json], estate: Estate) -> dict[str, str]:
        """Return the named values of a request body, with generated ones filled in."""
        values: dict[str, str] = {}
        for item in items:
            name = item[self.key]
            if name in values or not name:
                raise ApiError(400, f"duplicate or empty {self.key}: {name}")
            values[name] = self.read(name, item, estate)
        return values


VARIABLE = "EnvVarValue|EnvVarGenerateValue"
VARIABLES = Kind(
    "env-vars", "envVar", "envVars", "key", "value", "[EnvVarKeyValue|EnvVarKeyGenerateValue]", VARIABLE, VARIABLE, 200
)
FILES = Kind(
    "secret-files", "secretFile", "secretFiles", "name", "content", "[SecretFileInput]",
    "AddOrUpdateSecretFileBody", "UpdateEnvGroupSecretFileBody", 201,
)  # fmt: skip
KINDS = (VARIABLES, FILES)


class ServiceValues(Resource):
    """The values of one kind of every service.

    Attributes:
        holders: the name of the table of what the values belong to.
    """

    holders = "services"

    def __init__(self, estate: Estate, kind: Kind) -> None:
        super().__init__(estate)
        self.kind, self.path = kind, f"/{self.holders.replace('_', '-')}/{{id}}/{kind.path}"

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        yield self.endpoint("GET", self.list_all)
        yield self.endpoint("PUT", self.replace, body=self.kind.whole)
        yield from self.of_one(self.kind.one)

    def of_one(self, shape: str) -> Iterator[Route]:
        """Return the endpoints of a single value.

        Args:
            shape: of the body that sets it.
        """
        yield self.endpoint("GET", self.get, "/{name}")
        yield self.endpoint("PUT", self.put, "/{name}", shape)
        yield self.endpoint("DELETE", self.delete, "/{name}")

    def one(self, call: Call, identifier: str) -> Json:
        """Return the service or the group that the values belong to."""
        return self.estate.get(call, getattr(self.estate, self.holders), identifier)

    def read(self, holder: Json) -> dict[str, str]:
        """Return the values by name, the oldest first."""
        table = self.estate.env_vars if self.kind is VARIABLES else self.estate.secret_files
        return table.setdefault(holder["id"], {})

    def write(self, holder: Json, values: dict[str, str]) -> None:
        """Keep values that were changed."""
        live = self.read(holder)
        live.clear()
        live.update(values)

    def list_all(self, call: Call, service: Json) -> Answer:
        """Answer the values, newest first (recording web_service.jsonl line 6)."""
        return 200, call.page(self.kind.rows(self.read(service)), self.kind.item, self.kind.key)

    def replace(self, call: Call, service: Json) -> Answer:
        """Replace the whole list.

        It is answered in the order in which it was sent (recording web_service.jsonl line 46).
        """
        values = self.kind.read_all(call.body, self.estate)
        self.write(service, values)
        return 200, with_cursors(self.kind.rows(values)[::-1], self.kind.item, self.kind.key)

    def get(self, call: Call, holder: Json, name: str) -> Answer:
        """Answer one value."""
        if name not in (values := self.read(holder)):
            raise not_found(name)
        return 200, {self.kind.key: name, self.kind.value: values[name]}

    def put(self, call: Call, holder: Json, name: str) -> Answer:
        """Add or change one value. A changed one keeps its position."""
        values = self.read(holder) | {name: self.kind.read(name, call.body, self.estate)}
        self.write(holder, values)
        return self.kind.status, self.get(call, holder, name)[1]

    def delete(self, call: Call, holder: Json, name: str) -> Answer:
        """Remove one value."""
        self.get(call, holder, name)
        self.write(holder, {other: value for other, value in self.read(holder).items() if other != name})
        return 204, None


class GroupValues(ServiceValues):
    """The values of one kind of every environment group, which has them in its own fields, newest first."""

    holders = "env_groups"

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        yield from self.of_one(self.kind.group)

    def read(self, holder: Json) -> dict[str, str]:
        """Return the values by name, the oldest first."""
        return {row[self.kind.key]: row[self.kind.value] for row in reversed(holder[self.kind.field])}

    def write(self, holder: Json, values: dict[str, str]) -> None:
        """Keep values that were changed."""
        holder[self.kind.field][:] = self.kind.rows(values)

    def put(self, call: Call, holder: Json, name: str) -> Answer:
        """Answer the group. Its updatedAt does not change (recording env_group.jsonl line 4)."""
        super().put(call, holder, name)
        return 200, public(holder)


class EnvGroups(Collection):
    """The endpoints of environment groups.

    An item of the list is the bare group, as Render's own client reads it. As recorded, it is `{envGroup, cursor}`, as
    the Terraform provider reads it. Neither has the variables.
    """

    path, table, item, prefix, unique, exact = "/env-groups", "env_groups", "envGroup", "evg", True, True
    post, patch = "EnvGroupPOSTInput", "EnvGroupPATCHInput"

    def list_all(self, call: Call) -> Answer:
        """Answer the list, newest first."""
        rows: Any = super().list_all(call)[1]
        return 200, rows if call.as_recorded else [row[self.item] for row in rows]

    def listed(self, row: Json) -> Json:
        """Return a group as the list has it, without variables and files."""
        return {key: value for key, value in row.items() if key not in ("envVars", "secretFiles")}

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a new group with its variables, newest first (recording env_group.jsonl line 1)."""
        services = [self.estate.get(call, self.estate.services, one) for one in body.get("serviceIds", [])]
        row |= given(body, "name", "ownerId", "environmentId")
        row |= {kind.field: kind.rows(kind.read_all(body.get(kind.field, []), self.estate)) for kind in KINDS}
        row["serviceLinks"] = [link_to(service) for service in services]

    @route("POST", "/{id}/services/{service}")
    def link(self, call: Call, group: Json) -> Answer:
        """Link a service, which gets the group's variables with its next deploy. Linking twice is the same as once."""
        link = link_to(call.service)
        if link not in group["serviceLinks"]:
            group["serviceLinks"].append(link)
        return 200, public(group)

    @route("DELETE", "/{id}/services/{service}")
    def unlink(self, call: Call, group: Json) -> Answer:
        """Unlink a service, which loses the group's variables."""
        kept = [link for link in group["serviceLinks"] if link["id"] != call.service["id"]]
        if len(kept) == len(group["serviceLinks"]):
            raise not_found(call.service["id"])
        group["serviceLinks"] = kept
        return 204, None


def link_to(service: Json) -> Json:
    """Return a linked service as a group names it."""
    return {"id": service["id"], "name": service["name"], "type": SERVICE_TYPES[service["type"]][0]}
