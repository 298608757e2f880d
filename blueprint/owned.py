"""Services that only this program manages: created, changed, deployed when a change needs it, and resumed.

Facts (Render API reference): creating a service deploys it at once; a change of variables, of the branch or of a
command does not deploy by itself.
"""

from datetime import datetime

from blueprint.drift import Difference, DriftKind
from blueprint.kinds import GROUP
from blueprint.links import link, linked_groups
from blueprint.marker import Marker, Values
from blueprint.requests import creation, patch, send_rest
from blueprint.services import Service, undeclared_domains, with_older_form, with_trigger
from blueprint.sources import EnvVar
from blueprint.spec import Known
from blueprint.variables import References, Resolver, Wanted, names, to_write, undeclared, whole_list, write_each
from blueprint.workspace import Json

_DOCKER = {"dockerCommand": "", "dockerContext": ".", "dockerfilePath": "./Dockerfile"}
"""What Render fills in by itself. For a cron job all three have to be sent."""


class OwnedService(Service):
    """One declared service. It is deployed if anything changed that takes effect with a deploy only."""

    def refused(self) -> str | None:
        return self._never_applied()

    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        if self._live is None:
            later = [variable for variable in self.spec.env_vars if self._is_of_itself(variable)]
            first = [variable for variable in self.spec.env_vars if variable not in later]
            wanted = Resolver(references, self.spec.name, None).resolve(first, {})
            marker = self._create(wanted, self._recorded(wanted, groups), groups)
            if not later:
                if groups:
                    self._deploy("the first deploy started before its variable groups were linked", marker)
                return self._report()
            self._read_variables()
            self._session.listing(GROUP.path, GROUP.item, fresh=True)
        assert self._live is not None
        wanted = Resolver(references, self.spec.name, self._live).resolve(self.spec.env_vars, self._present)
        self._update(self._live, wanted, self._recorded(wanted, groups), groups)
        return self._report()

    def _is_of_itself(self, variable: EnvVar) -> bool:
        """Whether a variable is known only when the service exists: its own address or id."""
        source = variable.from_service
        return source is not None and source.name == self.spec.name and source.property != "port"

    def _suspended(self) -> list[Difference]:
        return [Difference(kind=DriftKind.SUSPENDED)]

    def _create(self, wanted: list[Wanted], values: Values, groups: dict[str, Known]) -> Marker:
        spec, sent = self.spec, creation(self._session, self._fields, self.spec)
        details = sent.get("serviceDetails", {})
        if details.get("runtime") in ("docker", "image"):
            details["envSpecificDetails"] = _DOCKER | details.get("envSpecificDetails", {})
        told = ", ".join(f"{key} {details[key]}" for key in ("plan", "region") if key in details)
        self._session.notify(f"service {spec.name}: creating ({told or self._kind.label})")
        marker = Marker.write(values, self._session.client.server_time, first_deploy_is_stale=bool(groups))
        request = with_older_form(sent) | {
            "type": self._kind.type,
            "name": spec.name,
            "ownerId": self._session.owner_id,
            "envVars": whole_list(wanted, marker),
        }
        made = self._session.create("/services", request, lambda: self._find(fresh=True))
        self._live = with_trigger(made.get("service", made))
        for name, group in groups.items():
            self._link_group(name, group.id)
        self._add_domains(self._live["id"], spec.domains)
        return marker

    def _update(self, live: Json, wanted: list[Wanted], values: Values, groups: dict[str, Known]) -> None:
        """Change the service.

        The marker is written first, so that the next run finds what an interrupted one still owes.
        """
        client, old = self._session.client, Marker.read(self._present)
        changes = self._differences()
        changed = to_write(wanted, self._present)
        unknown = undeclared(self._present, [v.key for v in wanted], "exact")
        linked = linked_groups(self._session, live["id"])
        missing = [name for name in groups if name not in linked]
        foreign = [name for name in linked if name not in groups]
        stale = old.changed(values) if old else set()
        needs_deploy = bool(changed or unknown or missing or foreign or any(d.field.deploys for d in changes)) or any(
            self._is_taken_up_by_a_deploy(name, old) for name in stale
        )
        needs_deploy = needs_deploy or old is None  # without a marker nobody knows what runs

        marker = old
        if marker is None or stale or needs_deploy:
            if marker is None or needs_deploy:
                marker = Marker.write(values, client.server_time)
            else:
                marker = _same_debt(values, marker)
            self._write(live["id"], wanted, changed, unknown, marker)
        if changes:
            self._session.notify(f"service {self.spec.name}: {', '.join(map(str, changes))}")
            if sent := with_older_form(patch(self._session, changes)):
                self._live = with_trigger(client.patch(f"/services/{live['id']}", sent))
            send_rest(self._session, live, changes)
        for name in missing:
            self._link_group(name, groups[name].id)
        for name in foreign:
            self._session.notify(f"service {self.spec.name}: unlinking group {name}")
            client.delete(f"/env-groups/{linked[name]}/services/{live['id']}")
        self._converge_domains(live["id"])
        if live["suspended"] == "suspended":
            self._session.notify(f"service {self.spec.name}: resuming")
            path = f"/services/{live['id']}"
            self._session.create(f"{path}/resume", None, lambda: client.get(path)["suspended"] == "not_suspended")
        if needs_deploy:
            self._deploy("configuration changed", marker)
        elif old and self._deploy_is_owed(old):
            self._deploy("an earlier run ended before its deploy", marker)

    def _write(
        self, service_id: str, wanted: list[Wanted], changed: list[Wanted], unknown: list[str], marker: Marker
    ) -> None:
        """Write the variables: the whole list at once if it is ours alone, else the marker and then each variable."""
        self._session.notify(f"service {self.spec.name}: writing {names(changed, unknown)}")
        client, path = self._session.client, f"/services/{service_id}/env-vars"
        kept_by_hand = any(variable.sync is False for variable in self.spec.env_vars)
        if not kept_by_hand and (changed or unknown):
            client.put(path, whole_list(wanted, marker))
        else:
            write_each(client, path, changed, unknown, marker)

    def _is_taken_up_by_a_deploy(self, name: str, old: Marker | None) -> bool:
        """Whether a change of what a marker records needs a deploy.

        A field that is newly declared, or no longer declared, and has the same value needs none.
        """
        if name.startswith(("env.", "group.")):
            return True
        before = old.fields if old else {}
        return name in before and any(field.label == name and field.deploys for field in self._fields)

    def _link_group(self, name: str, group_id: str) -> None:
        assert self._live is not None
        self._session.notify(f"service {self.spec.name}: linking group {name}")
        link(self._session, group_id, self._live["id"])

    def _converge_domains(self, service_id: str) -> None:
        if not self.spec.has_address:
            return
        present = self._domains(service_id)
        if removed := undeclared_domains(present, self.spec.domains):
            for name in removed:
                self._session.notify(f"service {self.spec.name}: removing domain {name}")
                self._session.client.delete(f"/services/{service_id}/custom-domains/{name}")
            present = self._domains(service_id, fresh=True)  # what redirects to a domain goes with it
        self._add_domains(service_id, [name for name in self.spec.domains if name not in present])

    def _deploy(self, reason: str, marker: Marker) -> None:
        assert self._live is not None
        self._session.notify(f"service {self.spec.name}: deploying ({reason})")
        path = f"/services/{self._live['id']}/deploys"
        self._session.create(path, {}, lambda: not self._deploy_is_owed(marker))

    def _deploy_is_owed(self, marker: Marker) -> bool:
        """Whether no deploy has started since the write that the marker records."""
        assert self._live is not None
        newest = self._session.client.get(f"/services/{self._live['id']}/deploys", limit=2)
        taken_up = [e for e in newest if datetime.fromisoformat(e["deploy"]["createdAt"]) >= marker.at]
        return len(taken_up) < (2 if marker.first_deploy_is_stale else 1)


def _same_debt(values: Values, old: Marker) -> Marker:
    """Return a marker for changes that need no deploy. It keeps a deploy that is still needed."""
    return Marker.write(values, old.at, first_deploy_is_stale=old.first_deploy_is_stale)
