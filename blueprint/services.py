"""What every declared web service has in common: its live counterpart, its drift, its group links and domains.

Facts (Render API reference): autoDeploy is the older form of autoDeployTrigger; `preDeployCommand` is sent in
serviceDetails and answered in its envSpecificDetails; an apex domain brings its www redirect along.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from blueprint.drift import Difference, Kind
from blueprint.env_groups import as_linked
from blueprint.errors import MissingReference, Refused
from blueprint.fields import Change, Field, canonical, differences, observed
from blueprint.fingerprint import NOTHING, Asked
from blueprint.marker import Marker, Values
from blueprint.spec import AdoptedService, Known, WebService
from blueprint.variables import References, Wanted, differing, variable_drift
from blueprint.workspace import Json, Session

_NATIVE = "serviceDetails.envSpecificDetails"
FIELDS = (
    Field("runtime", "serviceDetails.runtime", deploys=True),
    Field("plan", "serviceDetails.plan"),
    Field("region", "serviceDetails.region", fixed=True),
    Field("repo", "repo", deploys=True),
    Field("branch", "branch", deploys=True),
    Field("root_dir", "rootDir", deploys=True),
    Field("build_command", f"{_NATIVE}.buildCommand", deploys=True),
    Field("start_command", f"{_NATIVE}.startCommand", deploys=True),
    Field("pre_deploy_command", f"{_NATIVE}.preDeployCommand", "serviceDetails.preDeployCommand", deploys=True),
    Field("health_check_path", "serviceDetails.healthCheckPath", deploys=True),
    Field("auto_deploy_trigger", "autoDeployTrigger"),
    Field("build_filter", "buildFilter"),
    Field("previews", "serviceDetails.previews"),
)


class Service(ABC):
    """One declared web service and its live counterpart, if any."""

    def __init__(self, session: Session, spec: WebService | AdoptedService) -> None:
        self._session, self.spec = session, spec
        self._live = self._find()
        self._present: dict[str, str] = {}
        if self._live:
            listed = session.client.pages(f"/services/{self._live['id']}/env-vars", "envVar")
            self._present = {variable["key"]: variable["value"] for variable in listed}

    def _find(self, *, fresh: bool = False) -> Json | None:
        found = self._session.find("/services", "service", self.spec.name, fresh=fresh)
        return with_trigger(found) if found else None

    @property
    def exists(self) -> bool:
        return self._live is not None

    def check(self) -> None:
        """Raises: Refused where only a new service would be as declared."""
        if self._live is None:
            return
        if self._live["type"] != "web_service":
            raise Refused(f"service {self.spec.name} exists and is a {self._live['type']}, not a web service")
        for difference in (d for d in self._differences() if d.field.fixed):
            raise Refused(
                f"service {self.spec.name} exists in {difference.live}, declared {difference.declared}: Render moves "
                f"no service between regions. Declare {difference.live}, or declare another name"
            )

    def _differences(self) -> list[Change]:
        return differences(FIELDS, self.spec, self._live) if self._live else []

    @abstractmethod
    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        """Make it as declared.

        Args: groups: every environment group that is to be linked, by name.
        """

    def _report(self) -> Json:
        assert self._live is not None
        return {
            "id": self._live["id"],
            "url": self._live["serviceDetails"]["url"],
            "dashboardUrl": self._live["dashboardUrl"],
        }

    def observe(self, asked: Asked = NOTHING, groups: Mapping[str, Known | None] = MappingProxyType({})) -> Json:
        """Compared with the marker; a service without one counts as never applied.

        Args:
            asked: what is reported of its variables.
            groups: the declared groups as they are now; None for one that the next apply writes.
        """
        if self._live is None:
            return observed(None, []) | asked.of({})
        drift = variable_drift(self._present, self.spec.env_vars, self.spec.ownership)
        if marker := Marker.read(self._present):
            drift += [*self._field_drift(self._live, marker), *self._link_drift(self._live["id"], marker)]
            drift += self._outdated(marker, groups)
        if self._live["suspended"] == "suspended":
            drift += self._suspended()
        return observed(self._live, drift) | asked.of(self._present)

    @abstractmethod
    def _suspended(self) -> list[Difference]:
        """The drift that it is that somebody suspended the service."""

    def _field_drift(self, live: Json, marker: Marker) -> Iterator[Difference]:
        for field in FIELDS:
            now, declared = field.live(live), field.declared(self.spec)
            if field.label in marker.fields and not marker.records(field.label, canonical(now)):
                # Where the declaration changed too, what was applied is not known any more.
                applied = declared if marker.records(field.label, canonical(declared)) else None
                yield Difference(field=field.label, kind=Kind.CHANGED, declared=applied, live=now)

    def _link_drift(self, service_id: str, marker: Marker) -> Iterator[Difference]:
        exact = self.spec.ownership == "exact"
        groups, names = marker.names("group."), marker.names("domain.")
        domains = self._domains(service_id) if exact or names else {}
        linked = self._linked(service_id) if exact or groups else {}
        yield from differing("domains", names - domains.keys(), undeclared_domains(domains, names) if exact else [])
        yield from differing("fromGroup", groups - linked.keys(), linked.keys() - groups if exact else [])

    def _outdated(self, marker: Marker, groups: Mapping[str, Known | None]) -> Iterator[Difference]:
        """Linked groups that have other contents than when the service took them up, or will have."""
        for name in sorted(set(self.spec.groups) & groups.keys() & marker.names("group.")):
            group = groups[name]
            if group is None or not marker.records(f"group.{name}", _taken_up(name, group, marker)):
                yield Difference(field=f"fromGroup.{name}", kind=Kind.NOT_APPLIED)

    def _recorded(self, wanted: list[Wanted], groups: dict[str, Known]) -> Values:
        """What the marker is to hold."""
        declared = {field.label: field.declared(self.spec) for field in FIELDS}
        values: dict[str, str | None] = {
            label: canonical(value) for label, value in declared.items() if value is not None
        }
        values |= {f"env.{variable.key}": variable.recorded for variable in wanted}
        marker = Marker.read(self._present)
        values |= {f"group.{name}": _taken_up(name, group, marker) for name, group in groups.items()}
        return values | {f"domain.{name}": None for name in self.spec.domains}

    def _linked(self, service_id: str) -> dict[str, str]:
        """Name and id of every environment group that the service is linked to."""
        listed = self._session.listing("/env-groups", "envGroup")
        return {g["name"]: g["id"] for g in listed if any(s["id"] == service_id for s in g["serviceLinks"])}

    def _link(self, name: str, group_id: str) -> None:
        assert self._live is not None
        service_id = self._live["id"]
        self._session.notify(f"service {self.spec.name}: linking group {name}")

        def linked() -> bool:
            group = self._session.client.get(f"/env-groups/{group_id}")
            return any(link["id"] == service_id for link in group["serviceLinks"])

        self._session.create(f"/env-groups/{group_id}/services/{service_id}", None, linked)

    def _domains(self, service_id: str) -> dict[str, Json]:
        listed = self._session.client.pages(f"/services/{service_id}/custom-domains", "customDomain")
        return {domain["name"]: domain for domain in listed}

    def _add_domains(self, service_id: str, names: list[str]) -> None:
        path, added = f"/services/{service_id}/custom-domains", set[str]()

        def look(name: str) -> list[Json]:
            present = self._domains(service_id)
            return list(present.values()) if name in present else []

        for name in names:
            if name not in added:
                self._session.notify(f"service {self.spec.name}: adding domain {name}")
                made = self._session.create(path, {"name": name}, partial(look, name))
                added |= {domain["name"] for domain in made}


def undeclared_domains(present: Mapping[str, Json], declared: Collection[str]) -> list[str]:
    """An apex brings its www redirect along, which therefore counts as declared with it."""
    return [name for name, domain in present.items() if not {name, domain["redirectForName"]} & set(declared)]


def _taken_up(name: str, group: Known, marker: Marker | None) -> str:
    """What a marker records of a linked group. A service that was made later than the group's contents has them, and
    its marker says so without a revision, which the service's first apply does not ask for."""
    as_made = f"{group.id} "
    is_older = marker is not None and not (group.at and group.at > marker.at)
    if marker and is_older and marker.records(f"group.{name}", as_made):
        return as_made
    return f"{group.id} {group.revision}"


def group_of(name: str, known: Mapping[str, Known], session: Session, *, with_revision: bool) -> Known:
    """A group that is to be linked, looked up where the document does not say its id.

    Args: with_revision: of one that the stack declares, ask for it: no document knows it beforehand.

    Raises: MissingReference.
    """
    if name in known:
        group = known[name]
        asks = with_revision and not group.revision
        return as_linked(session.client.get(f"/env-groups/{group.id}")) if asks else group
    if (found := session.find("/env-groups", "envGroup", name)) is None:
        raise MissingReference(f"no environment group is named {name!r}: declare it, or correct fromGroup")
    return Known(id=found["id"])


def with_trigger(live: Json) -> Json:
    """A service that answers only autoDeploy, read as one that answers autoDeployTrigger too."""
    older = "commit" if live.get("autoDeploy") == "yes" else "off"
    return live | {"autoDeployTrigger": live.get("autoDeployTrigger") or older}


def with_older_form(request: dict[str, Any]) -> dict[str, Any]:
    """Say autoDeploy as well wherever autoDeployTrigger is sent."""
    trigger = request.get("autoDeployTrigger")
    return request | {"autoDeploy": "no" if trigger == "off" else "yes"} if trigger else request
