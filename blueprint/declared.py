"""A declared object beside its live counterpart: what databases, groups, projects and services have in common.

Facts (Render's API reference): scaling, disks, headers, routes and the environment of an object are accepted when it is
created, and have endpoints of their own afterwards. Registry credentials are named in Blueprints and sent by id.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from blueprint.errors import MissingReference, Refused
from blueprint.fields import ApiField, Difference, FieldChange, body, canonical
from blueprint.kinds import kind_of
from blueprint.objects import Object
from blueprint.variables import References
from blueprint.workspace import Json, Session

Spec = TypeVar("Spec", bound=Object)


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
    def _fields(self) -> Sequence[ApiField]:
        return self._kind.fields

    def _find(self) -> Json | None:
        return self._session.find(self._kind.path, self.spec.name)

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

    @abstractmethod
    def converge(self, references: References) -> Json:
        """Make it as declared.

        Returns:
            What an apply reports of it.
        """

    def observe(self, references: References) -> Json:
        """Return what changed since the last apply, and what is known of it. It only reads."""
        drift = self._drift(references) if self._live else ()
        found = self._live or {}
        return {
            "id": found.get("id"),
            "exists": self.exists,
            "updatedAt": found.get("updatedAt"),  # Render's time of its last change, if Render keeps one
            "drift": [one.model_dump(mode="json") for one in drift],
            "made": self._report() if self._live else None,
            "refused": self.refused(),
        }

    @abstractmethod
    def _drift(self, references: References) -> Iterable[Difference]:
        """Return how it differs from what was applied last."""

    @property
    def _declared(self) -> dict[ApiField, Any]:
        """The declared values in the API's terms. An environment is its id, once it exists."""
        spec = self.spec
        if spec.environment and (identity := self._session.environment_id(spec.environment)):
            spec = spec.model_copy(update={"environment": identity})
        return {field: value for field in self._fields if (value := field.declared(spec)) is not None}

    def _differences(self) -> list[FieldChange]:
        """Return every declared field whose live value is different. An object that does not exist has none."""
        if self._live is None:
            return []
        live = self._live
        found = (FieldChange(field, field.compared(live, value), value) for field, value in self._declared.items())
        return [change for change in found if canonical(change.declared) != canonical(change.live)]

    def _creation(self) -> Json:
        """Return the nested JSON that creates the object, without its name and owner.

        Raises:
            MissingReference: its environment does not exist.
        """
        place = self.spec.environment
        if place and self._session.environment_id(place) is None:
            raise MissingReference(
                f"{self.spec.name}: no environment is called {place!r}: declare it below projects, or correct it"
            )
        values = {field: field.new for field in self._fields} | self._declared
        return self._request({field: value for field, value in values.items() if value not in (None, "")})

    def _create(self, request: Json) -> Json:
        asked = {"name": self.spec.name, "ownerId": self._session.owner_id, **request}
        made: Json = self._session.create(self._kind.path, asked, self._find)
        return made

    def _change(self, found: Sequence[FieldChange]) -> None:
        """Send the fields that differ."""
        if not found:
            return
        self._say(", ".join(map(str, found)))
        before = self._there
        if sent := self._request({one.field: one.declared for one in found if not one.field.own_request}):
            self._live = self._session.client.patch(self._path, sent)
        for change in found:
            if change.field.own_request:
                self._send(before, change.field.name, change.declared)

    def _request(self, values: Mapping[ApiField, Any]) -> Json:
        """Return the nested JSON that sets the given fields. Names of registry credentials become ids."""
        sent = dict(values)
        for field, value in values.items():
            if field.name == "registry_credential":
                sent[field] = self._credential(value)
            elif field.name == "image":
                named = value["registryCredential"]
                by = {"registryCredentialId": self._credential(named)} if named else {}
                sent[field] = {"ownerId": self._session.owner_id, "imagePath": value["imagePath"], **by}
        request = body(sent)
        trigger = request.get("autoDeployTrigger")  # autoDeploy is its older form, and Render takes both
        return request | {"autoDeploy": "no" if trigger == "off" else "yes"} if trigger else request

    def _credential(self, name: str) -> str:
        found = self._session.find("/registrycredentials", name)
        if found is None:
            raise MissingReference(
                f"no registry credential is named {name!r}: add it at Workspace Settings, Container Registry "
                "Credentials"
            )
        return str(found["id"])

    def _send(self, live: Json, field: str, value: Any) -> None:
        """Make a change that has an endpoint of its own."""
        session, path = self._session, self._path

        def details() -> Json:
            now: Json = session.client.get(path)["serviceDetails"]
            return now

        match field:
            case "environment":
                session.move(live, value)
            case "num_instances":
                session.create(f"{path}/scale", {"numInstances": value}, lambda: details().get("numInstances") == value)
            case "scaling":
                session.client.put(f"{path}/autoscaling", value)
            case "disk" if known := live["serviceDetails"].get("disk"):
                session.client.patch(f"/disks/{known['id']}", value)
            case "disk":
                session.create("/disks", value | {"serviceId": live["id"]}, lambda: details().get("disk"))
            case _:  # a list, which is sent whole
                session.client.put(f"{path}/{field}", value)

    def _report(self) -> Json:
        """Return what an apply reports of it."""
        return {"id": self._there["id"], "ownerId": self._session.owner_of(self._there)}
