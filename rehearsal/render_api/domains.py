"""Custom domains of a service, with the redirects that Render adds to them."""

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

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


class Domains:
    """The endpoints of custom domains."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        collection = "/services/{id}/custom-domains"
        return [
            Route("GET", collection, self.list_all),
            Route("POST", collection, self.create, "CreateCustomDomainBody"),
            Route("GET", collection + "/{domain}", self.get),
            Route("DELETE", collection + "/{domain}", self.delete),
            Route("POST", collection + "/{domain}/verify", self.verify),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Answer the domains of a service, newest first."""
        self._estate.get(call, self._estate.services, service_id)
        names = call.filter("name")
        rows = [row for row in self._estate.domains_of(service_id) if names is None or row["name"] in names]
        return 200, call.page(rows, "customDomain", lambda row: str(row["id"]))

    def create(self, call: Call, service_id: str) -> Answer:
        """Add a domain. The answer is a list, because a redirect may be added with it."""
        service = self._estate.get(call, self._estate.services, service_id)
        if service["type"] not in ("web_service", "static_site"):
            raise ApiError(400, f"a {service['type']} has no custom domains")
        name = call.object()["name"].lower()
        taken = {row["name"] for row in self._estate.custom_domains.values()}
        if name in taken:
            raise ApiError(409, f"custom domain already in use: {name}")
        added = [self._add(service_id, name, "")]
        extra = companion(name)
        if extra and extra not in taken:
            added.append(self._add(service_id, extra, name))
        return 201, added

    def get(self, call: Call, service_id: str, id_or_name: str) -> Answer:
        """Answer one domain, by id or name."""
        return 200, public(self._one(call, service_id, id_or_name))

    def delete(self, call: Call, service_id: str, id_or_name: str) -> Answer:
        """Remove a domain, and what redirects to it."""
        domain = self._one(call, service_id, id_or_name)
        for row in self._estate.domains_of(service_id):
            if row is domain or row["redirectForName"] == domain["name"]:
                del self._estate.custom_domains[row["id"]]
        return 204, None

    def verify(self, call: Call, service_id: str, id_or_name: str) -> Answer:
        """Check the DNS again. It finds the names in the estate's `dns`."""
        domain = self._one(call, service_id, id_or_name)
        domain["verificationStatus"] = "verified" if domain["name"] in self._estate.dns else "unverified"
        return 202, None

    def _add(self, service_id: str, name: str, redirect_for: str) -> Json:
        apex, suffix = split_name(name)
        exact, stored = self._estate.birth()
        domain: Json = {
            "id": self._estate.new_id("cdm"),
            "name": name,
            "domainType": "apex" if apex else "subdomain",
            "publicSuffix": suffix,
            "redirectForName": redirect_for,
            "verificationStatus": "unverified",
            "createdAt": stored,
            "_service": service_id,
        }
        self._estate.custom_domains[domain["id"]] = domain
        return public(domain) | {"createdAt": exact}

    def _one(self, call: Call, service_id: str, id_or_name: str) -> Json:
        self._estate.get(call, self._estate.services, service_id)
        for row in self._estate.domains_of(service_id):
            if id_or_name in (row["id"], row["name"]):
                return row
        raise not_found(id_or_name)
