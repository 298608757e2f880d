"""What every declared service has in common: its live counterpart, its drift, its group links and domains.

Facts (Render API reference): autoDeploy is the older form of autoDeployTrigger; `preDeployCommand` is sent in
serviceDetails and answered in its envSpecificDetails; an apex domain gets a www redirect; a domain belongs to one
service at a time.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from blueprint import service as models
from blueprint.drift import Difference, DriftKind
from blueprint.errors import Refused
from blueprint.fields import Field, FieldChange, canonical, changes, observed
from blueprint.fingerprint import NOTHING, Asked
from blueprint.kinds import kind_of
from blueprint.links import linked_groups, taken_up
from blueprint.marker import Marker, Values
from blueprint.requests import placed, with_lists
from blueprint.sources import DocumentVariable
from blueprint.spec import Known
from blueprint.variables import References, Wanted, differing, drift_or_stranger, losses, missing_by_hand, undeclared
from blueprint.workspace import Json, Session

_OF_A_REPOSITORY = frozenset({"repo", "branch", "root_dir", "build_filter", "auto_deploy_trigger"})


class Service(ABC):
    """One declared service and its live counterpart, if any."""

    def __init__(self, session: Session, spec: models.Service[DocumentVariable], made: Json | None = None) -> None:
        """Find the live counterpart.

        Args:
            made: what the last apply reported of it.
        """
        self._session, self.spec, self._kind = session, spec, kind_of(spec)
        self._live = self._find()
        self._present: dict[str, str] = {}
        if self._live:
            self._read_variables()
            self._live = with_lists(session, spec, self._live)
        self._is_ours = bool(self._live and made and made.get("id") == self._live["id"])

    def _read_variables(self) -> None:
        assert self._live is not None
        listed = self._session.client.pages(f"/services/{self._live['id']}/env-vars", "envVar")
        self._present = {variable["key"]: variable["value"] for variable in listed}

    @property
    def exists(self) -> bool:
        return self._live is not None

    @property
    def _title(self) -> str:
        return f"service {self.spec.name}"

    @property
    def _fields(self) -> list[Field]:
        """Return the fields of its kind. An image has no repository, and autoscaling replaces a number of instances."""
        left_out = set() if self.spec.has_repository else {n for n in _OF_A_REPOSITORY if not getattr(self.spec, n)}
        left_out |= {"num_instances"} if getattr(self.spec, "scaling", None) else set()
        return [field for field in self._kind.fields if field.name not in left_out]

    def _find(self, *, fresh: bool = False) -> Json | None:
        found = self._session.find("/services", "service", self.spec.name, fresh=fresh)
        return with_trigger(found) if found else None

    def check(self) -> None:
        """Refuse what only a new service could be, or what would stop an apply half-way.

        Raises:
            Refused: with the reason.
        """
        missing_by_hand(self._title, self.spec.env_vars, self._present)
        self._check_domains()
        if self._live is None:
            return
        if self._live["type"] != self._kind.type:
            raise Refused(
                f"{self._title} exists and is a {self._live['type']}, declared as a {self._kind.label}: Render turns "
                f"no kind of service into another. Declare what is there, or declare another name"
            )
        for change in self._differences():
            if change.field.fixed:
                raise Refused(
                    f"{self._title} exists in {change.live}, declared {change.declared}: Render moves "
                    f"no service between regions. Declare {change.live}, or declare another name"
                )
            if change.field.name == "disk" and (change.live or {}).get("sizeGB", 0) > change.declared["sizeGB"]:
                size = change.live["sizeGB"]
                raise Refused(f"{self._title}: its disk has {size} GB and never gets smaller. Declare sizeGB: {size}")

    def _check_domains(self) -> None:
        """Refuse a domain that another service of the workspace has, before anything is written."""
        present = self._domains(self._live["id"]) if self._live and self.spec.domains else {}
        for name in [domain for domain in self.spec.domains if domain not in present]:
            if holder := self._session.domain_holder(name):
                raise Refused(
                    f"{self._title}: domain {name} belongs to service {holder}. Where {holder} is to be called "
                    f"{self.spec.name}, rename it at Render first (Settings, Name): its address, its domains and what "
                    f"runs stay. Else remove the domain there, then run again"
                )

    def _differences(self) -> list[FieldChange]:
        return changes(self._fields, placed(self._session, self.spec), self._live) if self._live else []

    @abstractmethod
    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        """Make it as declared.

        Args:
            groups: every environment group that is to be linked, by name.
        """

    def _report(self) -> Json:
        assert self._live is not None
        report = {"id": self._live["id"], "dashboardUrl": self._live["dashboardUrl"]}
        details = self._live["serviceDetails"]
        if not self.spec.has_address:
            return report
        hidden = details.get("renderSubdomainPolicy") == "disabled" and self.spec.domains
        return report | {"url": f"https://{self.spec.domains[0]}" if hidden else details["url"]}

    def observe(self, asked: Asked = NOTHING, groups: Mapping[str, Known | None] = MappingProxyType({})) -> Json:
        """Compare with the marker. A service without one counts as never applied.

        Args:
            asked: what is reported of its variables.
            groups: the declared groups as they are now; None for one that the next apply writes.
        """
        if self._live is None:
            return observed(None, []) | asked.of({}) | {"made": None, "refused": None}
        drift = drift_or_stranger(self._present, self.spec.env_vars, self.spec.ownership, is_ours=self._is_ours)
        if marker := Marker.read(self._present):
            drift += [*self._field_drift(self._live, marker), *self._link_drift(self._live["id"], marker)]
            drift += self._outdated(marker, groups)
        if self._live["suspended"] == "suspended":
            drift += self._suspended()
        made = self._report() | {"ownerId": self._session.owner_of(self._live)}
        return observed(self._live, drift) | asked.of(self._present) | {"made": made, "refused": self.refused()}

    @abstractmethod
    def refused(self) -> str | None:
        """Return why an apply would be refused, or None."""

    @abstractmethod
    def _suspended(self) -> list[Difference]:
        """Return the drift for a service that somebody suspended."""

    def _field_drift(self, live: Json, marker: Marker) -> Iterator[Difference]:
        spec = placed(self._session, self.spec)
        for field in self._fields:
            declared = field.declared(spec)
            now = field.compared(live, declared)
            if declared is None or canonical(declared) == canonical(now):
                continue
            if field.label not in marker.fields:
                yield Difference(field=field.label, kind=DriftKind.NOT_APPLIED, declared=declared, live=now)
            elif not marker.records(field.label, canonical(now)):
                # Where the declaration changed too, what was applied is not known any more.
                applied = declared if marker.records(field.label, canonical(declared)) else None
                yield Difference(field=field.label, kind=DriftKind.CHANGED, declared=applied, live=now)

    def _link_drift(self, service_id: str, marker: Marker) -> Iterator[Difference]:
        exact = not self.spec.is_adopted
        groups, names = marker.names("group."), marker.names("domain.")
        domains = self._domains(service_id) if (exact and self.spec.has_address) or names else {}
        linked = linked_groups(self._session, service_id) if exact or groups else {}
        yield from differing("domains", names - domains.keys(), undeclared_domains(domains, names) if exact else [])
        yield from differing("fromGroup", groups - linked.keys(), linked.keys() - groups if exact else [])

    def _outdated(self, marker: Marker, groups: Mapping[str, Known | None]) -> Iterator[Difference]:
        """Return the linked groups whose contents changed since the service took them up, or will change."""
        for name in sorted(set(self.spec.groups) & groups.keys() & marker.names("group.")):
            group = groups[name]
            if group is None or not marker.records(f"group.{name}", taken_up(name, group, marker)):
                yield Difference(field=f"fromGroup.{name}", kind=DriftKind.NOT_APPLIED)

    def _recorded(self, wanted: list[Wanted], groups: dict[str, Known]) -> Values:
        """Return what the marker is to hold."""
        spec = placed(self._session, self.spec)
        values: dict[str, str | None] = {
            field.label: canonical(value) for field in self._fields if (value := field.declared(spec)) is not None
        }
        values |= {f"env.{variable.key}": variable.recorded for variable in wanted}
        marker = Marker.read(self._present)
        values |= {f"group.{name}": taken_up(name, group, marker) for name, group in groups.items()}
        return values | {f"domain.{name}": None for name in self.spec.domains}

    def _domains(self, service_id: str, *, fresh: bool = False) -> dict[str, Json]:
        return {domain["name"]: domain for domain in self._session.domains_of(service_id, fresh=fresh)}

    def _add_domains(self, service_id: str, names: list[str]) -> None:
        path, added = f"/services/{service_id}/custom-domains", set[str]()

        def look(name: str) -> list[Json]:
            present = self._domains(service_id, fresh=True)
            return list(present.values()) if name in present else []

        for name in names:
            if name not in added:
                self._session.notify(f"{self._title}: adding domain {name}")
                made = self._session.create(path, {"name": name}, partial(look, name))
                added |= {domain["name"] for domain in made}

    def _lost(self) -> list[str]:
        """Return what an apply would remove of it."""
        assert self._live is not None
        declared = [str(v.key) for v in self.spec.env_vars]
        domains = self._domains(self._live["id"]) if self.spec.has_address else {}
        linked = linked_groups(self._session, self._live["id"])
        return [
            *(f"variable {key}" for key in undeclared(self._present, declared, self.spec.ownership)),
            *(f"domain {name}" for name in undeclared_domains(domains, self.spec.domains)),
            *(f"group {name}" for name in sorted(linked.keys() - set(self.spec.groups))),
        ]

    def _never_applied(self) -> str | None:
        if self._live is None or self._is_ours or Marker.read(self._present) or self.spec.take_over:
            return None
        return losses(self._title, self._lost(), "adopted")


def undeclared_domains(present: Mapping[str, Json], declared: Collection[str]) -> list[str]:
    """Return the domains and their www redirects, which count as declared with an apex."""
    return [name for name, domain in present.items() if not {name, domain["redirectForName"]} & set(declared)]


def with_trigger(live: Json) -> Json:
    """Return a service that answers only autoDeploy as one that answers autoDeployTrigger too."""
    older = "commit" if live.get("autoDeploy") == "yes" else "off"
    return live | {"autoDeployTrigger": live.get("autoDeployTrigger") or older}


def with_older_form(request: dict[str, Any]) -> dict[str, Any]:
    """Add autoDeploy to a request with autoDeployTrigger."""
    trigger = request.get("autoDeployTrigger")
    return request | {"autoDeploy": "no" if trigger == "off" else "yes"} if trigger else request
