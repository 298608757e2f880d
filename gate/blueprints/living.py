"""Describes the objects of a workspace as a Blueprint would declare them."""

from collections.abc import Callable
from typing import Any

from blueprint.kinds import GROUP, KEY_VALUE, POSTGRES, SERVICES, STATIC, WEB, Kind
from blueprint.marker import KEY
from blueprint.workspace import Session
from gate.blueprints.document import Json


def living(session: Session) -> Json:
    """Return every object of the workspace except previews, declared as adopted. Values of variables are not read.

    Raises:
        RenderError: of any kind.
    """
    groups = session.listing(GROUP.path)
    databases = session.listing(POSTGRES.path)
    services = [
        _service(session, kind, row, groups)
        for kind in SERVICES
        for row in session.listing(kind.path)
        if row["type"] == kind.type and "parentServer" not in row["serviceDetails"]
    ]
    stores = [_declared(KEY_VALUE, row) for row in session.listing(KEY_VALUE.path)]
    return {
        "databases": [_declared(POSTGRES, row) for row in databases if row["role"] == "primary"],
        "services": [*services, *stores],
        "envVarGroups": [{"name": row["name"], "envVars": []} for row in groups],
    }


def _service(session: Session, kind: Kind, row: Json, groups: list[Json]) -> Json:
    path = f"/services/{row['id']}"
    linked = [group["name"] for group in groups if row["id"] in (link["id"] for link in group["serviceLinks"])]
    keys = [variable["key"] for variable in session.client.pages(f"{path}/env-vars")]
    variables = [{"key": key, "sync": False} for key in sorted(keys) if key != KEY]
    declared = _declared(kind, row)
    if kind in (WEB, STATIC):
        domains = session.client.pages(f"{path}/custom-domains")
        declared["domains"] = [domain["name"] for domain in domains if not domain["redirectForName"]]
    return declared | {"envVars": [*({"fromGroup": name} for name in linked), *variables]}


def _declared(kind: Kind, row: Json) -> Json:
    """Return what an object has, in the keys and words that people write."""
    fields = kind.model.model_fields
    words = {key: fields[key].default for key in ("type", "runtime") if key in fields and fields[key].default}
    found = {field.label: field.live(row) for field in kind.fields}
    found |= {label: into_words(found[label]) for label, into_words in INTO_WORDS.items() if label in found}
    del found["environment"]
    if found.get("scaling"):
        found.pop("numInstances", None)
    kept = {label: value for label, value in found.items() if value not in (None, "", [], {}, False)}
    allowed = {"ipAllowList": found["ipAllowList"]} if kind in (POSTGRES, KEY_VALUE) else {}
    return words | {"name": row["name"]} | kept | allowed


def _scaling(value: Json | None) -> Json | None:
    if not value or not value["enabled"]:
        return None
    targets = {"cpu": "targetCPUPercent", "memory": "targetMemoryPercent"}
    criteria = {key: value["criteria"][name] for name, key in targets.items()}
    declared = {key: one["percentage"] for key, one in criteria.items() if one["enabled"]}
    return {"minInstances": value["min"], "maxInstances": value["max"]} | declared


def _credentials(name: str | None) -> Json | None:
    return {"fromRegistryCreds": {"name": name}} if name else None


def _image(value: Json | None) -> Json | None:
    if not value:
        return None
    credentials = _credentials(value.get("registryCredential"))
    return {"url": value["imagePath"]} | ({"creds": credentials} if credentials else {})


INTO_WORDS: dict[str, Callable[[Any], Any]] = {
    "ipAllowList": lambda blocks: [{"source": b["cidrBlock"], "description": b["description"]} for b in blocks or ()],
    "readReplicas": lambda replicas: [{"name": replica["name"]} for replica in replicas or ()],
    "scaling": _scaling,
    "image": _image,
    "registryCredential": _credentials,
    "disk": lambda disk: disk and {key: disk[key] for key in ("name", "mountPath", "sizeGB")},
    "maintenanceMode": lambda mode: mode if mode and mode["enabled"] else None,
    "buildFilter": lambda paths: paths if paths and any(paths.values()) else None,
}
"""Translate the API's form of a field to a Blueprint's, for those that differ."""
