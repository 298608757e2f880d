"""Environment groups: created with all variables, then changed one variable at a time, because there is no bulk write.

Facts from recorded traffic: a POST takes all variables at once; a PUT of one variable answers the whole group; a DELETE
of one answers 204. The list leaves the variables out; a single GET has them.
"""

from blueprint.errors import Refused
from blueprint.fields import changes, observed
from blueprint.fingerprint import NOTHING, Asked
from blueprint.kinds import GROUP
from blueprint.links import as_linked
from blueprint.marker import Marker
from blueprint.objects import EnvVarGroup
from blueprint.requests import creation, placed, send_rest
from blueprint.sources import DocumentVariable
from blueprint.spec import Known
from blueprint.variables import (
    References,
    Resolver,
    Wanted,
    drift_or_stranger,
    losses,
    missing_by_hand,
    names,
    to_write,
    undeclared,
    whole_list,
    write_each,
)
from blueprint.workspace import Json, Session


class Group:
    """One declared environment group and its live counterpart, if any."""

    def __init__(self, session: Session, spec: EnvVarGroup[DocumentVariable], made: Json | None = None) -> None:
        """Find the live counterpart.

        Args:
            made: what the last apply reported of it.
        """
        self._session, self.spec = session, spec
        found = self._find()
        self._live: Json | None = session.client.get(f"/env-groups/{found['id']}") if found else None
        self._present = {v["key"]: v["value"] for v in self._live["envVars"]} if self._live else {}
        self._is_ours = bool(found and made and made.get("id") == found["id"])

    def _find(self, *, fresh: bool = False) -> Json | None:
        return self._session.find(GROUP.path, GROUP.item, self.spec.name, fresh=fresh)

    @property
    def known(self) -> Known | None:
        """Return what services link to, or None if the group does not exist."""
        return as_linked(self._live) if self._live else None

    @property
    def _title(self) -> str:
        return f"{GROUP.label} {self.spec.name}"

    def check(self) -> None:
        """Refuse before an apply would stop half-way.

        Raises:
            Refused: with the reason.
        """
        if self._live is None and self.spec.is_adopted:
            raise Refused(f"{self._title} is declared as adopted and does not exist: correct its name")
        missing_by_hand(self._title, self.spec.env_vars, self._present)

    def refused(self) -> str | None:
        """Return why an apply would be refused: somebody else made the group, and it would lose variables."""
        if self._live is None or self._is_ours or Marker.read(self._present) or self.spec.take_over:
            return None
        lost = undeclared(self._present, [v.key for v in self.spec.env_vars if v.key], self.spec.ownership)
        return losses(self._title, [f"variable {key}" for key in lost], "merge")

    def converge(self, references: References) -> Json:
        """Create or change the group. The reported `revision` changes whenever a variable was written."""
        wanted = Resolver(references, self.spec.name, self._live).resolve(self.spec.env_vars, self._present)
        values = {f"env.{variable.key}": variable.recorded for variable in wanted}
        if self._live is None:
            marker = Marker.write(values, self._session.client.server_time)
            self._live = self._create(wanted, marker)
            return {"id": self._live["id"], "revision": marker.revision}
        send_rest(self._session, self._live, changes(GROUP.fields, placed(self._session, self.spec), self._live))
        old = Marker.read(self._present)
        changed = to_write(wanted, self._present)
        unknown = undeclared(self._present, [v.key for v in wanted], self.spec.ownership)
        if old is not None and not changed and not unknown and not old.changed(values):
            return {"id": self._live["id"], "revision": old.revision}
        marker = Marker.write(values, self._session.client.server_time)
        self._write(changed, unknown, marker)
        return {"id": self._live["id"], "revision": marker.revision}

    def observe(self, asked: Asked = NOTHING) -> Json:
        """Compare with the marker. A group without one counts as never applied; see Service.observe."""
        if self._live is None:
            return observed(None, []) | asked.of({}) | {"made": None, "refused": None}
        drift = drift_or_stranger(self._present, self.spec.env_vars, self.spec.ownership, is_ours=self._is_ours)
        known = as_linked(self._live)
        made = {"id": known.id, "revision": known.revision, "ownerId": self._session.owner_of(self._live)}
        # Render does not count a change of a variable as one of its group.
        found = observed(self._live | {"updatedAt": None}, drift)
        return found | asked.of(self._present) | {"made": made, "refused": self.refused()}

    def _create(self, wanted: list[Wanted], marker: Marker) -> Json:
        self._session.notify(f"{self._title}: creating with {len(wanted)} variables")
        request = {
            "name": self.spec.name,
            "ownerId": self._session.owner_id,
            "envVars": whole_list(wanted, marker),
            **creation(self._session, GROUP.fields, self.spec),
        }
        made: Json = self._session.create(GROUP.path, request, lambda: self._find(fresh=True))
        return made

    def _write(self, changed: list[Wanted], unknown: list[str], marker: Marker) -> None:
        """Write the marker first: its new revision reaches the linked services even if this run is interrupted."""
        assert self._live is not None
        self._session.notify(f"{self._title}: writing {names(changed, unknown)}")
        write_each(self._session.client, f"{GROUP.path}/{self._live['id']}/env-vars", changed, unknown, marker)
