"""Services that exist already and are shared with somebody else. Only what is declared is written.

Nothing here creates, deploys, restarts, resumes or deletes a service. Facts (Render API reference): neither a PATCH of
a service nor a PUT of a variable deploys; a new plan restarts the service.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from blueprint.drift import Difference, DriftKind
from blueprint.errors import Refused
from blueprint.fields import FieldChange
from blueprint.fingerprint import NOTHING, Asked
from blueprint.links import link, linked_groups
from blueprint.marker import KEY, Marker
from blueprint.requests import patch, send_rest
from blueprint.services import Service, with_older_form, with_trigger
from blueprint.spec import Known
from blueprint.variables import References, Resolver, names, to_write, write_each
from blueprint.workspace import Json, Session

_NO_DEPLOY_OWED = datetime.fromtimestamp(0, UTC)


class Adopted(Service):
    """One declared service. It has to exist."""

    def check(self) -> None:
        if self._live is None:
            raise Refused(
                f"service {self.spec.name} is declared as adopted and does not exist in this workspace; an adopted "
                f"service is never created. Correct its name, or RENDER_OWNER_ID"
            )
        super().check()
        if disruptive := [d for d in self._differences() if d.field.disrupts]:
            raise Refused(
                f"service {self.spec.name} is adopted, and {', '.join(map(str, disruptive))} would restart or rebuild "
                f"what is in production. Declare what is there, or change it in the dashboard"
            )

    def observe(self, asked: Asked = NOTHING, groups: Mapping[str, Known | None] = MappingProxyType({})) -> Json:
        """Return what changed since the last apply, and what the next apply writes for the first time."""
        found = super().observe(asked, groups)
        marker = Marker.read(self._present)
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
        assert self._live is not None
        service_id = self._live["id"]
        changes = self._differences()
        late = [d.field.label for d in changes if d.field.deploys]
        late += self._write_variables(references, groups)
        if changes:
            self._change(changes)
        late += self._link_missing(groups)
        if self.spec.domains:
            present = self._domains(service_id)
            self._add_domains(service_id, [name for name in self.spec.domains if name not in present])
        if late:
            self._say(f"{', '.join(late)} takes effect with the next deploy of {self.spec.name}")
        if self._live["suspended"] == "suspended":
            self._suspended()
        return self._report()

    def _write_variables(self, references: References, groups: dict[str, Known]) -> list[str]:
        """Write the variables and the marker. Returns what the next deploy takes up, changed groups included."""
        assert self._live is not None
        wanted = Resolver(references, self.spec.name, self._live).resolve(self.spec.env_vars, self._present)
        values = self._recorded(wanted, groups)
        changed, old = to_write(wanted, self._present), Marker.read(self._present)
        stale = old.changed(values) if old else set()
        marker = Marker.write(values, _NO_DEPLOY_OWED) if old is None or stale else None
        if changed or marker:
            self._say(f"writing {names(changed, [])}")
            path = f"/services/{self._live['id']}/env-vars"
            write_each(self._session.client, path, changed, [], marker)
        known = {name for name in groups if old and f"group.{name}" in old.fields}
        return [v.key for v in changed] + [f"group {name}" for name in sorted(known) if f"group.{name}" in stale]

    def _change(self, changes: list[FieldChange]) -> None:
        assert self._live is not None
        self._say(", ".join(map(str, changes)))
        before = self._live
        if sent := with_older_form(patch(self._session, changes)):
            self._live = with_trigger(self._session.client.patch(f"/services/{before['id']}", sent))
        send_rest(self._session, before, changes)

    def _link_missing(self, groups: dict[str, Known]) -> list[str]:
        assert self._live is not None
        linked = linked_groups(self._session, self._live["id"]) if groups else {}
        missing = [name for name in groups if name not in linked]
        for name in missing:
            self._say(f"linking group {name}")
            link(self._session, groups[name].id, self._live["id"])
        return [f"group {name}" for name in missing]

    def refused(self) -> None:
        """Return nothing, because nothing of it is ever removed."""

    def _suspended(self) -> list[Difference]:
        """Return nothing: a suspension is no drift, because whoever runs the service may have reasons."""
        self._say("is suspended; not changed")
        return []

    def _say(self, line: str) -> None:
        self._session.notify(f"service {self.spec.name}: {line}")


def release(session: Session, title: str, path: str) -> None:
    """Stop managing an object: only its marker is removed.

    Args:
        path: of the object.
    """
    session.notify(f"{title}: is adopted and left as it is; only {KEY} is removed")
    session.client.delete(f"{path}/env-vars/{KEY}")
