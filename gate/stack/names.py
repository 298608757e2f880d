"""What people call a resource and its properties: the vendor's words, from Pulumi's types and property names."""

import json
import re
from collections.abc import Mapping
from typing import Any

from components.vendors import COMMAND, KINDS, RENDER_KINDS, Kind, filled, label_of
from gate.common.report import ReportPart
from gate.stack.values import Path, at, readable


class VendorObject(ReportPart):
    """An object at a vendor, named as people know it: `GitHub`, `branch protection`, `staging`."""

    vendor: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.type} {self.name}"


_PULUMI = {"marketedge", "pulumi"}


def vendor_object(urn: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> VendorObject:
    """Return the object that a resource stands for."""
    token, name = type_of(urn), urn.rpartition("::")[2]
    package, class_name = token.split(":")[0], token.rpartition(":")[2]
    if is_command(urn):
        return VendorObject(vendor="Render", type=_render_type(inputs, outputs), name=name)
    kind = KINDS.get(token, Kind(_words(class_name)))
    name = filled(kind.name, readable({**outputs, **inputs})) or name
    return VendorObject(vendor="Pulumi" if package in _PULUMI else label_of(token), type=kind.words, name=name)


def is_command(urn: str) -> bool:
    """Whether a resource stands for an object at Render: those are commands."""
    return type_of(urn) == COMMAND


def type_of(urn: str) -> str:
    """`github:index/branch:Branch` of a URN, without the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def field(vendor: str, path: Path, properties: Any) -> str:
    """Return a property path as the vendor's API writes it, without an index if there is only one element."""
    shown = ""
    for position, step in enumerate(path):
        if isinstance(step, int):
            block = at(properties, path[:position])
            shown += f"[{step}]" if isinstance(block, list) and len(block) > 1 else ""
        else:
            word = _words(step, "_") if vendor in ("GitHub", "Auth0") else step
            shown += f".{word}" if shown else word
    return shown


def _words(name: str, separator: str = " ") -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", separator, name).lower()


def _render_type(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    for text in (outputs.get("stdout"), inputs.get("stdin")):
        try:
            sections = json.loads(text or "")
        except (TypeError, ValueError):
            continue
        if not isinstance(sections, dict):  # of a command that is not ours
            continue
        for section, kind in RENDER_KINDS.items():
            if sections.get(section):
                return RENDER_KINDS["keyValues"].words if _is_key_value(sections[section]) else kind.words
    return "object"


def _is_key_value(section: Any) -> bool:
    """Whether a section is of a key-value instance, which Blueprints list among the services."""
    return isinstance(section, list) and section[0].get("type") in ("keyvalue", "redis")
