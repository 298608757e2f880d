"""One stack: it exists, its secrets open, and its file is valid. It reads the state, and shows nothing of it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from components.configuration import Loaded, load
from components.configuration_errors import SettingsError
from components.stack_file import StackConfig
from components.vendors import SECRETS
from gate.checks.verdict import Line, Verdict, failed, note, passed, unknown
from gate.common.errors import GateError, StackUnavailable
from gate.common.redaction import configured_secrets
from gate.stack.project import ask, open_stack, said
from gate.stack.steps import run_preview
from gate.stack.target import read_config, stack_file

_PASSPHRASE = "export PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE"
_ACCESS = "get access to the secrets provider that Pulumi.{name}.yaml names (pulumi stack change-secrets-provider)"


@dataclass(frozen=True)
class Opened:
    """What the backend tells of a stack.

    Attributes:
        config: text by key, secrets in clear. It is empty if the secrets do not open.
        secret_keys: which of them are secrets.
        records: targets of the DNS records that the last `up` listed, by name; None if there never was one.
    """

    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_keys: frozenset[str] = frozenset()
    records: Mapping[str, str] | None = None


def stack_lines(workspace: automation.LocalWorkspace, name: str, found: list[Line]) -> Opened:
    """Add lines on whether it exists and whether its secrets open."""
    verdict = _exists(workspace, name)
    found.append(Line(name, "stack", verdict))
    if verdict.outcome == "fail":
        return Opened()
    try:
        config = workspace.get_all_config(name)
        state = workspace.export_stack(name)
    except (automation.CommandError, ValueError) as error:
        reason = said(error).splitlines()[0]
        fix = _PASSPHRASE if "passphrase" in reason else _ACCESS.format(name=name)
        fix = f"correct Pulumi.{name}.yaml" if "YAML" in reason or "to be an object" in reason else fix
        found.append(Line(name, "secrets of the stack", failed(f"cannot be decrypted: {reason}", fix)))
        return Opened()
    secret = frozenset(key for key, value in config.items() if value.secret)
    found.append(Line(name, "secrets of the stack", passed("open")))
    return Opened({key: value.value for key, value in config.items()}, secret, _records(state.deployment or {}))


def _exists(workspace: automation.LocalWorkspace, name: str) -> Verdict:
    try:
        listed = ask(workspace, "stack", "ls", "--json")
    except StackUnavailable as error:
        return failed(f"the backend does not list its stacks: {error}", "log in: pulumi login")
    # A backend with organizations names those of another one than one's own in full.
    mine = [one for one in listed if str(one["name"]).rpartition("/")[2] == name]
    if not mine:
        return failed("does not exist in this backend", f"run pulumi stack init {name}, or log in to another backend")
    count = mine[0].get("resourceCount")
    return passed(f"{count} resources" if count else "exists, never up")


def _records(deployment: Mapping[str, Any]) -> Mapping[str, str] | None:
    for resource in deployment.get("resources") or []:
        if resource["type"] == "pulumi:pulumi:Stack":
            records = (resource.get("outputs") or {}).get("dnsRecords") or []
            return {record["name"]: record["target"] for record in records}
    return None


def settings_lines(
    name: str, opened: Opened, environ: Mapping[str, str], folder: Path
) -> tuple[list[Line], Loaded | None]:
    """Return one line for each problem of the stack's file, and the settings that vendors can be asked about."""
    values, secret_keys, names_known = dict(opened.config), opened.secret_keys, True
    try:
        file = read_config(stack_file(name, folder))
        if not values:
            values, secret_keys, names_known = _from_file(file)
    except StackUnavailable as error:
        return [Line(name, "configuration", failed(str(error), "correct it, or restore it from Git"))], None
    # The form of tokens is looked at with their vendors.
    others = {key: value for key, value in environ.items() if key != "VERCEL_API_TOKEN"}
    lines = []
    try:
        load(name, values, secret_keys, others, check_secrets=names_known, file=file)
    except SettingsError as error:
        lines = [Line(name, one.path, failed(one.found, one.expected)) for one in error.problems]
    try:
        loaded = load(name, values, secret_keys, others, check_secrets=False, file=file)
    except SettingsError:
        return lines, None
    return lines or [Line(name, "configuration", passed("valid, every secret is set"))], loaded


def _from_file(file: StackConfig) -> tuple[dict[str, str], frozenset[str], bool]:
    """Return the file's content with the names of its secrets, and whether their values can be read."""
    if SECRETS not in file.secret_keys:
        return dict(file), frozenset(), True
    if SECRETS not in file.secrets:
        return dict(file), frozenset(), False
    known = {name: "set" for name, kept in file.secrets[SECRETS].items() if kept is not None}
    return file | {SECRETS: json.dumps(known)}, frozenset({SECRETS}), True


def existing(name: str, hide: Callable[[Iterable[str]], None]) -> Line:
    """Preview a stack, which tells what exists of what it would create.

    Args:
        hide: is called with the stack's secrets before anything is told.
    """
    title = "what exists already"
    try:
        stack = open_stack(name)
        hide(configured_secrets(stack.get_all_config()))
        found = run_preview(stack).existing
    except GateError as error:
        return Line(name, title, unknown(" ".join(str(error).split())))
    if not found:
        return Line(name, title, passed("nothing that up would create"))
    fix = f"run gate adopt --env {name} before up, and paste its lines into Pulumi.{name}.yaml"
    return Line(name, title, note("; ".join(found), fix))
