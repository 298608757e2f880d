"""Environment groups: made with their variables, then changed variable by variable, for the API has no bulk write.

Facts from recorded traffic: POST takes all variables at once; PUT of one variable answers the whole group; DELETE of
one answers 204. The list leaves the variables out, a single GET has them.
"""

from __future__ import annotations

from blueprint.fields import observed
from blueprint.fingerprint import NOTHING, Asked
from blueprint.marker import Marker
from blueprint.spec import EnvVarGroup, Known
from blueprint.variables import (
    References,
    Resolver,
    Wanted,
    names,
    to_write,
    undeclared,
    variable_drift,
    whole_list,
    write_each,
)
from blueprint.workspace import Json, Session


def as_linked(group: Json) -> Known:
    """What a service that links to it records. Args: group: as the API answers it alone, with its variables."""
    marker = Marker.read({variable["key"]: variable["value"] for variable in group["envVars"]})
    return Known(id=group["id"], revision=marker.revision, at=marker.at) if marker else Known(id=group["id"])


class Group:
    """One declared environment group and its live counterpart, if any."""

    def __init__(self, session: Session, spec: EnvVarGroup) -> None:
        self._session, self.spec = session, spec
        found = self._find()
        self._live: Json | None = session.client.get(f"/env-groups/{found['id']}") if found else None
        self._present = {v["key"]: v["value"] for v in self._live["envVars"]} if self._live else {}

    def _find(self, *, fresh: bool = False) -> Json | None:
        return self._session.find("/env-groups", "envGroup", self.spec.name, fresh=fresh)

    @property
    def known(self) -> Known | None:
        """What services link to, as of now; None where it does not exist."""
        return as_linked(self._live) if self._live else None

    def converge(self, references: References) -> Json:
        """Make or change the group; the answer's `revision` is another one whenever a variable was written."""
        wanted = Resolver(references, self.spec.name, self._live).resolve(self.spec.env_vars, self._present)
        values = {f"env.{variable.key}": variable.recorded for variable in wanted}
        if self._live is None:
            marker = Marker.write(values, self._session.client.server_time)
            self._live = self._create(wanted, marker)
            return {"id": self._live["id"], "revision": marker.revision}
        old = Marker.read(self._present)
        changed = to_write(wanted, self._present)
        unknown = undeclared(self._present, [v.key for v in wanted], self.spec.ownership)
        if old is not None and not changed and not unknown and not old.changed(values):
            return {"id": self._live["id"], "revision": old.revision}
        marker = Marker.write(values, self._session.client.server_time)
        self._write(changed, unknown, marker)
        return {"id": self._live["id"], "revision": marker.revision}

    def observe(self, asked: Asked = NOTHING) -> Json:
        """Compared with the marker; a group without one counts as never applied. See Service.observe."""
        if self._live is None:
            return observed(None, []) | asked.of({})
        # Render does not count a change of a variable as one of its group.
        found = observed(
            self._live | {"updatedAt": None}, variable_drift(self._present, self.spec.env_vars, self.spec.ownership)
        )
        return found | asked.of(self._present)

    def _create(self, wanted: list[Wanted], marker: Marker) -> Json:
        self._session.notify(f"environment group {self.spec.name}: creating with {len(wanted)} variables")
        request = {
            "name": self.spec.name,
            "ownerId": self._session.owner_id,
            "envVars": whole_list(wanted, marker),
        }
        made: Json = self._session.create("/env-groups", request, lambda: self._find(fresh=True))
        return made

    def _write(self, changed: list[Wanted], unknown: list[str], marker: Marker) -> None:
        """The marker's new revision reaches the linked services even if this run is cut short."""
        assert self._live is not None
        self._session.notify(f"environment group {self.spec.name}: writing {names(changed, unknown)}")
        write_each(self._session.client, f"/env-groups/{self._live['id']}/env-vars", changed, unknown, marker)
