"""Objects with variables, among them the marker of the last apply: environment groups, and services (`services.py`).

Facts from recorded traffic: a POST of a group takes all variables at once, and there is no bulk write afterwards; a PUT
of one variable answers the whole group; a DELETE of one answers 204. The list of groups leaves the variables out; a
single GET has them.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import ClassVar, TypeVar

from blueprint.declared import DeclaredObject
from blueprint.errors import Refused
from blueprint.fields import Difference, DriftKind
from blueprint.marker import KEY, Marker, fingerprint
from blueprint.objects import EnvVarGroup
from blueprint.service import Service
from blueprint.sources import DocumentVariable
from blueprint.spec import Known
from blueprint.variables import References, Wanted, as_linked, resolve
from blueprint.workspace import Json, Session

Holder = TypeVar("Holder", bound=EnvVarGroup[DocumentVariable] | Service[DocumentVariable])


class VariableHolder(DeclaredObject[Holder]):
    """An object with variables.

    Attributes:
        milder: the ownership that keeps what is not declared.
        present: its live variables.
    """

    milder: ClassVar[str]
    present: Mapping[str, str]

    def __init__(self, session: Session, spec: Holder, made: Json | None = None) -> None:
        super().__init__(session, spec, made)
        self.present = {}
        if self._live:
            self._read_variables()

    @property
    def _is_ours(self) -> bool:
        """Whether this program applied it, also if the marker was removed."""
        return self._live is not None and self._made.get("id") == self._live["id"]

    @property
    def _marker(self) -> Marker | None:
        return Marker.read(self.present)

    @property
    def _keys(self) -> list[str]:
        return [variable.key for variable in self.spec.env_vars if variable.key]

    @abstractmethod
    def _read_variables(self) -> None:
        """Read the live variables."""

    def check(self) -> None:
        """Refuse before an apply would stop half-way: a value that is kept at Render has to be there.

        Raises:
            Refused: with the reason.
        """
        super().check()
        recorded = self._marker.names("env.") if self._marker else set()
        missing = [str(v.key) for v in self.spec.env_vars if v.sync is False and v.key not in self.present]
        if not set(missing) <= recorded:
            raise Refused(
                f"{self._title}: declared `sync: false` (their values are kept in Render's dashboard), and not there: "
                f"{', '.join(missing)}. Set them at {self.spec.name}, Environment, then run again; or declare "
                "fromSecret"
            )

    def refused(self) -> str | None:
        """Return why an apply would be refused: somebody else made it, and it would lose something."""
        is_foreign = self._live is not None and not (self._is_ours or self._marker or self.spec.take_over)
        if not is_foreign or not (lost := self._lost()):
            return None
        return (
            f"{self._title} was not made by this program, and would lose {', '.join(lost)}. Declare them, or set "
            f"`ownership: {self.milder}` to keep them, or `ownership: exact` to remove them"
        )

    def _lost(self) -> list[str]:
        """Return what an apply would remove of it."""
        return [f"variable {key}" for key in self._undeclared(self._keys)]

    def _undeclared(self, declared: Collection[str]) -> list[str]:
        """Return the live variables to remove; none if the object is shared with somebody else."""
        return sorted(self.present.keys() - {*declared, KEY}) if self.spec.ownership == "exact" else []

    def _wanted(self, references: References) -> list[Wanted]:
        return resolve(references, self.spec.name, self.spec.env_vars, self.present, self._live)

    def _to_write(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Return the variables that are missing or have another value."""
        return [v for v in wanted if v.value is None or self.present.get(v.key) != v.value]

    def _write_each(self, changed: Iterable[Wanted], removed: Iterable[str], marker: Marker | None) -> None:
        """Write variable by variable, the marker first, so that the next run recognises an interrupted one.

        Args:
            marker: None if the present one is still right.
        """
        self._say_what_is_written(changed, removed)
        client, path = self._session.client, f"{self._path}/env-vars"
        if marker:
            client.put(f"{path}/{KEY}", {"value": marker.text()})
        for variable in changed:
            client.put(f"{path}/{variable.key}", variable.request())
        for key in removed:
            client.delete(f"{path}/{key}")

    def _say_what_is_written(self, changed: Iterable[Wanted], removed: Iterable[str]) -> None:
        self._say(f"writing {', '.join([v.key for v in changed] + [f'-{key}' for key in removed]) or 'its marker'}")

    def _applied(self) -> Json:
        """Return what an apply reports, after it has read what Render generated in it."""
        if any(variable.generate_value and variable.key not in self.present for variable in self.spec.env_vars):
            self._read_variables()
        return self._report()

    def _report(self) -> Json:
        generated = self._generated()
        return super()._report() | ({"generated": generated} if generated else {})

    def _generated(self) -> dict[str, str]:
        """Return the fingerprints of the values that Render generated."""
        keys = [str(one.key) for one in self.spec.env_vars if one.generate_value and one.key in self.present]
        return {key: fingerprint(self.present[key]) for key in keys}

    @property
    def _replaced(self) -> list[str]:
        """The generated variables that have another value than the last apply reported.

        A program before this one reported none.
        """
        before = self._made.get("generated", {}) if self._is_ours else {}
        return sorted(key for key, now in self._generated().items() if before.get(key, now) != now)

    def _drift(self, references: References) -> Iterator[Difference]:
        """Return what happened to the variables since the marker was written, by name, without values.

        What has no marker counts as never applied.
        """
        if (marker := self._marker) is None:
            gone = Difference(field=f"env.{KEY}", kind=DriftKind.MISSING)
            yield gone if self._is_ours else Difference(kind=DriftKind.UNMARKED)
            yield from differing("env", [], self._undeclared(self._keys))
        else:
            recorded = marker.names("env.")
            written = {variable.key: variable.value for variable in self.spec.env_vars}
            for key in sorted(recorded & self.present.keys()):
                if not marker.records(f"env.{key}", self.present[key], written.get(key)):
                    yield Difference(field=f"env.{key}", kind=DriftKind.CHANGED)
            yield from differing("env", recorded - self.present.keys(), self._undeclared(recorded))
        for key in self._replaced:
            yield Difference(field=f"env.{key}", kind=DriftKind.REPLACED)


