"""Converges Render with a document: looks at everything first, refuses what cannot be done, then writes differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from blueprint.adopted import Adopted, release
from blueprint.datastores import KEY_VALUE, POSTGRES, Datastore
from blueprint.env_groups import Group
from blueprint.fingerprint import NOTHING, Asked
from blueprint.owned import OwnedService
from blueprint.services import Service, group_of
from blueprint.spec import AdoptedService, Document, Known, KnownObjects, WebService
from blueprint.variables import References
from blueprint.workspace import Json, Session

Result = TypeVar("Result")
_AT_ONCE = 8
Report = dict[str, dict[str, Json]]
"""What is known of each object, by the document's section and the object's name. Holds no secret."""


class Estate:
    """The declared objects of a document, each beside its live counterpart."""

    def __init__(self, session: Session, document: Document, made: Report | None = None) -> None:
        """Args: made: what the last apply reported."""
        self._session, self._known = session, document.known
        databases, key_values = (made or {}).get("databases", {}), (made or {}).get("keyValues", {})
        self.databases = [Datastore(session, spec, databases.get(spec.name)) for spec in document.databases]
        self.key_values = [Datastore(session, spec, key_values.get(spec.name)) for spec in document.key_values]
        self.groups = _at_once(partial(Group, session), document.env_var_groups)
        self.services = _at_once(partial(_service, session), document.web_services)

    def check(self) -> None:
        """Raises: Refused when a declared object cannot become what is declared."""
        for datastore in [*self.databases, *self.key_values]:
            datastore.check()
        for service in self.services:
            service.check()

    def converge(self) -> Report:
        made_in = {"ownerId": self._session.owner_id}
        databases = {d.spec.name: d.converge() | made_in for d in self.databases}
        key_values = {k.spec.name: k.converge() | made_in for k in self.key_values}
        known = KnownObjects(
            databases=dict(self._known.databases) | _known(databases),
            key_values=dict(self._known.key_values) | _known(key_values),
        )
        references = References(self._session, known)
        groups = {group.spec.name: group.converge(references) | made_in for group in self.groups}
        linkable = dict(self._known.env_var_groups) | _known(groups)
        services = {}
        for service in self.services:
            linked = {
                name: group_of(name, linkable, self._session, with_revision=service.exists)
                for name in service.spec.groups
            }
            services[service.spec.name] = service.converge(references, linked) | made_in
        return _report(databases, key_values, groups, services)

    def observe(self, asked: Asked = NOTHING) -> Report:
        databases = {one.spec.name: one.observe() for one in self.databases}
        key_values = {one.spec.name: one.observe() for one in self.key_values}
        groups = {one.spec.name: one.observe(asked) for one in self.groups}
        # A group that drifted is written again, and what it holds then is another revision.
        revisions = {one.spec.name: None if groups[one.spec.name]["drift"] else one.known for one in self.groups}

        def look(service: Service) -> tuple[str, Json]:
            return service.spec.name, service.observe(asked, revisions)

        return _report(databases, key_values, groups, dict(_at_once(look, self.services)))


def _service(session: Session, spec: WebService | AdoptedService) -> Service:
    return Adopted(session, spec) if isinstance(spec, AdoptedService) else OwnedService(session, spec)


def _at_once(look: Callable[[Any], Result], objects: Sequence[Any]) -> list[Result]:
    """Look at several objects concurrently; what is wrong with one ends the run."""
    if len(objects) < 2:
        return [look(one) for one in objects]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(look, objects))


def _known(made: Mapping[str, Json]) -> dict[str, Known]:
    return {name: Known(id=one["id"], revision=one.get("revision", "")) for name, one in made.items()}


def _report(*sections: dict[str, Json]) -> Report:
    names = ("databases", "keyValues", "envVarGroups", "services")
    return {name: section for name, section in zip(names, sections, strict=True) if section}


def apply(session: Session, document: Document, made: Report | None = None) -> Report:
    """Make every declared object be as declared; nothing is written where nothing differs.

    Args: made: what the last apply reported; with it a datastore that is gone is told from one never made.

    Raises: Refused before any write; other errors of this package at any point, after which a rerun continues.
    """
    estate = Estate(session, document, made)
    estate.check()
    return estate.converge()


def observe(session: Session, document: Document, asked: Asked = NOTHING) -> Report:
    """What changed outside since the last apply, object by object: `{id, exists, drift: [reason, …]}`. Reads only.

    Args: asked: what each service and group also reports of its variables.

    Raises: Refused as `apply` would: what cannot become as declared is better said before anything else is written.
    """
    estate = Estate(session, document)
    estate.check()
    report = estate.observe(asked)
    if not any(one["exists"] for section in report.values() for one in section.values()):
        session.confirm_owner()
    return report


def destroy(session: Session, document: Document, made: Report) -> Report:
    """Delete every declared object; one that is gone already counts as deleted. An adopted service stays.

    Args: made: what the last apply reported. An object is deleted by the id in it, and by name only without it.
    """
    order: list[tuple[str, str, str, str, list[str]]] = [
        ("services", "/services", "service", "service", [s.name for s in document.web_services]),
        ("envVarGroups", "/env-groups", "envGroup", "environment group", [g.name for g in document.env_var_groups]),
        ("keyValues", KEY_VALUE.path, KEY_VALUE.item, KEY_VALUE.label, [k.name for k in document.key_values]),
        ("databases", POSTGRES.path, POSTGRES.item, POSTGRES.label, [d.name for d in document.databases]),
    ]
    adopted = {s.name for s in document.web_services if isinstance(s, AdoptedService)}
    deleted: Report = {}
    nothing_found = True
    for section, path, item, label, names in order:
        for name in names:
            reported = made.get(section, {}).get(name, {})
            if found := reported if reported.get("id") else session.find(path, item, name):
                nothing_found = False
                if section == "services" and name in adopted:
                    release(session, name, found["id"])
                    continue
                session.notify(f"{label} {name}: deleting")
                session.client.delete(f"{path}/{found['id']}")
                deleted.setdefault(section, {})[name] = {"id": found["id"]}
    if nothing_found:
        session.confirm_owner()
    return deleted
