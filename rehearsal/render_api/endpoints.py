"""How endpoints are declared and found: routes, and what every kind of object has (list, create, read, change, delete).

A path may name `{service}` and `{id}`. Both are looked up before the handler runs: the service becomes `call.service`,
the handler gets the object of the id, and what the key of the call may not see is answered 404.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import check
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

Handler = Callable[..., Answer]
_Marked = TypeVar("_Marked", bound=Handler)


def route(method: str, below: str = "", body: str = "") -> Callable[[_Marked], _Marked]:
    """Make a method of a Resource the handler of an endpoint.

    Args:
        below: the end of the path, after that of the resource.
        body: the shape that a request's body must have; without one the body is not looked at.
    """

    def mark(handler: _Marked) -> _Marked:
        handler.__dict__["marked"] = (method, below, body)
        return handler

    return mark


@dataclass(frozen=True)
class Route:
    """One endpoint. After the call, the handler gets what the path names below the service."""

    method: str
    template: str
    resource: "Resource"
    handler: Handler
    body: str = ""


class Resource:
    """Something that has endpoints.

    Attributes:
        path: how the paths of all of them begin.
    """

    path = ""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        for name in dir(type(self)):
            if marked := getattr(getattr(type(self), name), "marked", None):
                method, below, body = marked
                yield self.endpoint(method, getattr(self, name), below, body)

    def endpoint(self, method: str, handler: Handler, below: str = "", body: str = "") -> Route:
        """Return an endpoint of this resource."""
        return Route(method, self.path + below, self, handler, body)

    def one(self, call: Call, identifier: str) -> Json:
        """Return the object that an id in the path means, or raise the 404."""
        raise NotImplementedError


class Collection(Resource):
    """One kind of object: how it is listed, created, read, changed and deleted.

    Attributes:
        table: the name of its table in the estate.
        item: the key of one object in the list; empty for a list of bare objects, which have no cursor.
        prefix: how an id begins, and suffix: how it ends.
        post, patch: the shapes of the bodies that create and change; an empty one means that there is no such request.
        deletable: whether an object can be deleted.
        unique: whether a workspace has at most one object of a name.
        exact: whether the answer of a POST has its times to the nanosecond (recording postgres.jsonl line 5).
        created: the status of a POST.
        filters: the fields that a list can be filtered by.
        keys: the fields by which a path names an object.
    """

    table = item = prefix = suffix = post = patch = ""
    deletable = True
    unique = exact = False
    created = 201
    filters: tuple[str, ...] = ("name", "ownerId", "environmentId")
    keys: tuple[str, ...] = ("id",)

    @property
    def rows(self) -> dict[str, Json]:
        """Return every object of the kind by its id."""
        rows: dict[str, Json] = getattr(self.estate, self.table)
        return rows

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        yield from super().routes()
        yield self.endpoint("GET", self.list_all)
        yield self.endpoint("GET", self.get, "/{id}")
        if self.post:
            yield self.endpoint("POST", self.create, body=self.post)
        if self.patch:
            yield self.endpoint("PATCH", self.update, "/{id}", self.patch)
        if self.deletable:
            yield self.endpoint("DELETE", self.delete, "/{id}")

    # Reading

    def list_all(self, call: Call) -> Answer:
        """Answer the list, newest first."""
        page = call.page([self.listed(row) for row in self.visible(call) if self.wanted(call, row)], self.item)
        return 200, page if self.item else [entry[""] for entry in page]

    def visible(self, call: Call) -> list[Json]:
        """Return what the key of the call may see, newest first; below a service, what belongs to that service."""
        if "{service}" in self.path:
            return [row for row in reversed(self.rows.values()) if row["_service"] == call.service["id"]]
        return self.estate.visible(call, self.rows)

    def wanted(self, call: Call, row: Json) -> bool:
        """Whether the filters of the call let the object pass."""
        for name in self.filters:
            value = Estate.owner_of(row) if name == "ownerId" else row.get(name)
            if (asked := call.filter(name)) is not None and value not in asked:
                return False
        created, before, after = str(row.get("createdAt")), call.last("createdBefore"), call.last("createdAfter")
        return (not before or created < before) and (not after or created > after)

    def one(self, call: Call, identifier: str) -> Json:
        """Return the object, or raise the 404, also when the key of the call does not see it."""
        for row in self.visible(call):
            if any(row[key] == identifier for key in self.keys):
                return row
        raise not_found(identifier)

    def get(self, call: Call, row: Json) -> Answer:
        """Answer one object."""
        return 200, self.shown(row)

    def listed(self, row: Json) -> Json:
        """Return an object as the list has it."""
        return row

    def shown(self, row: Json) -> Json:
        """Return an object as it is answered alone."""
        return public(row)

    # Writing

    def create(self, call: Call) -> Answer:
        """Create an object."""
        if "{service}" not in self.path:
            self.admit(call)
        exact, stored = self.estate.birth()
        row = {"id": self.estate.new_id(self.prefix, self.suffix), "createdAt": stored, "updatedAt": stored}
        self.build(call, row, call.body)
        self.rows[row["id"]] = row
        return self.created, self.made(row) | ({"createdAt": exact, "updatedAt": exact} if self.exact else {})

    def admit(self, call: Call) -> None:
        """Refuse an object in a workspace or an environment that the key does not see, and one whose name is taken."""
        owner_id = self.owner(call)
        if owner_id not in call.owners:
            raise ApiError(403, f"forbidden: {owner_id}")
        if environment_id := call.body.get("environmentId"):
            self.estate.get(call, self.estate.environments, environment_id)
        self.refuse_taken(call.body.get("name"), owner_id)

    def owner(self, call: Call) -> str:
        """Return the workspace that a new object belongs to."""
        return str(call.body["ownerId"])

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a new object from its request."""
        raise NotImplementedError

    def made(self, row: Json) -> Json:
        """Return the answer of a POST."""
        return self.shown(row)

    def update(self, call: Call, row: Json) -> Answer:
        """Change what the request has."""
        if call.body.get("name", row.get("name")) != row.get("name"):
            self.refuse_taken(call.body["name"], Estate.owner_of(row))
        self.change(row, call.body)
        return 200, self.shown(row)

    def change(self, row: Json, body: Json) -> None:
        """Write the fields of a PATCH."""
        row |= {**body, "updatedAt": self.estate.now()}

    def delete(self, call: Call, row: Json) -> Answer:
        """Delete an object, and everything that belongs to it."""
        self.remove(row)
        return 204, None

    def remove(self, row: Json) -> None:
        """Remove an object from the account."""
        del self.rows[row["id"]]

    def refuse_taken(self, name: str | None, owner_id: str) -> None:
        """Raise a 409 if the kind allows a name once, and another object of the workspace has it."""
        if self.unique and name and Estate.named(self.rows, name, owner_id):
            raise ApiError(409, f"name already in use: {name}")


class Router:
    """All endpoints. An unknown path is answered 404, a known path with another method 405."""

    def __init__(self, estate: Estate, resources: Iterable[Resource]) -> None:
        self._estate = estate
        self.routes = [
            (route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.template)))
            for resource in resources
            for route in resource.routes()
        ]

    def dispatch(self, call: Call) -> Answer:
        """Check the body of a call, look up what its path names, and run its handler."""
        known = False
        for route, pattern in self.routes:
            if found := pattern.fullmatch(call.path):
                known = True
                if route.method == call.method:
                    return self._run(route, call, {name: unquote(text) for name, text in found.groupdict().items()})
        raise ApiError(405, "method not allowed") if known else ApiError(404, "not found")

    def _run(self, route: Route, call: Call, named: dict[str, Any]) -> Answer:
        if route.body:
            check(call.body, route.body)
        if identifier := named.pop("service", None):
            call.service = self._estate.get(call, self._estate.services, identifier)
        if "id" in named:
            named["id"] = route.resource.one(call, named["id"])
        return route.handler(call, *named.values())
