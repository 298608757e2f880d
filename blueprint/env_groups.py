"""Environment groups: created with all variables, then changed one variable at a time, because there is no bulk write.

Facts from recorded traffic: a POST takes all variables at once; a PUT of one variable answers the whole group; a DELETE
of one answers 204. The list leaves the variables out; a single GET has them.
"""

from blueprint.declared import VariableHolder
from blueprint.links import as_linked
from blueprint.marker import NOTHING, Asked, Marker
from blueprint.objects import EnvVarGroup
from blueprint.requests import creation
from blueprint.sources import DocumentVariable
from blueprint.spec import Known
from blueprint.variables import References, losses, missing_by_hand, names, to_write, undeclared, whole_list, write_each
from blueprint.workspace import Json, Session


class Group(VariableHolder[EnvVarGroup[DocumentVariable]]):
    """One declared environment group and its live counterpart, if any."""

    def __init__(self, session: Session, spec: EnvVarGroup[DocumentVariable], made: Json | None = None) -> None:
        super().__init__(session, spec, made)
        self._present = {}
        if self._live:
            self._read_variables()

    def _read_variables(self) -> None:
        self._take(self._session.client.get(self._path))

    def _take(self, answer: Json) -> None:
        """Take a group as it was answered. A list answers it without its variables."""
        # Its time of change does not count the changes of its variables.
        self._live = {"envVars": (), **answer, "updatedAt": None}
        self._present = {v["key"]: v["value"] for v in self._live["envVars"]}

    @property
    def known(self) -> Known | None:
        """Return what services link to, or None if the group does not exist."""
        return as_linked(self._live) if self._live else None

    def check(self) -> None:
        """Refuse before an apply would stop half-way.

        Raises:
            Refused: with the reason.
        """
        super().check()
        missing_by_hand(self._title, self.spec.env_vars, self._present)

    def refused(self) -> str | None:
        """Return why an apply would be refused: somebody else made the group, and it would lose variables."""
        lost = undeclared(self._present, [v.key for v in self.spec.env_vars if v.key], self.spec.ownership)
        return losses(self._title, [f"variable {key}" for key in lost], "merge") if self._is_foreign else None

    def converge(self, references: References) -> Json:
        """Create or change the group. The reported `revision` changes whenever a variable was written."""
        wanted, old = self._wanted(references), self._marker
        values = {f"env.{variable.key}": variable.recorded for variable in wanted}
        marker = Marker.write(values, self._session.client.server_time)
        if self._live is None:
            self._say(f"creating with {len(wanted)} variables")
            sent = creation(self._session, self._fields, self.spec)
            self._take(self._create({"envVars": whole_list(wanted, marker), **sent}))
            return self._applied() | {"revision": marker.revision}
        self._change(self._differences())
        changed = to_write(wanted, self._present)
        unknown = undeclared(self._present, [v.key for v in wanted], self.spec.ownership)
        if old and not (changed or unknown or self._replaced or old.changed(values)):
            return self._report()
        # The marker goes first: its new revision reaches the linked services even if this run is interrupted.
        self._say(f"writing {names(changed, unknown)}")
        write_each(self._session.client, f"{self._path}/env-vars", changed, unknown, marker)
        return self._applied() | {"revision": marker.revision}

    def observe(self, asked: Asked = NOTHING) -> Json:
        """Compare with the marker. A group without one counts as never applied; see Service.observe."""
        return self._looked(self._drift() if self._live else [], asked)

    def _report(self) -> Json:
        return super()._report() | {"revision": as_linked(self._there).revision}
