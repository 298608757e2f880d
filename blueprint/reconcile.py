"""Makes Render match a document: reads everything first, refuses what cannot be done, then writes the differences."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from blueprint.adopted import Adopted, release
from blueprint.datastores import Datastore
from blueprint.declared import DeclaredObject
from blueprint.env_groups import Group
from blueprint.errors import Refused
from blueprint.kinds import GROUP, KEY_VALUE, POSTGRES, PROJECT, WEB, Kind, kind_of
from blueprint.links import group_of
from blueprint.marker import NOTHING, Asked
from blueprint.objects import Object
from blueprint.owned import OwnedService
from blueprint.projects import DeclaredProject
from blueprint.services import Service
from blueprint.spec import Document, Known, KnownObjects
from blueprint.variables import References
from blueprint.workspace import Json, Session

Result = TypeVar("Result")
Report = dict[str, dict[str, Json]]
"""What is known of each object, by the document's section and the object's name. It holds no secret."""
_AT_ONCE = 8


class DeclaredObjects:
    """The declared objects of a document, each beside its live counterpart."""

    def __init__(self, session: Session, document: Document, made: Report | None = None) -> None:
        """Find the live counterparts.

        Args:
            made: what the last apply reported.
        """
        self._session, self._known = session, document.known
        session.environments |= {path: one.id for path, one in document.known.environments.items()}
        made = made or {}

        def beside(model: Callable[[Session, Any, Json | None], Result], specs: Sequence[Object]) -> list[Result]:
            return _at_once(lambda spec: model(session, spec, _made(made, spec)), specs)

        self.projects = beside(DeclaredProject, document.projects)
        self.databases = beside(Datastore, document.databases)
        self.key_values = beside(Datastore, document.key_values)
        self.groups = beside(Group, document.env_var_groups)
        self.services: list[Service] = beside(_service, document.processes)

    def check(self, *, to_apply: bool = False) -> None:
        """Refuse what cannot be done.

        Args:
            to_apply: also refuse if an object was lost, or if what somebody else made would lose something.

        Raises:
            Refused: a declared object cannot become what is declared.
        """
        objects: list[DeclaredObject[Any]] = [*self.projects, *self.databases, *self.key_values, *self.groups]
        objects += self.services
        _at_once(lambda one: one.check(), objects)  # some read what is live first
        if found := [reason for one in objects if to_apply and (reason := one.refused())]:
            raise Refused("; ".join(found))

    def converge(self) -> Report:
        made_in = {"ownerId": self._session.owner_id}
        projects = {p.spec.name: p.converge() for p in self.projects}
        for project in projects.values():
            self._session.environments |= project["environments"]
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
        return _report(projects, databases, key_values, groups, services)

    def observe(self, asked: Asked = NOTHING) -> Report:
        projects = {one.spec.name: one.observe() for one in self.projects}
        databases, key_values = (
            {one.spec.name: one.observe() for one in stores} for stores in (self.databases, self.key_values)
        )
        groups = {one.spec.name: one.observe(asked) for one in self.groups}
        # A group that drifted is written again, and what it holds then is another revision.
        revisions = {one.spec.name: None if groups[one.spec.name]["drift"] else one.known for one in self.groups}

        def look(service: Service) -> tuple[str, Json]:
            return service.spec.name, service.observe(asked, revisions)

        return _report(projects, databases, key_values, groups, dict(_at_once(look, self.services)))


def _service(session: Session, spec: Any, made: Json | None) -> Service:
    return (Adopted if spec.is_adopted else OwnedService)(session, spec, made)


def _made(made: Report, spec: Object) -> Json | None:
    return made.get(kind_of(spec).section, {}).get(spec.name)


def parse_report(text: str | None) -> Report:
    """Return what an apply printed, or nothing if that is not such a report."""
    try:
        return TypeAdapter(Report).validate_json(text or "{}")
    except ValidationError:
        return {}


def _at_once(look: Callable[[Any], Result], objects: Sequence[Any]) -> list[Result]:
    """Look at several objects at the same time. The first error ends the run."""
    if len(objects) < 2:
        return [look(one) for one in objects]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(look, objects))


def _known(made: Mapping[str, Json]) -> dict[str, Known]:
    return {name: Known(id=one["id"], revision=one.get("revision", "")) for name, one in made.items()}


def _report(*sections: dict[str, Json]) -> Report:
    kinds = (PROJECT, POSTGRES, KEY_VALUE, GROUP, WEB)
    return {kind.section: section for kind, section in zip(kinds, sections, strict=True) if section}


def apply(session: Session, document: Document, made: Report | None = None) -> Report:
    """Make every declared object match. Nothing is written if nothing differs.

    Args:
        made: what the last apply reported. It tells a datastore that is gone from one that was never made.

    Raises:
        Refused: before any write.
        RenderError: at any point. Run it again to continue.
    """
    estate = DeclaredObjects(session, document, made)
    estate.check(to_apply=True)
    return estate.converge()


def observe(session: Session, document: Document, asked: Asked = NOTHING, made: Report | None = None) -> Report:
    """Return what changed at Render since the last apply, object by object. It only reads.

    Args:
        asked: what each service and group also reports of its variables.
        made: what the last applies reported, if known. It tells drift from what was never applied.

    Returns:
        `{id, exists, updatedAt, drift: [Difference as JSON, …], made, refused}` of each. `made` is what an apply would
        report of it, None if it does not exist; `refused` is why an apply would be refused, if it would.

    Raises:
        Refused: as in `apply`, so that it is said before anything else is written.
    """
    estate = DeclaredObjects(session, document, made)
    estate.check()
    report = estate.observe(asked)
    if not any(one["exists"] for section in report.values() for one in section.values()):
        session.confirm_owner()
    return report


def destroy(session: Session, document: Document, made: Report) -> Report:
    """Delete every declared object. One that is already gone counts as deleted; an adopted one stays.

    Args:
        made: what the last apply reported. An object is deleted by the id in it, and by name only without it.
    """
    specs: list[Object] = [*document.processes, *document.env_var_groups, *document.key_values]
    specs += [*document.databases, *document.projects]
    deleted: Report = {}
    nothing_found = True
    for spec in specs:
        kind, reported = kind_of(spec), _made(made, spec) or {}
        found = reported if reported.get("id") else session.find(kind.path, kind.item, spec.name)
        if not found:
            continue
        nothing_found = False
        if spec.is_adopted:
            _leave(session, kind, spec.name, found["id"])
            continue
        session.notify(f"{kind.title} {spec.name}: deleting")
        session.client.delete(f"{kind.path}/{found['id']}")
        deleted.setdefault(kind.section, {})[spec.name] = {"id": found["id"]}
    if nothing_found:
        session.confirm_owner()
    return deleted


def _leave(session: Session, kind: Kind, name: str, identity: str) -> None:
    if kind.section in (WEB.section, GROUP.section):
        release(session, f"{kind.title} {name}", f"{kind.path}/{identity}")
