"""Projects and their environments: made and changed; never emptied, for what belongs to one says so itself.

Facts (Render's API reference): a project is made with its first environments; one that is not empty cannot be deleted.
What a project has beyond its declared environments is left alone.
"""

from typing import Any

from blueprint.drift import Difference, DriftKind
from blueprint.errors import Refused
from blueprint.fields import canonical, observed
from blueprint.kinds import PROJECT
from blueprint.objects import Environment, Project
from blueprint.workspace import Json, Session

_STATUS = {"enabled": "protected", "disabled": "unprotected"}


class DeclaredProject:
    """One declared project and its live counterpart, if any."""

    def __init__(self, session: Session, spec: Project, made: Json | None = None) -> None:
        """Args: made: what the last apply reported of it."""
        self._session, self.spec, self._applied = session, spec, (made or {}).get("applied")
        self._live = self._find()
        listed = session.environments_of(self._live["id"]) if self._live else []
        self._environments = {one["name"]: one for one in listed}

    def _find(self, *, fresh: bool = False) -> Json | None:
        return self._session.find(PROJECT.path, PROJECT.item, self.spec.name, fresh=fresh)

    def check(self) -> None:
        """Raises: Refused."""
        if self._live is None and self.spec.is_adopted:
            raise Refused(f"project {self.spec.name} is declared as adopted and does not exist: correct its name")

    def converge(self) -> Json:
        """Make what is missing, and change what differs; answers the ids of its environments by path, too."""
        if self._live is None:
            self._session.notify(f"project {self.spec.name}: creating")
            environments = [{"name": one.name, **_settings(one)} for one in self.spec.environments]
            body = {"name": self.spec.name, "ownerId": self._session.owner_id, "environments": environments}
            self._live = self._session.create(PROJECT.path, body, lambda: self._find(fresh=True))
            self._read()
        project_id = self._live["id"]
        for one in self.spec.environments:
            if one.name not in self._environments:
                self._session.notify(f"project {self.spec.name}: adding environment {one.name}")
                body = {"name": one.name, "projectId": project_id, **_settings(one)}
                self._session.create("/environments", body, lambda name=one.name: self._read().get(name))  # type: ignore[misc]
        self._read() if self.spec.environments[-1].name not in self._environments else None
        for one in self.spec.environments:
            live = self._environments[one.name]
            if changed := {key: value for key, value in _settings(one).items() if live.get(key) != value}:
                self._session.notify(f"project {self.spec.name}: environment {one.name}: {changed}")
                self._session.client.patch(f"/environments/{live['id']}", changed)
        return self._report() | {"applied": self._declared()}

    def observe(self) -> Json:
        """Compared with what was applied last, where that is known."""
        drift = []
        for field, value in self._declared().items() if self._live else ():
            name, _, key = field.partition(".")
            environment = self._environments.get(name)
            live = environment.get(key) if environment and key else environment and environment["name"]
            if canonical(live) == canonical(value):
                continue
            before = None if self._applied is None else self._applied.get(field, live)
            waits = self._applied is not None and canonical(before) == canonical(live)
            kind = DriftKind.NOT_APPLIED if waits else DriftKind.CHANGED if environment else DriftKind.MISSING
            drift.append(Difference(field=f"environments.{field}", kind=kind, declared=value, live=live))
        return observed(self._live, drift) | {"made": self._report() if self._live else None, "refused": None}

    def _declared(self) -> dict[str, Any]:
        """By `<environment>` its name, and by `<environment>.<key of the API>` each setting."""
        declared: dict[str, Any] = {}
        for one in self.spec.environments:
            declared[one.name] = one.name
            declared |= {f"{one.name}.{key}": value for key, value in _settings(one).items()}
        return declared

    def _report(self) -> Json:
        assert self._live is not None
        ids = {f"{self.spec.name}/{name}": one["id"] for name, one in self._environments.items()}
        return {"id": self._live["id"], "ownerId": self._session.owner_of(self._live), "environments": ids}

    def _read(self) -> dict[str, Json]:
        assert self._live is not None
        self._environments = {one["name"]: one for one in self._session.environments_of(self._live["id"])}
        return self._environments


def _settings(environment: Environment) -> Json:
    """What is declared of an environment, in the API's terms."""
    settings: Json = {}
    if environment.permissions:
        settings["protectedStatus"] = _STATUS[environment.permissions.protection]
    if environment.networking:
        settings["networkIsolationEnabled"] = environment.networking.isolation == "enabled"
    return settings
