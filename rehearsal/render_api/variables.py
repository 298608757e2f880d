"""Environment variables and secret files: reading them from a body, and the endpoints of a single service."""

import re

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, with_cursors

KEY = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


def read_variables(items: object, estate: Estate) -> dict[str, str]:
    """The variables of a request body, `generateValue` filled in. A null list is an empty one (recorded)."""
    variables: dict[str, str] = {}
    for item in _objects(items, "envVars"):
        key = item.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise ApiError(400, f"invalid environment variable key: {key}")
        if key in variables:
            raise ApiError(400, f"duplicate environment variable key: {key}")
        variables[key] = read_value(item, estate)
    return variables


def read_value(item: Json, estate: Estate) -> str:
    """The value of one variable: given, or generated."""
    if item.get("generateValue") is True:
        return estate.generated_value()
    value = item.get("value")
    if not isinstance(value, str):
        raise ApiError(400, "an environment variable needs a string value, or generateValue")
    return value


def read_files(items: object) -> dict[str, str]:
    """The secret files of a request body. A null list is an empty one (recorded)."""
    files: dict[str, str] = {}
    for item in _objects(items, "secretFiles"):
        name = item.get("name")
        if not isinstance(name, str) or not name:
            raise ApiError(400, "a secret file needs a name")
        files[name] = read_content(item)
    return files


def read_content(item: Json) -> str:
    """The content of one secret file."""
    content = item.get("content")
    if not isinstance(content, str):
        raise ApiError(400, "a secret file needs a string content")
    return content


def _objects(items: object, what: str) -> list[Json]:
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ApiError(400, f"{what} must be a list of objects")
    return items


class ServiceValues:
    """One of the two kinds of named values of a service; they differ in names only."""

    def __init__(self, estate: Estate, *, files: bool) -> None:
        self._estate = estate
        self._files = files
        self._table = estate.secret_files if files else estate.env_vars
        self._field, self._key, self._value = ("secretFile", "name", "content") if files else ("envVar", "key", "value")
        # Adding one secret file is documented as 201, one variable as 200 (Render API reference).
        self._put_status = 201 if files else 200

    def routes(self) -> list[Route]:
        """The endpoints."""
        collection = "/services/{id}/secret-files" if self._files else "/services/{id}/env-vars"
        return [
            Route("GET", collection, self.list_all),
            Route("PUT", collection, self.replace),
            Route("GET", collection + "/{name}", self.get),
            Route("PUT", collection + "/{name}", self.put),
            Route("DELETE", collection + "/{name}", self.delete),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Newest first (recording web_service.jsonl line 6)."""
        values = self._of(call, service_id)
        rows = [self._row(name, values[name]) for name in reversed(values)]
        return 200, call.page(rows, self._field, self._name)

    def replace(self, call: Call, service_id: str) -> Answer:
        """Put a whole list in the old one's place; answered in the order sent (recording web_service.jsonl line 46)."""
        values = self._of(call, service_id)
        body = call.json()
        fresh = read_files(body) if self._files else read_variables(body, self._estate)
        values.clear()
        values.update(fresh)
        rows = [self._row(name, value) for name, value in values.items()]
        return 200, with_cursors(rows, self._field, self._name)

    def get(self, call: Call, service_id: str, name: str) -> Answer:
        """One value."""
        values = self._of(call, service_id)
        if name not in values:
            raise not_found(name)
        return 200, self._row(name, values[name])

    def put(self, call: Call, service_id: str, name: str) -> Answer:
        """Add or change one value; a changed one keeps its place."""
        values = self._of(call, service_id)
        body = call.object()
        if not self._files and not KEY.fullmatch(name):
            raise ApiError(400, f"invalid environment variable key: {name}")
        values[name] = read_content(body) if self._files else read_value(body, self._estate)
        return self._put_status, self._row(name, values[name])

    def delete(self, call: Call, service_id: str, name: str) -> Answer:
        """Remove one value."""
        values = self._of(call, service_id)
        if name not in values:
            raise not_found(name)
        del values[name]
        return 204, None

    def _of(self, call: Call, service_id: str) -> dict[str, str]:
        self._estate.get(call, self._estate.services, service_id)
        return self._table.setdefault(service_id, {})

    def _row(self, name: str, value: str) -> Json:
        return {self._key: name, self._value: value}

    def _name(self, row: Json) -> str:
        return str(row[self._key])
