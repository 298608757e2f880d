"""What every declared service has in common: its live counterpart, its drift, its group links and domains.

Facts (Render API reference): autoDeploy is the older form of autoDeployTrigger; `preDeployCommand` is sent in
serviceDetails and answered in its envSpecificDetails; an apex domain gets a www redirect; a domain belongs to one
service at a time.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from blueprint import service as models
from blueprint.declared import VariableHolder
from blueprint.errors import Refused
from blueprint.fields import Difference, DriftKind, Field, canonical
from blueprint.links import link, linked_groups, taken_up
from blueprint.marker import NOTHING, Asked, Marker, Values
from blueprint.requests import placed, with_lists
from blueprint.sources import DocumentVariable
from blueprint.spec import Known
from blueprint.variables import References, Wanted, differing, missing_by_hand
from blueprint.workspace import Json, Session

_OF_A_REPOSITORY = frozenset({"repo", "branch", "root_dir", "build_filter", "auto_deploy_trigger"})


class Service(VariableHolder[models.Service[DocumentVariable]]):
    """One declared service and its live counterpart, if any."""

    def __init__(self, session: Session, spec: models.Service[DocumentVariable], made: Json | None = None) -> None:
        super().__init__(session, spec, made)
        self._present = {}
        if self._live:
            self._read_variables()
            self._live = with_lists(session, spec, self._live)

    def _read_variables(self) -> None:
        listed = self._session.client.pages(f"{self._path}/env-vars", "envVar")
        self._present = {variable["key"]: variable["value"] for variable in listed}

    @property
    def _fields(self) -> list[Field]:
        """Return the fields of its kind. An image has no repository, and autoscaling replaces a number of instances."""
        left_out = set() if self.spec.has_repository else {n for n in _OF_A_REPOSITORY if not getattr(self.spec, n)}
        left_out |= {"num_instances"} if getattr(self.spec, "scaling", None) else set()
        return [field for field in self._kind.fields if field.name not in left_out]

    def _answered(self, answer: Json) -> Json:
        return with_trigger(answer)

    def _asked(self, request: Json) -> Json:
        """Add autoDeploy, the older form, to a request with autoDeployTrigger."""
        trigger = request.get("autoDeployTrigger")
        return request | {"autoDeploy": "no" if trigger == "off" else "yes"} if trigger else request

    def check(self) -> None:
        """Refuse what only a new service could be, or what would stop an apply half-way.

        Raises:
            Refused: with the reason.
        """
        super().check()
        missing_by_hand(self._title, self.spec.env_vars, self._present)
        self._check_domains()
        if self._live is None:
            return
        if self._live["type"] != self._kind.type:
            raise Refused(
                f"{self._title} exists and is a {self._live['type']}, declared as a {self._kind.label}. Render "
                f"cannot change the kind of a service. Declare the existing kind, or another name"
            )
        for change in self._differences():
            if change.field.fixed:
                raise Refused(
                    f"{self._title} exists in {change.live}, declared {change.declared}. Render "
                    f"cannot move a service to another region. Declare {change.live}, or another name"
                )
            if change.field.name == "disk" and (change.live or {}).get("sizeGB", 0) > change.declared["sizeGB"]:
                size = change.live["sizeGB"]
                raise Refused(f"{self._title}: its disk has {size} GB and cannot shrink. Declare sizeGB: {size}")

    def _check_domains(self) -> None:
        """Refuse a domain that another service of the workspace has, before anything is written."""
        present = self._domains() if self._live and self.spec.domains else {}
        for name in [domain for domain in self.spec.domains if domain not in present]:
            if holder := self._session.domain_holder(name):
                raise Refused(
                    f"{self._title}: domain {name} belongs to service {holder}. To rename {holder} to "
                    f"{self.spec.name}, do it at Render first (Settings, Name): its address, its domains and what runs "
                    f"stay. Otherwise remove the domain there, and run this again"
                )

    @abstractmethod
    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        """Make it as declared.

        Args:
            groups: every environment group that is to be linked, by name.
        """

    def _report(self) -> Json:
        report = super()._report() | {"dashboardUrl": self._there["dashboardUrl"]}
        details = self._there["serviceDetails"]
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
            return self._looked([], asked)
        drift = self._drift()
        if marker := self._marker:
            drift += [*self._field_drift(self._live, marker), *self._link_drift(marker)]
            drift += self._outdated(marker, groups)
        if self._live["suspended"] == "suspended":
            drift += self._suspended()
        return self._looked(drift, asked)

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

    def _link_drift(self, marker: Marker) -> Iterator[Difference]:
        exact = not self.spec.is_adopted
        groups, names = marker.names("group."), marker.names("domain.")
        domains = self._domains() if (exact and self.spec.has_address) or names else {}
        linked = self._linked() if exact or groups else {}
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
        values |= {f"group.{name}": taken_up(name, group, self._marker) for name, group in groups.items()}
        return values | {f"domain.{name}": None for name in self.spec.domains}

    def _linked(self) -> dict[str, str]:
        """Return name and id of every environment group that it links."""
        return linked_groups(self._session, self._there["id"])

    def _link(self, name: str, group: Known) -> None:
        self._say(f"linking group {name}")
        link(self._session, group.id, self._there["id"])

    def _domains(self, *, fresh: bool = False) -> dict[str, Json]:
        return {domain["name"]: domain for domain in self._session.domains_of(self._there["id"], fresh=fresh)}

    def _add_domains(self, present: Collection[str]) -> None:
        """Add the declared domains that it does not have.

        Args:
            present: those that it has.
        """
        added = set(present)

        def look(name: str) -> list[Json]:
            found = self._domains(fresh=True)
            return list(found.values()) if name in found else []

        for name in self.spec.domains:
            if name not in added:
                self._say(f"adding domain {name}")
                made = self._session.create(f"{self._path}/custom-domains", {"name": name}, partial(look, name))
                added |= {domain["name"] for domain in made}


def undeclared_domains(present: Mapping[str, Json], declared: Collection[str]) -> list[str]:
    """Return the domains and their www redirects, which count as declared with an apex."""
    return [name for name, domain in present.items() if not {name, domain["redirectForName"]} & set(declared)]


def with_trigger(live: Json) -> Json:
    """Return a service that answers only autoDeploy as one that answers autoDeployTrigger too."""
    older = "commit" if live.get("autoDeploy") == "yes" else "off"
    return live | {"autoDeployTrigger": live.get("autoDeployTrigger") or older}
