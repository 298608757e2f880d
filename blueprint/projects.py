"""Projects and their environments: created and changed. What belongs to an environment says so itself.

Facts (Render's API reference): a project is made with its first environments; one that is not empty cannot be deleted.
What a project has beyond its declared environments is left alone.
"""

from collections.abc import Iterator

from blueprint.declared import DeclaredObject
from blueprint.fields import Difference, DriftKind, body, canonical, fields_of
from blueprint.objects import Environment, Project
from blueprint.variables import References
from blueprint.workspace import Json, Session


class DeclaredProject(DeclaredObject[Project]):
    """One declared project and its live counterpart, if any."""

    def __init__(self, session: Session, spec: Project, made: Json | None = None) -> None:
        super().__init__(session, spec, made)
        self._environments: dict[str, Json] = {}
        if self._live:
            self._read()

    def converge(self, references: References) -> Json:
        """Create what is missing and change what differs. The report also has the ids of its environments, by path."""
        if self._live is None:
            self._say("creating")
            environments = [{"name": one.name, **_settings(one)} for one in self.spec.environments]
            self._live = self._create({"environments": environments})
            self._read()
        for one in self.spec.environments:
            if one.name not in self._environments:
                self._say(f"adding environment {one.name}")
                body = {"name": one.name, "projectId": self._live["id"], **_settings(one)}
                self._session.create("/environments", body, lambda name=one.name: self._read().get(name))  # type: ignore[misc]
                self._read()
        for one in self.spec.environments:
            live = self._environments[one.name]
            if changed := {key: value for key, value in _settings(one).items() if live.get(key) != value}:
                self._say(f"environment {one.name}: {changed}")
                self._session.client.patch(f"/environments/{live['id']}", changed)
        return self._report() | {"applied": self._as_reported()}

    def _drift(self, references: References) -> Iterator[Difference]:
        """Compare with what was applied last, if that is known."""
        applied: Json | None = self._made.get("applied")
        for field, value in self._as_reported().items():
            name, _, key = field.partition(".")
            environment = self._environments.get(name)
            live = environment.get(key) if environment and key else environment and environment["name"]
            if canonical(live) == canonical(value):
                continue
            waits = applied is not None and canonical(applied.get(field, live)) == canonical(live)
            kind = DriftKind.NOT_APPLIED if waits else DriftKind.CHANGED if environment else DriftKind.MISSING
            yield Difference(field=f"environments.{field}", kind=kind, declared=value, live=live)

    def _as_reported(self) -> Json:
        """Return each environment's name by itself, and each setting by `<environment>.<key of the API>`."""
        declared: Json = {}
        for one in self.spec.environments:
            declared[one.name] = one.name
            declared |= {f"{one.name}.{key}": value for key, value in _settings(one).items()}
        return declared

    def _report(self) -> Json:
        return super()._report() | {"environments": self._ids}

    @property
    def _ids(self) -> dict[str, str]:
        return {f"{self.spec.name}/{name}": one["id"] for name, one in self._environments.items()}

    def _read(self) -> dict[str, Json]:
        self._environments = {one["name"]: one for one in self._session.environments_of(self._there["id"])}
        self._session.environments |= self._ids
        return self._environments


def _settings(environment: Environment) -> Json:
    """Return what is declared of an environment, in the API's terms."""
    values = ((field, field.declared(environment)) for field in fields_of(Environment))
    return body({field: value for field, value in values if value is not None})
