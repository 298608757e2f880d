"""Environment variables and secret files: how to read them from a body, and the endpoints of one service."""

import re
from dataclasses import dataclass

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, with_cursors

KEY = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of named values, which differ in names only. The bodies are shapes."""

    path: str
    item: str
    field: str
    key: str
    value: str
    whole: str
    one: str
    group: str
    # Adding one secret file is documented as 201, one variable as 200 (Render API reference).
    status: int

    def read(self, name: str, item: Json, estate: Estate) -> str:
        """Return a value, given or generated."""
        if self.key == "key" and not KEY.fullmatch(name):
            raise ApiError(400, f"invalid environment variable key: {name}")
        return estate.generated_value() if item.get("generateValue") else str(item.get(self.value, ""))


VARIABLE = "EnvVarValue|EnvVarGenerateValue"
VARIABLES = Kind(
    "env-vars", "envVar", "envVars", "key", "value", "[EnvVarKeyValue|EnvVarKeyGenerateValue]", VARIABLE, VARIABLE, 200
)
FILES = Kind(
    "secret-files", "secretFile", "secretFiles", "name", "content", "[SecretFileInput]",
    "AddOrUpdateSecretFileBody", "UpdateEnvGroupSecretFileBody", 201,
)  # fmt: skip


def read_variables(items: list[Json], estate: Estate, kind: Kind = VARIABLES) -> dict[str, str]:
    """Return the named values of a request body, with generated ones filled in."""
    values: dict[str, str] = {}
    for item in items:
        name = item[kind.key]
        if name in values or not name:
            raise ApiError(400, f"duplicate or empty {kind.key}: {name}")
        values[name] = kind.read(name, item, estate)
    return values


class ServiceValues:
    """The values of one kind of every service."""

    def __init__(self, estate: Estate, kind: Kind) -> None:
        self._estate, self._kind = estate, kind
        self._table = estate.env_vars if kind is VARIABLES else estate.secret_files

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        collection = f"/services/{{id}}/{self._kind.path}"
        return [
            Route("GET", collection, self.list_all),
            Route("PUT", collection, self.replace, self._kind.whole),
            Route("GET", collection + "/{name}", self.get),
            Route("PUT", collection + "/{name}", self.put, self._kind.one),
            Route("DELETE", collection + "/{name}", self.delete),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Answer the values, newest first (recording web_service.jsonl line 6)."""
        values = self._of(call, service_id)
        rows = [self._row(name, values[name]) for name in reversed(values)]
        return 200, call.page(rows, self._kind.item, self._name)

    def replace(self, call: Call, service_id: str) -> Answer:
        """Replace the whole list.

        It is answered in the order in which it was sent (recording web_service.jsonl line 46).
        """
        values = self._of(call, service_id)
        fresh = read_variables(call.json(), self._estate, self._kind)
        values.clear()
        values.update(fresh)
        rows = [self._row(name, value) for name, value in values.items()]
        return 200, with_cursors(rows, self._kind.item, self._name)

    def get(self, call: Call, service_id: str, name: str) -> Answer:
        """Answer one value."""
        values = self._of(call, service_id)
        if name not in values:
            raise not_found(name)
        return 200, self._row(name, values[name])

    def put(self, call: Call, service_id: str, name: str) -> Answer:
        """Add or change one value. A changed one keeps its position."""
        values = self._of(call, service_id)
        values[name] = self._kind.read(name, call.object(), self._estate)
        return self._kind.status, self._row(name, values[name])

    def delete(self, call: Call, service_id: str, name: str) -> Answer:
        """Remove one value."""
        self.get(call, service_id, name)
        del self._of(call, service_id)[name]
        return 204, None

    def _of(self, call: Call, service_id: str) -> dict[str, str]:
        self._estate.get(call, self._estate.services, service_id)
        return self._table.setdefault(service_id, {})

    def _row(self, name: str, value: str) -> Json:
        return {self._kind.key: name, self._kind.value: value}

    def _name(self, row: Json) -> str:
        return str(row[self._kind.key])
