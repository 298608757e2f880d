"""What every declared service has in common, and services that exist already and are shared with somebody else.

Facts (Render API reference): an apex domain gets a www redirect; a domain belongs to one service at a time; neither a
PATCH of a service nor a PUT of a variable deploys; a new plan restarts the service.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from blueprint import service as models
from blueprint.errors import Refused
from blueprint.fields import ApiField, Difference, DriftKind, canonical
from blueprint.holders import VariableHolder, differing
from blueprint.kinds import GROUP
from blueprint.marker import KEY, Marker, Values
from blueprint.service_parts import Header, Route
from blueprint.sources import DocumentVariable, Model
from blueprint.spec import Known
from blueprint.variables import References, Wanted
from blueprint.workspace import Json, Session

_OF_A_REPOSITORY = frozenset({"repo", "branch", "root_dir", "build_filter", "auto_deploy_trigger"})
_LISTS: dict[str, type[Model]] = {"headers": Header, "routes": Route}
_NO_DEPLOY_OWED = datetime.fromtimestamp(0, UTC)


class Service(VariableHolder[models.Service[DocumentVariable]]):
    """One declared service and its live counterpart, if any."""

    milder = "adopted"

    def __init__(self, session: Session, spec: models.Service[DocumentVariable], made: Json | None = None) -> None:
        super().__init__(session, spec, made)
        if self._live:
            self._live |= {"serviceDetails": self._live["serviceDetails"] | self._lists(self._live["id"])}

    def _read_variables(self) -> None:
        listed = self._session.client.pages(f"{self._path}/env-vars")
        self.present = {variable["key"]: variable["value"] for variable in listed}

    def _lists(self, identity: str) -> Json:
        """Return what the API keeps in separate lists, if that is declared."""
        found = {}
        for name, model in _LISTS.items():
            if getattr(self.spec, name, None) is not None:
                listed = self._session.client.pages(f"/services/{identity}/{name}")
                found[name] = [{key: one[key] for key in model.model_fields} for one in listed]
        return found

    @property
    def _fields(self) -> list[ApiField]:
        """Return the fields of its kind. An image has no repository, and autoscaling replaces a number of instances."""
        left_out = set() if self.spec.has_repository else {n for n in _OF_A_REPOSITORY if not getattr(self.spec, n)}
        left_out |= {"num_instances"} if getattr(self.spec, "scaling", None) else set()
        return [field for field in self._kind.fields if field.name not in left_out]

    def check(self) -> None:
        """Refuse what only a new service could be, or what would stop an apply half-way.

        Raises:
            Refused: with the reason.
        """
        super().check()
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

    def _report(self) -> Json:
        report = super()._report() | {"dashboardUrl": self._there["dashboardUrl"]}
        details = self._there["serviceDetails"]
        if not self.spec.has_address:
            return report
        hidden = details.get("renderSubdomainPolicy") == "disabled" and self.spec.domains
        return report | {"url": f"https://{self.spec.domains[0]}" if hidden else details["url"]}

    def _drift(self, references: References) -> Iterator[Difference]:
        yield from super()._drift(references)
        if marker := self._marker:
            yield from self._field_drift(marker)
            yield from self._link_drift(marker)
            yield from self._outdated(marker, references.revisions)
        if self._there["suspended"] == "suspended":
            yield from self._suspended()

    @abstractmethod
    def _suspended(self) -> list[Difference]:
        """Return the drift for a service that somebody suspended."""

    def _field_drift(self, marker: Marker) -> Iterator[Difference]:
        for change in self._differences():
            label, declared = change.field.label, change.declared
            if label not in marker.fields:
                yield change.as_difference(DriftKind.NOT_APPLIED, declared)
            elif not marker.records(label, canonical(change.live)):
                # Where the declaration changed too, what was applied is not known any more.
                is_applied = marker.records(label, canonical(declared))
                yield change.as_difference(DriftKind.CHANGED, declared if is_applied else None)

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

    def _groups(self, references: References) -> dict[str, Known]:
        """Return every environment group that is to be linked, by name."""
        return {name: references.group(name, with_revision=self.exists) for name in self.spec.groups}

    def _recorded(self, wanted: list[Wanted], groups: Mapping[str, Known]) -> Values:
        """Return what the marker is to hold."""
        values: dict[str, str | None] = {field.label: canonical(value) for field, value in self._declared.items()}
        values |= {f"env.{variable.key}": variable.recorded for variable in wanted}
        values |= {f"group.{name}": taken_up(name, group, self._marker) for name, group in groups.items()}
        return values | {f"domain.{name}": None for name in self.spec.domains}

    def _linked(self) -> dict[str, str]:
        """Return name and id of every environment group that it links."""
        listed, own = self._session.listing(GROUP.path), self._there["id"]
        return {group["name"]: group["id"] for group in listed if _has_link(group, own)}

    def _link(self, name: str, group: Known) -> None:
        self._say(f"linking group {name}")
        path, own = f"{GROUP.path}/{group.id}", self._there["id"]
        self._session.create(f"{path}/services/{own}", None, lambda: _has_link(self._session.client.get(path), own))

    def _domains(self) -> dict[str, Json]:
        return {domain["name"]: domain for domain in self._session.domains_of(self._there["id"])}

    def _add_domains(self, present: Collection[str]) -> None:
        """Add the declared domains that it does not have.

        Args:
            present: those that it has.
        """
        added = set(present)
        for name in self.spec.domains:
            if name not in added:
                self._say(f"adding domain {name}")
                look = partial(self._domains_with, name)
                made = self._session.create(f"{self._path}/custom-domains", {"name": name}, look)
                added |= {domain["name"] for domain in made}

    def _domains_with(self, name: str) -> list[Json]:
        """Return the live domains if one is among them, else none."""
        found = self._domains()
        return list(found.values()) if name in found else []


class Adopted(Service):
    """One declared service that has to exist. Only what is declared is written.

    Nothing here creates, deploys, restarts, resumes or deletes a service.
    """

    def check(self) -> None:
        super().check()
        if disruptive := [d for d in self._differences() if d.field.disrupts]:
            raise Refused(
                f"{self._title} is adopted, and {', '.join(map(str, disruptive))} would restart or rebuild "
                f"what is in production. Declare what is there, or change it in the dashboard"
            )

    def _drift(self, references: References) -> Iterator[Difference]:
        """Return what changed since the last apply, and what the next apply writes for the first time."""
        yield from super()._drift(references)
        if (marker := self._marker) is None:
            yield from (change.as_difference(DriftKind.NOT_APPLIED, change.declared) for change in self._differences())
        for field in (f"env.{key}" for key in sorted(set(self._keys) - self.present.keys())):
            if marker is None or field not in marker.fields:
                yield Difference(field=field, kind=DriftKind.NOT_APPLIED)

    def converge(self, references: References) -> Json:
        """Write what differs. It takes effect with the next deploy, which this program does not start."""
        groups, changes = self._groups(references), self._differences()
        late = [d.field.label for d in changes if d.field.deploys]
        late += self._write_variables(references, groups)
        self._change(changes)
        linked = self._linked() if groups else {}
        for name in (missing := [name for name in groups if name not in linked]):
            self._link(name, groups[name])
        late += [f"group {name}" for name in missing]
        self._add_domains(self._domains() if self.spec.domains else ())
        if late:
            self._say(f"{', '.join(late)} takes effect with the next deploy of {self.spec.name}")
        if self._there["suspended"] == "suspended":
            self._suspended()
        return self._applied()

    def _write_variables(self, references: References, groups: Mapping[str, Known]) -> list[str]:
        """Write the variables and the marker. Returns what the next deploy takes up, changed groups included."""
        wanted, old = self._wanted(references), self._marker
        values, changed = self._recorded(wanted, groups), self._to_write(wanted)
        stale = old.changed(values) if old else set()
        marker = Marker.write(values, _NO_DEPLOY_OWED) if old is None or stale else None
        if changed or marker:
            self._write_each(changed, [], marker)
        taken_before = {f"group.{name}" for name in groups} & (old.fields.keys() if old else set())
        late_groups = [name.replace(".", " ", 1) for name in sorted(taken_before & stale)]
        return [v.key for v in changed] + self._replaced + late_groups

    def _suspended(self) -> list[Difference]:
        """Return nothing: a suspension is no drift, because whoever runs the service may have reasons."""
        self._say("is suspended, and stays suspended")
        return []


def release(session: Session, title: str, path: str) -> None:
    """Stop managing an object: only its marker is removed.

    Args:
        path: of the object.
    """
    session.notify(f"{title}: is adopted and left as it is; only {KEY} is removed")
    session.client.delete(f"{path}/env-vars/{KEY}")


def taken_up(name: str, group: Known, marker: Marker | None) -> str:
    """Return what a marker records of a linked group.

    A service that was created after the group's contents were written has them. Its marker then has no revision, and
    the service's first apply asks for none.
    """
    as_made = f"{group.id} "
    is_older = marker is not None and not (group.at and group.at > marker.at)
    if marker and is_older and marker.records(f"group.{name}", as_made):
        return as_made
    return f"{group.id} {group.revision}"


def _has_link(group: Json, service_id: str) -> bool:
    return any(one["id"] == service_id for one in group["serviceLinks"])


def undeclared_domains(present: Mapping[str, Json], declared: Collection[str]) -> list[str]:
    """Return the domains and their www redirects, which count as declared with an apex."""
    return [name for name, domain in present.items() if not {name, domain["redirectForName"]} & set(declared)]
