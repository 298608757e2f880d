"""Web services: created, patched where they differ, their variables, group links and domains, and the deploys owed.

Facts (Render API reference): creating a service deploys it at once; a change of variables, of the branch or of a
command does not deploy by itself; autoDeploy is the older form of autoDeployTrigger; `preDeployCommand` is sent in
serviceDetails and answered in its envSpecificDetails; an apex domain brings its www redirect along.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from render.errors import MissingReference, Refused
from render.fields import Difference, Field, body, canonical, creation, differences, observed, show
from render.marker import EXISTS, Marker
from render.session import Json, Session
from render.spec import Known, WebService
from render.variables import (
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

_NATIVE = "serviceDetails.envSpecificDetails"
FIELDS = (
    Field("runtime", "serviceDetails.runtime", deploys=True),
    Field("plan", "serviceDetails.plan"),
    Field("region", "serviceDetails.region", fixed=True),
    Field("repo", "repo", deploys=True),
    Field("branch", "branch", deploys=True),
    Field("root_dir", "rootDir", deploys=True),
    Field("build_command", f"{_NATIVE}.buildCommand", deploys=True),
    Field("start_command", f"{_NATIVE}.startCommand", deploys=True),
    Field("pre_deploy_command", f"{_NATIVE}.preDeployCommand", "serviceDetails.preDeployCommand", deploys=True),
    Field("health_check_path", "serviceDetails.healthCheckPath", deploys=True),
    Field("auto_deploy_trigger", "autoDeployTrigger"),
    Field("build_filter", "buildFilter"),
    Field("previews", "serviceDetails.previews"),
)


class Service:
    """One declared web service and its live counterpart, if any."""

    def __init__(self, session: Session, spec: WebService) -> None:
        self._session, self.spec = session, spec
        self._live = self._find()
        self._present: dict[str, str] = {}
        if self._live:
            listed = session.client.pages(f"/services/{self._live['id']}/env-vars", "envVar")
            self._present = {variable["key"]: variable["value"] for variable in listed}

    def _find(self, *, fresh: bool = False) -> Json | None:
        found = self._session.find("/services", "service", self.spec.name, fresh=fresh)
        return with_trigger(found) if found else None

    def check(self) -> None:
        """Raises: Refused where only a new service would be as declared."""
        if self._live is None:
            return
        if self._live["type"] != "web_service":
            raise Refused(f"service {self.spec.name} exists and is a {self._live['type']}, not a web service")
        for difference in (d for d in self._differences() if d.field.fixed):
            raise Refused(
                f"service {self.spec.name} exists in {difference.live}, declared {difference.declared}: Render moves "
                f"no service between regions. Declare {difference.live}, or declare another name"
            )

    def _differences(self) -> list[Difference]:
        return differences(FIELDS, self.spec, self._live) if self._live else []

    def converge(self, references: References, groups: dict[str, Known]) -> Json:
        """Make it as declared and deploy it if anything changed that only a deploy brings into effect.

        Args: groups: every environment group that is to be linked, by name.
        """
        wanted = Resolver(references, self.spec.name, self._live).resolve(self.spec.env_vars, self._present)
        values = self._recorded(wanted, groups)
        if self._live is None:
            self._create(wanted, values, groups)
        else:
            self._update(self._live, wanted, values, groups)
        assert self._live is not None
        return {
            "id": self._live["id"],
            "url": self._live["serviceDetails"]["url"],
            "dashboardUrl": self._live["dashboardUrl"],
        }

    def observe(self) -> Json:
        """Compared with the marker; a service without one counts as never applied."""
        if self._live is None:
            return observed(None, [])
        drift = variable_drift(self._present, self.spec.ownership)
        if marker := Marker.read(self._present):
            drift += self._field_drift(self._live, marker) + self._link_drift(self._live["id"], marker)
        if self._live["suspended"] == "suspended":
            drift.append("suspended outside Pulumi")
        return observed(self._live, drift)

    def _field_drift(self, live: Json, marker: Marker) -> list[str]:
        reasons = []
        for field in FIELDS:
            now, declared = field.live(live), field.declared(self.spec)
            if not marker.records(field.label, canonical(now)):
                unchanged = marker.records(field.label, canonical(declared))
                reasons.append(f"{field.label}: {show(declared) if unchanged else '(another value)'} → {show(now)}")
        return reasons

    def _link_drift(self, service_id: str, marker: Marker) -> list[str]:
        domains, linked = self._domains(service_id), self._linked(service_id)
        exact = self.spec.ownership == "exact"
        groups, names = marker.names("group."), marker.names("domain.")
        return [
            *(f"domain {name} removed outside Pulumi" for name in sorted(names - domains.keys())),
            *(f"domain {name} added outside Pulumi" for name in sorted(_undeclared_domains(domains, names)) if exact),
            *(f"group {name} unlinked outside Pulumi" for name in sorted(groups - linked.keys())),
            *(f"group {name} linked outside Pulumi" for name in sorted(linked.keys() - groups) if exact),
        ]

    def _recorded(self, wanted: list[Wanted], groups: dict[str, Known]) -> dict[str, str]:
        """What the marker is to hold: field name to value."""
        values = {field.label: canonical(field.declared(self.spec)) for field in FIELDS}
        values |= {f"env.{variable.key}": variable.recorded for variable in wanted}
        values |= {f"group.{name}": f"{group.id} {group.revision}" for name, group in groups.items()}
        return values | {f"domain.{name}": EXISTS for name in self.spec.domains}

    def _create(self, wanted: list[Wanted], values: dict[str, str], groups: dict[str, Known]) -> None:
        spec = self.spec
        self._session.notify(f"service {spec.name}: creating (plan {spec.plan}, region {spec.region})")
        marker = Marker.write(values, self._session.client.server_time, first_deploy_is_stale=bool(groups))
        request = with_older_form(creation(FIELDS, spec)) | {
            "type": "web_service",
            "name": spec.name,
            "ownerId": self._session.owner_id,
            "envVars": whole_list(wanted, marker),
        }
        made = self._session.create("/services", request, lambda: self._find(fresh=True))
        self._live = with_trigger(made.get("service", made))
        for name, group in groups.items():
            self._link(name, group.id)
        self._add_domains(self._live["id"], spec.domains)
        if groups:
            self._deploy("the first deploy started before its variable groups were linked", marker)

    def _update(self, live: Json, wanted: list[Wanted], values: dict[str, str], groups: dict[str, Known]) -> None:
        """The marker goes first: whatever is cut short after it is recognised by a difference or a missing deploy."""
        client, old = self._session.client, Marker.read(self._present)
        changes = self._differences()
        changed = to_write(wanted, self._present)
        unknown = undeclared(self._present, [v.key for v in wanted], self.spec.ownership)
        linked = self._linked(live["id"])
        missing = [name for name in groups if name not in linked]
        foreign = [name for name in linked if name not in groups and self.spec.ownership == "exact"]
        stale = old.changed(values) if old else set()
        needs_deploy = bool(
            changed or unknown or missing or foreign or stale & _DEPLOYS or any(d.field.deploys for d in changes)
        ) or any(name.startswith(("env.", "group.")) for name in stale)
        # Without a marker nobody knows what runs; a service that is shared is adopted without a restart all the same.
        needs_deploy = needs_deploy or (old is None and self.spec.ownership == "exact")

        marker = old
        if marker is None or stale or needs_deploy:
            marker = Marker.write(values, client.server_time) if needs_deploy else _without_deploy(values, old)
            self._write(live["id"], wanted, changed, unknown, marker)
        if changes:
            self._session.notify(f"service {self.spec.name}: {', '.join(map(str, changes))}")
            patch = with_older_form(body((d.field, d.declared) for d in changes))
            self._live = with_trigger(client.patch(f"/services/{live['id']}", patch))
        for name in missing:
            self._link(name, groups[name].id)
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
        """One write for the whole list where it is ours alone; else the marker, then variable by variable."""
        self._session.notify(f"service {self.spec.name}: writing {names(changed, unknown)}")
        client, path = self._session.client, f"/services/{service_id}/env-vars"
        kept_by_hand = any(variable.sync is False for variable in self.spec.env_vars)
        if self.spec.ownership == "exact" and not kept_by_hand and (changed or unknown):
            client.put(path, whole_list(wanted, marker))
        else:
            write_each(client, path, changed, unknown, marker)

    def _linked(self, service_id: str) -> dict[str, str]:
        """Name and id of every environment group that the service is linked to."""
        listed = self._session.listing("/env-groups", "envGroup")
        return {g["name"]: g["id"] for g in listed if any(s["id"] == service_id for s in g["serviceLinks"])}

    def _link(self, name: str, group_id: str) -> None:
        assert self._live is not None
        service_id = self._live["id"]
        self._session.notify(f"service {self.spec.name}: linking group {name}")

        def linked() -> bool:
            group = self._session.client.get(f"/env-groups/{group_id}")
            return any(link["id"] == service_id for link in group["serviceLinks"])

        self._session.create(f"/env-groups/{group_id}/services/{service_id}", None, linked)

    def _domains(self, service_id: str) -> dict[str, Json]:
        listed = self._session.client.pages(f"/services/{service_id}/custom-domains", "customDomain")
        return {domain["name"]: domain for domain in listed}

    def _converge_domains(self, service_id: str) -> None:
        present = self._domains(service_id)
        if removed := _undeclared_domains(present, self.spec.domains) if self.spec.ownership == "exact" else []:
            for name in removed:
                self._session.notify(f"service {self.spec.name}: removing domain {name}")
                self._session.client.delete(f"/services/{service_id}/custom-domains/{name}")
            present = self._domains(service_id)  # what redirects to a domain goes with it
        self._add_domains(service_id, [name for name in self.spec.domains if name not in present])

    def _add_domains(self, service_id: str, names: list[str]) -> None:
        path, added = f"/services/{service_id}/custom-domains", set[str]()

        def look(name: str) -> list[Json]:
            present = self._domains(service_id)
            return list(present.values()) if name in present else []

        for name in names:
            if name not in added:
                self._session.notify(f"service {self.spec.name}: adding domain {name}")
                made = self._session.create(path, {"name": name}, partial(look, name))
                added |= {domain["name"] for domain in made}

    def _deploy(self, reason: str, marker: Marker) -> None:
        assert self._live is not None
        self._session.notify(f"service {self.spec.name}: deploying ({reason})")
        path = f"/services/{self._live['id']}/deploys"
        self._session.create(path, {}, lambda: not self._deploy_is_owed(marker))

    def _deploy_is_owed(self, marker: Marker) -> bool:
        """Whether no deploy has taken up yet what the marker says was written."""
        assert self._live is not None
        newest = self._session.client.get(f"/services/{self._live['id']}/deploys", limit=2)
        taken_up = [e for e in newest if datetime.fromisoformat(e["deploy"]["createdAt"]) >= marker.at]
        return len(taken_up) < (2 if marker.first_deploy_is_stale else 1)


_DEPLOYS = frozenset(field.label for field in FIELDS if field.deploys)


def _without_deploy(values: Mapping[str, str], old: Marker | None) -> Marker:
    """A marker for changes that need no deploy: it keeps what is owed. Before a first marker, nothing is."""
    if old is None:
        return Marker.write(values, datetime.fromtimestamp(0, UTC))
    return Marker.write(values, old.at, first_deploy_is_stale=old.first_deploy_is_stale)


def _undeclared_domains(present: Mapping[str, Json], declared: Collection[str]) -> list[str]:
    """An apex brings its www redirect along, which therefore counts as declared with it."""
    return [name for name, domain in present.items() if not {name, domain["redirectForName"]} & set(declared)]


def group_of(name: str, known: Mapping[str, Known], session: Session) -> Known:
    """Id of a group that is to be linked, looked up where the document does not say it.

    Raises: MissingReference.
    """
    if name in known:
        return known[name]
    if (found := session.find("/env-groups", "envGroup", name)) is None:
        raise MissingReference(f"no environment group is named {name!r}: declare it, or correct fromGroup")
    return Known(id=found["id"])


def with_trigger(live: Json) -> Json:
    """A service that answers only autoDeploy, read as one that answers autoDeployTrigger too."""
    older = "commit" if live.get("autoDeploy") == "yes" else "off"
    return live | {"autoDeployTrigger": live.get("autoDeployTrigger") or older}


def with_older_form(request: dict[str, Any]) -> dict[str, Any]:
    """Say autoDeploy as well wherever autoDeployTrigger is sent."""
    trigger = request.get("autoDeployTrigger")
    return request | {"autoDeploy": "no" if trigger == "off" else "yes"} if trigger else request
