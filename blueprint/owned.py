"""Services that only this program manages: created, changed, deployed when a change needs it, and resumed.

Facts (Render API reference): creating a service deploys it at once; a change of variables, of the branch or of a
command does not deploy by itself.
"""

from collections.abc import Mapping
from datetime import datetime

from blueprint.errors import ApiError
from blueprint.fields import Difference, DriftKind
from blueprint.holders import whole_list
from blueprint.kinds import GROUP
from blueprint.marker import Marker
from blueprint.services import Service, undeclared_domains
from blueprint.sources import EnvVar
from blueprint.spec import Known
from blueprint.variables import References, Wanted, resolve
from blueprint.workspace import Json

_DOCKER = {"dockerCommand": "", "dockerContext": ".", "dockerfilePath": "./Dockerfile"}
"""What Render fills in by itself. For a cron job all three have to be sent."""


_NOT_FREE = (400, 402)
_FREE_HINT = ". If Render makes no free services for you over its API, declare plan: starter, and run this again"
"""Its maintainers say so of the API, not of the dashboard (terraform-provider-render, issue 44)."""


class OwnedService(Service):
    """One declared service. It is deployed if anything changed that takes effect with a deploy only."""

    def _lost(self) -> list[str]:
        domains = self._domains() if self.spec.has_address else {}
        return [
            *super()._lost(),
            *(f"domain {name}" for name in undeclared_domains(domains, self.spec.domains)),
            *(f"group {name}" for name in sorted(self._linked().keys() - set(self.spec.groups))),
        ]

    def converge(self, references: References) -> Json:
        groups = self._groups(references)
        if self._live is None:
            later = [variable for variable in self.spec.env_vars if self._is_of_itself(variable)]
            first = [variable for variable in self.spec.env_vars if variable not in later]
            marker = self._make(resolve(references, self.spec.name, first, {}, None), groups)
            if not later:
                if groups:
                    self._deploy("the first deploy started before its variable groups were linked", marker)
                return self._applied()
            self._read_variables()
            self._session.forget(GROUP.path)
        self._update(self._wanted(references), groups)
        return self._applied()

    def _is_of_itself(self, variable: EnvVar) -> bool:
        """Whether a variable is known only when the service exists: its own address or id."""
        source = variable.from_service
        return source is not None and source.name == self.spec.name and source.property != "port"

    def _suspended(self) -> list[Difference]:
        return [Difference(kind=DriftKind.SUSPENDED)]

    def _make(self, wanted: list[Wanted], groups: Mapping[str, Known]) -> Marker:
        sent = self._creation()
        details = sent.get("serviceDetails", {})
        if details.get("runtime") in ("docker", "image"):
            details["envSpecificDetails"] = _DOCKER | details.get("envSpecificDetails", {})
        told = ", ".join(f"{key} {details[key]}" for key in ("plan", "region") if key in details)
        self._say(f"creating ({told or self._kind.label})")
        values, now = self._recorded(wanted, groups), self._session.client.server_time
        marker = Marker.write(values, now, first_deploy_is_stale=bool(groups))
        try:
            made = self._create(sent | {"type": self._kind.type, "envVars": whole_list(wanted, marker)})
        except ApiError as error:
            if details.get("plan") != "free" or error.status not in _NOT_FREE:
                raise
            raise ApiError(error.status, error.request, error.detail + _FREE_HINT) from None
        self._live = made.get("service", made)
        for name, group in groups.items():
            self._link(name, group)
        self._add_domains(())
        return marker

    def _update(self, wanted: list[Wanted], groups: Mapping[str, Known]) -> None:
        """Change the service.

        The marker is written first, so that the next run finds what an interrupted one still owes.
        """
        client, old, live = self._session.client, self._marker, self._there
        values, changes = self._recorded(wanted, groups), self._differences()
        changed, removed = self._to_write(wanted), self._undeclared(self._keys)
        linked = self._linked()
        missing = [name for name in groups if name not in linked]
        foreign = [name for name in linked if name not in groups]
        stale = old.changed(values) if old else set()
        needs_deploy = (
            old is None  # without a marker nobody knows what runs
            or bool(changed or removed or self._replaced or missing or foreign or any(d.field.deploys for d in changes))
            or any(self._is_taken_up_by_a_deploy(name, old) for name in stale)
        )
        marker = old
        if marker is None or needs_deploy:
            marker = Marker.write(values, client.server_time)
        elif stale:  # it keeps a deploy that is still owed
            marker = Marker.write(values, marker.at, first_deploy_is_stale=marker.first_deploy_is_stale)
        if marker is not old:
            self._write(wanted, changed, removed, marker)
        self._change(changes)
        for name in missing:
            self._link(name, groups[name])
        for name in foreign:
            self._say(f"unlinking group {name}")
            client.delete(f"/env-groups/{linked[name]}/services/{live['id']}")
        self._converge_domains()
        if live["suspended"] == "suspended":
            self._say("resuming")
            path = self._path
            self._session.create(f"{path}/resume", None, lambda: client.get(path)["suspended"] == "not_suspended")
        if needs_deploy:
            self._deploy("configuration changed", marker)
        elif old and self._deploy_is_owed(old):
            self._deploy("an earlier run ended before its deploy", marker)

    def _write(self, wanted: list[Wanted], changed: list[Wanted], removed: list[str], marker: Marker) -> None:
        """Write the variables: the whole list at once if it is ours alone, else the marker and then each variable."""
        kept_by_hand = any(variable.sync is False for variable in self.spec.env_vars)
        if not kept_by_hand and (changed or removed):
            self._say_what_is_written(changed, removed)
            self._session.client.put(f"{self._path}/env-vars", whole_list(wanted, marker))
        else:
            self._write_each(changed, removed, marker)

    def _is_taken_up_by_a_deploy(self, name: str, old: Marker) -> bool:
        """Whether a change of what a marker records needs a deploy.

        A field that is newly declared, or no longer declared, and has the same value needs none.
        """
        labels = {field.label for field in self._fields if field.deploys} & old.fields.keys()
        return name.startswith(("env.", "group.")) or name in labels

    def _converge_domains(self) -> None:
        if not self.spec.has_address:
            return
        present = self._domains()
        if removed := undeclared_domains(present, self.spec.domains):
            for name in removed:
                self._say(f"removing domain {name}")
                self._session.client.delete(f"{self._path}/custom-domains/{name}")
            self._session.forget(f"{self._path}/custom-domains")  # what redirects to a domain goes with it
            present = self._domains()
        self._add_domains(present)

    def _deploy(self, reason: str, marker: Marker) -> None:
        self._say(f"deploying ({reason})")
        self._session.create(f"{self._path}/deploys", {}, lambda: not self._deploy_is_owed(marker))

    def _deploy_is_owed(self, marker: Marker) -> bool:
        """Whether no deploy has started since the write that the marker records."""
        newest = self._session.client.get(f"{self._path}/deploys", limit=2)
        taken_up = [e for e in newest if datetime.fromisoformat(e["deploy"]["createdAt"]) >= marker.at]
        return len(taken_up) < (2 if marker.first_deploy_is_stale else 1)
