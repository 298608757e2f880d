"""A declared object beside its live counterpart: what databases, groups, projects and services have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from blueprint.errors import Refused
from blueprint.fields import Difference, DriftKind, Field, FieldChange, changes, observed
from blueprint.kinds import kind_of
from blueprint.marker import NOTHING, Asked, Marker
from blueprint.objects import EnvVarGroup, Object
from blueprint.requests import patch, placed, send_rest
from blueprint.service import Service
from blueprint.sources import DocumentVariable
from blueprint.variables import References, Resolver, Wanted, drift_or_stranger, generated
from blueprint.workspace import Json, Session

Spec = TypeVar("Spec", bound=Object)
Holder = TypeVar("Holder", bound=EnvVarGroup[DocumentVariable] | Service[DocumentVariable])


class DeclaredObject(Generic[Spec]):
    """One declared object and its live counterpart, if any."""

    def __init__(self, session: Session, spec: Spec, made: Json | None = None) -> None:
        """Find the live counterpart.

        Args:
            made: what the last apply reported of it.
        """
        self._session, self.spec, self._kind, self._made = session, spec, kind_of(spec), made or {}
        self._live = self._find()

    @property
    def exists(self) -> bool:
        return self._live is not None

    @property
    def _there(self) -> Json:
        """Return the live counterpart, where there has to be one."""
        assert self._live is not None
        return self._live

    @property
    def _path(self) -> str:
        return f"{self._kind.path}/{self._there['id']}"

    @property
    def _title(self) -> str:
        return f"{self._kind.title} {self.spec.name}"

    @property
    def _fields(self) -> Sequence[Field]:
        return self._kind.fields

    def _find(self, *, fresh: bool = False) -> Json | None:
        found = self._session.find(self._kind.path, self._kind.item, self.spec.name, fresh=fresh)
        return self._answered(found) if found else None

    def _answered(self, answer: Json) -> Json:
        """Return an object as the fields read it."""
        return answer

    def _asked(self, request: Json) -> Json:
        """Return a request as the API wants it."""
        return request

    def _say(self, line: str) -> None:
        self._session.notify(f"{self._title}: {line}")

    def check(self) -> None:
        """Refuse what cannot become as it is declared.

        Raises:
            Refused: with the reason and what to do.
        """
        if self._live is None and self.spec.is_adopted:
            raise Refused(
                f"{self._title} is declared as adopted and does not exist in this workspace; an adopted one is never "
                "created. Correct its name, or RENDER_OWNER_ID"
            )

    def refused(self) -> str | None:
        """Return why an apply would be refused, or None."""
        return None

    def _differences(self) -> list[FieldChange]:
        """Return every field that is not as declared. An object that does not exist has none."""
        return changes(self._fields, placed(self._session, self.spec), self._live) if self._live else []

    def _create(self, request: Json) -> Json:
        asked = {"name": self.spec.name, "ownerId": self._session.owner_id, **self._asked(request)}
        made: Json = self._session.create(self._kind.path, asked, lambda: self._find(fresh=True))
        return made

    def _change(self, found: Sequence[FieldChange]) -> None:
        """Send the fields that differ."""
        if not found:
            return
        self._say(", ".join(map(str, found)))
        before = self._there
        if sent := self._asked(patch(self._session, found)):
            self._live = self._answered(self._session.client.patch(self._path, sent))
        send_rest(self._session, before, found)

    def _report(self) -> Json:
        """Return what an apply reports of it."""
        return {"id": self._there["id"], "ownerId": self._session.owner_of(self._there)}

    def _seen(self, drift: list[Difference]) -> Json:
        made = self._report() if self._live else None
        return observed(self._live, drift) | {"made": made, "refused": self.refused()}


class VariableHolder(DeclaredObject[Holder]):
    """An object with variables, among them the marker of the last apply."""

    _present: dict[str, str]
    """Its live variables."""

    @property
    def _is_ours(self) -> bool:
        """Whether this program applied it, also if the marker was removed."""
        return self._live is not None and self._made.get("id") == self._live["id"]

    @property
    def _marker(self) -> Marker | None:
        return Marker.read(self._present)

    @property
    def _is_foreign(self) -> bool:
        """Whether somebody else made it, and the document does not say that it may be taken over."""
        return self._live is not None and not (self._is_ours or self._marker or self.spec.take_over)

    def _wanted(self, references: References) -> list[Wanted]:
        resolver = Resolver(references, self.spec.name, self._live)
        return resolver.resolve(self.spec.env_vars, self._present)

    @property
    def _replaced(self) -> list[str]:
        """The generated variables that have another value than the last apply reported.

        A program before this one reported none.
        """
        before = self._made.get("generated", {}) if self._is_ours else {}
        now = generated(self.spec.env_vars, self._present).get("generated", {})
        return sorted(key for key in now if before.get(key, now[key]) != now[key])

    def _drift(self) -> list[Difference]:
        found = drift_or_stranger(self._present, self.spec.env_vars, self.spec.ownership, is_ours=self._is_ours)
        return found + [Difference(field=f"env.{key}", kind=DriftKind.REPLACED) for key in self._replaced]

    @abstractmethod
    def _read_variables(self) -> None:
        """Read the live variables."""

    def _applied(self) -> Json:
        """Return what an apply reports, after it has read what Render generated in it."""
        if any(variable.generate_value and variable.key not in self._present for variable in self.spec.env_vars):
            self._read_variables()
        return self._report()

    def _report(self) -> Json:
        return super()._report() | generated(self.spec.env_vars, self._present)

    def _looked(self, drift: list[Difference], asked: Asked = NOTHING) -> Json:
        return self._seen(drift) | asked.of(self._present)
