"""What people call a resource and its properties: the vendor's words, from Pulumi's types and property names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from components.vocabulary import COMMAND
from gate.changes.report import Thing
from gate.common.redaction import SECRET
from gate.stack.values import UNKNOWN, Path, at

_VENDORS = {"github": "GitHub", "auth0": "Auth0", "vercel": "Vercel", "marketedge": "Pulumi", "pulumi": "Pulumi"}

_KNOWN: dict[str, tuple[str, str]] = {
    # The vendor's word for it, and how one is told from another, in properties of the resource.
    "github:BranchProtection": ("branch protection", "{pattern}"),
    "github:Branch": ("branch", "{branch}"),
    "github:RepositoryEnvironment": ("environment", "{environment}"),
    "github:RepositoryEnvironmentDeploymentPolicy": ("deployment policy", "{environment}"),
    "github:ActionsEnvironmentVariable": ("environment variable", "{environment}/{variableName}"),
    "github:ActionsEnvironmentSecret": ("environment secret", "{environment}/{secretName}"),
    "github:ActionsVariable": ("variable", "{variableName}"),
    "github:ActionsSecret": ("secret", "{secretName}"),
    "github:RepositoryRuleset": ("ruleset", "{name}"),
    "github:Repository": ("repository", "{name}"),
    "auth0:Client": ("application", "{name}"),
    "auth0:ClientCredentials": ("application credentials", "{clientId}"),
    "vercel:Project": ("project", "{name}"),
    "vercel:ProjectDomain": ("domain", "{domain}"),
    "vercel:ProjectEnvironmentVariable": ("variable", "{key}"),
}
_SECTIONS = {
    "databases": "database",
    "keyValues": "key-value instance",
    "envVarGroups": "environment group",
    "services": "service",
}
"""By the section that a Render object's command reports it in."""


def thing(urn: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Thing:
    """The object that a resource stands for."""
    token, name = type_of(urn), urn.rpartition("::")[2]
    package, class_name = token.split(":")[0], token.rpartition(":")[2]
    if is_command(urn):
        return Thing(vendor="Render", type=_render_type(name, inputs, outputs), name=name)
    type_, template = _KNOWN.get(f"{package}:{class_name}", (_words(class_name), ""))
    properties = {**outputs, **inputs}
    needed = re.findall(r"{(\w+)}", template)
    parts = {key: at(properties, (key,)) for key in needed}
    if needed and all(isinstance(part, str) and part not in (SECRET, UNKNOWN) for part in parts.values()):
        name = template.format_map(parts)
    return Thing(vendor=_VENDORS.get(package, package), type=type_, name=name)


def is_command(urn: str) -> bool:
    """Whether a resource stands for an object at Render: those are commands."""
    return type_of(urn) == COMMAND


def type_of(urn: str) -> str:
    """`github:index/branch:Branch` of a URN, without the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def field(vendor: str, path: Path, properties: Any) -> str:
    """A property path as the vendor's API writes it. An index is left out where there is only one element."""
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


def _render_type(name: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    for text in (outputs.get("stdout"), inputs.get("stdin")):
        try:
            sections = json.loads(text or "")
        except (TypeError, ValueError):
            continue
        for section, word in _SECTIONS.items():
            if _names(sections.get(section)) == {name}:
                return _SECTIONS["keyValues"] if _is_key_value(sections[section]) else word
    return "object"


def _names(section: Any) -> set[str]:
    """Of a report (objects by name) or of a document (a list of them)."""
    if isinstance(section, Mapping):
        return set(section)
    return {str(one.get("name")) for one in section} if isinstance(section, list) else set()


def _is_key_value(section: Any) -> bool:
    """Blueprints list key-value instances among the services."""
    return isinstance(section, list) and section[0].get("type") in ("keyvalue", "redis")
