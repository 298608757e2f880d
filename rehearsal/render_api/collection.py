"""What every kind of object has: a filtered and paged list, create, read, change and delete."""

from collections.abc import Mapping, Sequence

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public


class Collection:
    """One kind of object. A subclass describes it, and implements `build` and `change`.

    Attributes:
        path: of its list.
        item: the key of one object in the list; empty for a list of bare objects, which have no cursor.
        prefix: how an id begins.
        shapes: the bodies of POST and PATCH; an empty one means that there is no such request.
        unique: whether a workspace has at most one object of a name.
        exact: whether the answer of a POST has its times to the nanosecond (recording postgres.jsonl line 5).
        filters: the fields that a list can be filtered by.
    """

    path: str
    item: str
    prefix: str
    shapes: tuple[str, str]
    unique = False
    exact = False
    created = 201
    filters: Sequence[str] = ("name", "ownerId", "environmentId")

    def __init__(self, estate: Estate, rows: dict[str, Json]) -> None:
        self.estate, self.rows = estate, rows

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        one, (post, patch) = f"{self.path}/{{id}}", self.shapes
        routes = [
            Route("GET", self.path, self.list_all),
            Route("POST", self.path, self.create, post),
            Route("GET", one, self.get),
            Route("PATCH", one, self.patch, patch),
            Route("DELETE", one, self.delete),
        ]
        return [route for route in routes if route.body or route.method not in ("POST", "PATCH")]

    def list_all(self, call: Call) -> Answer:
        """Answer the list, newest first."""
        rows = [self.listed(row) for row in self.visible(call) if self.wanted(call, row)]
        page = call.page(rows, self.item or "item", lambda row: str(row["id"]))
        return 200, page if self.item else [entry["item"] for entry in page]

    def visible(self, call: Call) -> list[Json]:
        """Return what the key of the call may see, newest first."""
        return self.estate.visible(call, self.rows)

    def wanted(self, call: Call, row: Json) -> bool:
        """Whether the filters of the call let the object pass."""
        for name in self.filters:
            value = Estate.owner_of(row) if name == "ownerId" else row.get(name)
            if (asked := call.filter(name)) is not None and value not in asked:
                return False
        created, before, after = str(row.get("createdAt")), call.last("createdBefore"), call.last("createdAfter")
        return (not before or created < before) and (not after or created > after)

    def create(self, call: Call) -> Answer:
        """Create an object in a workspace that the key of the call sees."""
        body = call.object()
        owner_id = self.owner(call, body)
        if owner_id not in call.owners:
            raise ApiError(403, f"forbidden: {owner_id}")
        if environment_id := body.get("environmentId"):
            self.estate.get(call, self.estate.environments, environment_id)
        if not body.get("name", "x"):
            raise ApiError(400, "missing required field: name")
        self.refuse_taken(body.get("name"), owner_id)
        exact, stored = self.estate.birth()
        row = {"id": self.estate.new_id(self.prefix, self.suffix), "createdAt": stored, "updatedAt": stored}
        self.build(call, row, body)
        self.rows[row["id"]] = row
        return self.created, self.made(row, {"createdAt": exact, "updatedAt": exact} if self.exact else {})

    suffix = ""

    def owner(self, call: Call, body: Json) -> str:
        """Return the workspace that a new object belongs to."""
        return str(body["ownerId"])

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a new object from its request."""
        raise NotImplementedError

    def made(self, row: Json, moments: Json) -> Json:
        """Return the answer of a POST."""
        return public(row) | moments

    def listed(self, row: Json) -> Json:
        """Return an object as the list has it."""
        return row

    def shown(self, row: Json) -> Json:
        """Return an object as it is answered alone."""
        return public(row)

    def get(self, call: Call, identifier: str) -> Answer:
        """Answer one object."""
        return 200, self.shown(self.one(call, identifier))

    def patch(self, call: Call, identifier: str) -> Answer:
        """Change what the request has."""
        row, body = self.one(call, identifier), call.object()
        if body.get("name", row.get("name")) != row.get("name"):
            self.refuse_taken(body["name"], Estate.owner_of(row))
        self.change(call, row, body)
        return 200, self.shown(row)

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Write the fields of a PATCH."""
        row |= {**body, "updatedAt": self.estate.now()}

    def delete(self, call: Call, identifier: str) -> Answer:
        """Delete an object, and everything that belongs to it."""
        self.remove(self.one(call, identifier))
        return 204, None

    def remove(self, row: Json) -> None:
        """Remove an object from the account."""
        del self.rows[row["id"]]

    def one(self, call: Call, identifier: str) -> Json:
        """Return the object, or raise the 404."""
        return self.estate.get(call, self.rows, identifier)

    def refuse_taken(self, name: str | None, owner_id: str) -> None:
        """Raise a 409 if the kind allows a name once, and another object of the workspace has it."""
        if self.unique and name and Estate.named(self.rows, name, owner_id):
            raise ApiError(409, f"name already in use: {name}")


def given(body: Mapping[str, object], *names: str) -> Json:
    """Return the named fields of a body that are not null."""
    return {name: body[name] for name in names if body.get(name) is not None}
