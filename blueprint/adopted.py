"""Services that exist already and are shared with somebody else. Only what is declared is written.

Nothing here creates, deploys, restarts, resumes or deletes a service. Facts (Render API reference): neither a PATCH of
a service nor a PUT of a variable deploys; a new plan restarts the service.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from blueprint.errors import Refused
from blueprint.fields import Difference, DriftKind
from blueprint.marker import KEY, NOTHING, Asked, Marker
from blueprint.services import Service
from blueprint.spec import Known
from blueprint.variables import References, names, to_write, write_each
from blueprint.workspace import Json, Session

_NO_DEPLOY_OWED = datetime.fromtimestamp(0, UTC)


class Adopted(Service):
    """One declared service. It has to exist."""

    def check(self) -> None:
        super().check()
        if disruptive := [d for d in self._differences() if d.field.disrupts]:
            raise Refused(
                f"{self._title} is adopted, and {', '.join(map(str, disruptive))} would restart or rebuild "
                f"what is in production. Declare what is there, or change it in the dashboard"
            )

    def observe(self, asked: Asked = NOTHING, groups: Mapping[str, Known | None] = MappingProxyType({})) -> Json:
        """Return what changed since the last apply, and what the next apply writes for the first time."""
        found = super().observe(asked, groups)
        marker = self._marker
        known = marker.fields if marker else {}
        absent = {v.key for v in self.spec.env_vars if v.key} - self._present.keys()
        new = [
            Difference(field=d.field.label, kind=DriftKind.NOT_APPLIED, declared=d.declared, live=d.live)
            for d in (self._differences() if marker is None else [])
        ]
        fields = (f"env.{key}" for key in sorted(absent))
        new += [Difference(field=field, kind=DriftKind.NOT_APPLIED) for field in fields if field not in known]
        return found | {"drift": found["drift"] + [one.model_dump(mode="json") for one in new]}

    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        """Write what differs. It takes effect with the next deploy, which this program does not start."""
        changes = self._differences()
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

    def _write_variables(self, references: References, groups: dict[str, Known]) -> list[str]:
        """Write the variables and the marker. Returns what the next deploy takes up, changed groups included."""
        wanted = self._wanted(references)
        values = self._recorded(wanted, groups)
        changed, old = to_write(wanted, self._present), self._marker
        stale = old.changed(values) if old else set()
        marker = Marker.write(values, _NO_DEPLOY_OWED) if old is None or stale else None
        if changed or marker:
            self._say(f"writing {names(changed, [])}")
            write_each(self._session.client, f"{self._path}/env-vars", changed, [], marker)
        known = {name for name in groups if old and f"group.{name}" in old.fields}
        late_groups = [f"group {name}" for name in sorted(known) if f"group.{name}" in stale]
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