def whole_list(wanted: Iterable[Wanted], marker: Marker) -> list[Json]:
    """Return every variable and the marker, as one request sends them."""
    return [{"key": v.key, **v.request()} for v in wanted] + [{"key": KEY, "value": marker.text()}]


def differing(key: str, missing: Iterable[str], added: Iterable[str]) -> Iterator[Difference]:
    """Return parts of an object that are gone, and parts that nobody declared.

    Args:
        key: the key under which people write them.
    """
    for kind, names in ((DriftKind.MISSING, missing), (DriftKind.UNDECLARED, added)):
        for name in sorted(names):
            yield Difference(field=f"{key}.{name}", kind=kind)


class Group(VariableHolder[EnvVarGroup[DocumentVariable]]):
    """One declared environment group and its live counterpart, if any."""

    milder = "merge"

    def _read_variables(self) -> None:
        self._take(self._session.client.get(self._path))

    def _take(self, answer: Json) -> None:
        """Take a group as it was answered. A list answers it without its variables."""
        # Its time of change does not count the changes of its variables.
        self._live = {"envVars": (), **answer, "updatedAt": None}
        self.present = {v["key"]: v["value"] for v in self._live["envVars"]}

    @property
    def known(self) -> Known | None:
        """Return what services link to, or None if the group does not exist."""
        return as_linked(self._live) if self._live else None

    def converge(self, references: References) -> Json:
        """Create or change the group. The reported `revision` changes whenever a variable was written."""
        wanted, old = self._wanted(references), self._marker
        values = {f"env.{variable.key}": variable.recorded for variable in wanted}
        marker = Marker.write(values, self._session.client.server_time)
        if self._live is None:
            self._say(f"creating with {len(wanted)} variables")
            self._take(self._create({"envVars": whole_list(wanted, marker), **self._creation()}))
            return self._applied() | {"revision": marker.revision}
        self._change(self._differences())
        changed, removed = self._to_write(wanted), self._undeclared(self._keys)
        if old and not (changed or removed or self._replaced or old.changed(values)):
            return self._report()
        # The marker goes first: its new revision reaches the linked services even if this run is interrupted.
        self._write_each(changed, removed, marker)
        return self._applied() | {"revision": marker.revision}

    def _report(self) -> Json:
        return super()._report() | {"revision": as_linked(self._there).revision}
