"""Makes Render match a document: reads everything first, refuses what cannot be done, then writes the differences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from blueprint.datastores import Datastore
from blueprint.declared import DeclaredObject
from blueprint.errors import Refused
from blueprint.holders import Group, VariableHolder
from blueprint.kinds import GROUP, KEY_VALUE, POSTGRES, PROJECT, WEB, kind_of
from blueprint.marker import NOTHING, Asked
from blueprint.objects import Object
from blueprint.owned import OwnedService
from blueprint.projects import DeclaredProject
from blueprint.services import Adopted, release
from blueprint.spec import Document, KnownObjects
from blueprint.variables import References
from blueprint.workspace import Json, Session

Result = TypeVar("Result")
Report = dict[str, dict[str, Json]]
"""What is known of each object, by the document's section and the object's name. It holds no secret."""
_AT_ONCE = 8
_MODELS: Mapping[str, Callable[[Session, Any, Json | None], DeclaredObject[Any]]] = {
    PROJECT.section: DeclaredProject,
    POSTGRES.section: Datastore,
    KEY_VALUE.section: Datastore,
    GROUP.section: Group,
    WEB.section: lambda session, spec, made: (Adopted if spec.is_adopted else OwnedService)(session, spec, made),
}
"""How an object of each section is compared. A section comes after those that its objects may refer to."""


_Sections = dict[str, list[DeclaredObject[Any]]]


def apply(session: Session, document: Document, made: Report | None = None) -> Report:
    """Make every declared object match, each after those that it refers to. Nothing is written if nothing differs.

    Args:
        made: what the last apply reported. It tells a datastore that is gone from one that was never made.

    Raises:
        Refused: before any write.
        RenderError: at any point. Run it again to continue.
    """
    sections = _beside(session, document, made)
    _check(sections, to_apply=True)
    made_in = {"ownerId": session.owner_id}
    references = References(session, document.known)
    report: Report = {}
    for section, objects in sections.items():
        for one in objects:
            found = one.converge(references) | made_in
            references.add(section, one.spec.name, found)
            report.setdefault(section, {})[one.spec.name] = found
    return report


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
    sections = _beside(session, document, made)
    _check(sections)
    references = References(session, KnownObjects())

    def look(one: DeclaredObject[Any]) -> tuple[str, Json]:
        found = one.observe(references)
        if isinstance(one, Group):
            # One that drifted is written again, and what it holds then is another revision.
            references.revisions[one.spec.name] = None if found["drift"] else one.known
        return one.spec.name, found | (asked.of(one.present) if isinstance(one, VariableHolder) else {})

    report = {section: dict(_at_once(look, objects)) for section, objects in sections.items()}
    if not any(one["exists"] for section in report.values() for one in section.values()):
        session.confirm_owner()
    return report


def destroy(session: Session, document: Document, made: Report) -> Report:
    """Delete every declared object. One that is already gone counts as deleted; an adopted one stays.

    Args:
        made: what the last apply reported. An object is deleted by the id in it, and by name only without it.
    """
    deleted: Report = {}
    nothing_found = True
    for section, specs in reversed(list(_sections(document))):
        for spec in specs:
            kind, reported = kind_of(spec), made.get(section, {}).get(spec.name, {})
            found = reported if reported.get("id") else session.find(kind.path, spec.name)
            if not found:
                continue
            nothing_found = False
            path, title = f"{kind.path}/{found['id']}", f"{kind.title} {spec.name}"
            if not spec.is_adopted:
                session.notify(f"{title}: deleting")
                session.client.delete(path)
                deleted.setdefault(section, {})[spec.name] = {"id": found["id"]}
            elif section in (WEB.section, GROUP.section):
                release(session, title, path)
    if nothing_found:
        session.confirm_owner()
    return deleted


def parse_report(text: str | None) -> Report:
    """Return what an apply printed, or nothing if that is not such a report."""
    try:
        return TypeAdapter(Report).validate_json(text or "{}")
    except ValidationError:
        return {}


def _sections(document: Document) -> Iterator[tuple[str, Sequence[Object]]]:
    """Return the objects of each section that has some, in the order of `_MODELS`."""
    for section in _MODELS:
        if specs := [one for one in document.objects if kind_of(one).section == section]:
            yield section, specs


def _beside(session: Session, document: Document, made: Report | None) -> _Sections:
    """Return the declared objects, each beside its live counterpart."""
    session.environments |= {path: one.id for path, one in document.known.environments.items()}

    def beside(spec: Object) -> DeclaredObject[Any]:
        section = kind_of(spec).section
        return _MODELS[section](session, spec, (made or {}).get(section, {}).get(spec.name))

    return {section: _at_once(beside, specs) for section, specs in _sections(document)}


def _check(sections: _Sections, *, to_apply: bool = False) -> None:
    """Refuse what cannot be done.

    Args:
        to_apply: also refuse if an object was lost, or if what somebody else made would lose something.

    Raises:
        Refused: a declared object cannot become what is declared.
    """
    objects = [one for section in sections.values() for one in section]
    _at_once(lambda one: one.check(), objects)  # some read what is live first
    if found := [reason for one in objects if to_apply and (reason := one.refused())]:
        raise Refused("; ".join(found))


def _at_once(look: Callable[[Any], Result], objects: Sequence[Any]) -> list[Result]:
    """Look at several objects at the same time. The first error ends the run."""
    if len(objects) < 2:
        return [look(one) for one in objects]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looks = [pool.submit(look, one) for one in objects]
        wait(looks, return_when=FIRST_EXCEPTION)
        for one in looks:
            one.cancel()  # those that have not begun when one fails
        return [one.result() for one in looks]
