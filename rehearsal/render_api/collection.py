"""What every kind of object has: a list that is filtered and paged, and creating, reading, changing, deleting one."""

from collections.abc import Mapping, Sequence

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public


class Collection:
    """One kind of object. A subclass is its description, and `build` and `change`.

    Attributes:
        path: where its list is.
        item: what one is called in the list; empty for a list of bare objects, which have no cursor.
        prefix: how an id begins.
        shapes: the bodies of POST and PATCH; an empty one means that there is no such request.
        unique: whether a name is one object a workspace.
        exact: whether the answer of a POST has its moments to the nanosecond (recording postgres.jsonl line 5).
        filters: what a list is filtered by, each the field of that name.
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
        """The endpoints."""
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
        """Newest first."""
        rows = [self.listed(row) for row in self.visible(call) if self.wanted(call, row)]
        page = call.page(rows, self.item or "item", lambda row: str(row["id"]))
        return 200, page if self.item else [entry["item"] for entry in page]

    def visible(self, call: Call) -> list[Json]:
        """What the call's key may see, newest first."""
        return self.estate.visible(call, self.rows)

    def wanted(self, call: Call, row: Json) -> bool:
        """Whether a list that is filtered like this has the object."""
        for name in self.filters:
            value = Estate.owner_of(row) if name == "ownerId" else row.get(name)
            if (asked := call.filter(name)) is not None and value not in asked:
                return False
        created, before, after = str(row.get("createdAt")), call.last("createdBefore"), call.last("createdAfter")
        return (not before or created < before) and (not after or created > after)

    def create(self, call: Call) -> Answer:
        """Make one in a workspace that the call's key sees."""
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
        """The workspace that a new object belongs to."""
        return str(body["ownerId"])

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in a new object from its request."""
        raise NotImplementedError

    def made(self, row: Json, moments: Json) -> Json:
        """The answer of a POST."""
        return public(row) | moments

    def listed(self, row: Json) -> Json:
        """An object as the list has it."""
        return row

    def shown(self, row: Json) -> Json:
        """An object as it is answered alone."""
        return public(row)

    def get(self, call: Call, identifier: str) -> Answer:
        """One object."""
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
        """Delete one, with everything that hangs on it."""
        self.remove(self.one(call, identifier))
        return 204, None

    def remove(self, row: Json) -> None:
        """Take an object out of the estate."""
        del self.rows[row["id"]]

    def one(self, call: Call, identifier: str) -> Json:
        """The object, or 404."""
        return self.estate.get(call, self.rows, identifier)

    def refuse_taken(self, name: str | None, owner_id: str) -> None:
        """409 where another object of the workspace has the name, and the kind allows one of a name."""
        if self.unique and name and Estate.named(self.rows, name, owner_id):
            raise ApiError(409, f"name already in use: {name}")


def given(body: Mapping[str, object], *names: str) -> Json:
    """Those of the named fields that a body has, without the ones that are null."""
    return {name: body[name] for name in names if body.get(name) is not None}
