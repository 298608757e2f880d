"""What belongs to a service beside its own fields: disk, custom domains, and the rules of a static site."""

from collections.abc import Iterator

from rehearsal.render_api.endpoints import Collection, Resource, Route
from rehearsal.render_api.services import refuse_scaling, scalable
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, given, public


class Disks(Collection):
    """The disks of services, each of which can have one. A disk lies in the details of its service."""

    path, item, prefix = "/disks", "disk", "dsk"
    post, patch, deletable = "DiskPOST", "DiskPATCH", False
    filters = ("serviceId",)

    def visible(self, call: Call) -> list[Json]:
        """Return the disks with more than the service shows of them (recording web_service.jsonl line 48)."""
        return [
            service["serviceDetails"]["disk"] | {"serviceId": service["id"]} | given(service, "createdAt", "updatedAt")
            for service in self.estate.visible(call, self.estate.services)
            if "disk" in service["serviceDetails"]
        ]

    def create(self, call: Call) -> Answer:
        """Add a disk to a service."""
        service = self.estate.get(call, self.estate.services, call.body["serviceId"])
        details = scalable(service)
        if "disk" in details:
            raise ApiError(400, "the service has a disk")
        disk = {"id": self.estate.new_id(self.prefix)} | given(call.body, "name", "mountPath", "sizeGB")
        refuse_scaling(details | {"disk": disk})
        details["disk"] = disk
        service["updatedAt"] = self.estate.now()
        return 201, self.one(call, disk["id"])

    def change(self, row: Json, body: Json) -> None:
        """Change a disk. It cannot become smaller (Render documentation, Disks)."""
        if body.get("sizeGB", row["sizeGB"]) < row["sizeGB"]:
            raise ApiError(400, "sizeGB cannot be decreased")
        self.estate.services[row["serviceId"]]["serviceDetails"]["disk"] |= body
        super().change(row, body)


# Enough of the public suffix list for the domains of tests: everything else ends in its last label.
TWO_LABEL_SUFFIXES = frozenset({"co.uk", "org.uk", "com.au", "co.nz", "co.za", "co.in", "com.br"})


def split_name(name: str) -> tuple[bool, str]:
    """Return whether a name is an apex, and its public suffix."""
    labels = name.split(".")
    two = ".".join(labels[-2:])
    suffix = two if two in TWO_LABEL_SUFFIXES else labels[-1]
    return len(labels) == suffix.count(".") + 2, suffix


def companion(name: str) -> str | None:
    """Return the name that Render adds as a redirect: an apex gets its www, a www its apex (Render documentation)."""
    apex, _ = split_name(name)
    if apex:
        return f"www.{name}"
    parent = name.removeprefix("www.")
    return parent if parent != name and split_name(parent)[0] else None


class Domains(Collection):
    """The custom domains of services, with the redirects that Render adds to them."""

    path, table, item, prefix = "/services/{service}/custom-domains", "custom_domains", "customDomain", "cdm"
    post = "CreateCustomDomainBody"
    filters, keys = ("name",), ("id", "name")

    def create(self, call: Call) -> Answer:
        """Add a domain. The answer is a list, because a redirect may be added with it."""
        kind, name = call.service["type"], call.body["name"].lower()
        if kind not in ("web_service", "static_site"):
            raise ApiError(400, f"a {kind} has no custom domains")
        taken = {row["name"] for row in self.rows.values()}
        if name in taken:
            raise ApiError(409, f"custom domain already in use: {name}")
        added = [self._add(call, name, "")]
        if (extra := companion(name)) and extra not in taken:
            added.append(self._add(call, extra, name))
        return 201, added

    def remove(self, row: Json) -> None:
        """Remove a domain, and what redirects to it."""
        for other in self.estate.domains_of(row["_service"]):
            if other is row or other["redirectForName"] == row["name"]:
                super().remove(other)

    def _add(self, call: Call, name: str, redirect_for: str) -> Json:
        apex, suffix = split_name(name)
        exact, stored = self.estate.birth()
        row: Json = {
            "id": self.estate.new_id(self.prefix),
            "name": name,
            "domainType": "apex" if apex else "subdomain",
            "publicSuffix": suffix,
            "redirectForName": redirect_for,
            "verificationStatus": "unverified",
            "createdAt": stored,
            "_service": call.service["id"],
        }
        self.rows[row["id"]] = row
        return public(row) | {"createdAt": exact}


class Rules(Resource):
    """A list of rules of static sites, which is read, and replaced as a whole.

    A Blueprint that omits it keeps it. The API's PUT replaces the list (Render API reference).

    Attributes:
        item: the key of one rule in the list.
        prefix: how an id begins.
        shape: of one rule in the body of a PUT.
        numbered: whether a rule has its position as its priority.
    """

    item = prefix = shape = ""
    numbered = False

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        yield self.endpoint("GET", self.list_all)
        yield self.endpoint("PUT", self.replace, body=f"[{self.shape}]")

    def list_all(self, call: Call) -> Answer:
        """Answer the rules in the order in which they are tried."""
        return 200, call.page(self._of(call.service), self.item)

    def replace(self, call: Call) -> Answer:
        """Replace the whole list."""
        self._of(call.service)[:] = call.body
        return 200, self._of(call.service)

    def _of(self, service: Json) -> list[Json]:
        """Return the rules with what Render adds: ids, and the position of a rule that has one."""
        kind = self.path.rpartition("/")[2]
        if service["type"] != "static_site":
            raise ApiError(400, f"a {service['type']} has no {kind}")
        rows: list[Json] = service.setdefault(f"_{kind}", [])
        for place, rule in enumerate(rows):
            rule.setdefault("id", self.estate.new_id(self.prefix))
            if self.numbered:
                rule.setdefault("priority", place)
        return rows


class Rewrites(Rules):
    """The redirects and rewrites."""

    path, item, prefix, shape, numbered = "/services/{service}/routes", "route", "rte", "RoutePut", True


class Headers(Rules):
    """The headers of responses."""

    path, item, prefix, shape = "/services/{service}/headers", "header", "hdr", "HeaderInput"
