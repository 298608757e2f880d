"""This machine: Python and its packages, the Pulumi CLI, its plugins, and the backend that it is logged in to."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from pulumi import automation

from components.stack_file import required_version
from gate.checks.verdict import Line, Verdict, failed, passed, unknown
from gate.common.errors import StackUnavailable
from gate.stack.project import ask, find_cli

TOPIC = "this machine"
OLDEST_PYTHON = (3, 11)
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")
_BOUND = re.compile(r"(>=|<=|!=|>|<|=)\s*v?([\d.]+)")
_INSTALL = "run pulumi install in this folder"
_HOW_TO_GET_CLI = "install it: https://www.pulumi.com/docs/install/"


def python_lines(folder: Path) -> Iterator[Line]:
    """Check the interpreter, and the packages that requirements.txt pins."""
    found, oldest = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST_PYTHON))
    fits = sys.version_info[:2] >= OLDEST_PYTHON
    verdict = passed(found) if fits else failed(f"{found} is too old", f"install Python {oldest} or newer")
    yield Line(TOPIC, "Python", verdict)
    yield Line(TOPIC, "Python packages", _packages(folder / "requirements.txt"))


def pins(path: Path) -> dict[str, str]:
    """Return the wanted versions by package, without those for other machines.

    Raises:
        OSError: the file cannot be read.
    """
    lines = [line.removesuffix("\\") for line in path.read_text(encoding="utf-8").splitlines()]
    wanted = [Requirement(line) for line in lines if line and not line.startswith(("#", " "))]
    here = [one for one in wanted if one.marker is None or one.marker.evaluate()]
    return {one.name: str(one.specifier).removeprefix("==") for one in here}


def _packages(path: Path) -> Verdict:
    fix = "run venv/bin/python -m pip install -r requirements.txt"
    try:
        wanted = pins(path)
    except OSError:
        return failed(f"there is no {path}", "run this in the project's folder")
    wrong = [f"{name} is {found}, pinned {pin}" for name, pin in wanted.items() if (found := _version(name)) != pin]
    return failed("; ".join(wrong), fix) if wrong else passed(f"{len(wanted)} as pinned")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def cli_verdict(folder: Path) -> Verdict:
    """Check that the CLI exists, in the range that Pulumi.yaml asks for (`requiredPulumiVersion`)."""
    try:
        cli = find_cli()
        done = subprocess.run([cli, "version"], capture_output=True, text=True, timeout=60, check=False)
    except StackUnavailable:
        return failed("is not on PATH", _HOW_TO_GET_CLI)
    except (OSError, subprocess.TimeoutExpired) as error:
        return failed(f"does not run: {type(error).__name__}", _HOW_TO_GET_CLI)
    if not (match := _VERSION.match(done.stdout.strip())):
        return failed(f"{cli} does not tell its version", _HOW_TO_GET_CLI)
    wanted = required_version(folder)
    version = match[1]
    return passed(version) if within(version, wanted) else failed(f"{version}, expected {wanted}", _HOW_TO_GET_CLI)


def within(version: str, wanted: str) -> bool:
    """Whether a version keeps every bound.

    Args:
        wanted: as Pulumi.yaml writes it, such as `>=3.200.0 <4.0.0`.
    """
    bounds = _BOUND.findall(wanted)
    return SpecifierSet(",".join(f"{'==' if sign == '=' else sign}{limit}" for sign, limit in bounds)).contains(version)


def plugin_lines(workspace: automation.LocalWorkspace, folder: Path) -> Iterator[Line]:
    """Check the language host, and each provider in the version that its package needs."""
    try:
        listed = ask(workspace, "plugin", "ls", "--json")
    except StackUnavailable as error:
        yield Line(TOPIC, "Pulumi plugins", unknown(f"cannot be listed: {error}"))
        return
    have = {(one["kind"], one["name"], str(one.get("version") or "").removeprefix("v")) for one in listed}
    yield Line(TOPIC, "language plugin python", _language(have))
    for name, version, server in wanted_plugins(folder):
        yield Line(TOPIC, f"provider plugin {name}", _provider(have, name, version, server))


def _language(have: set[tuple[str, str, str]]) -> Verdict:
    beside = Path(find_cli()).resolve().with_name("pulumi-language-python")
    if beside.is_file() or shutil.which("pulumi-language-python"):
        return passed("comes with the CLI")
    if any((kind, name) == ("language", "python") for kind, name, _ in have):
        return passed("installed")
    return failed(
        "is missing", "install the CLI as a whole, it lies beside `pulumi`: https://www.pulumi.com/docs/install/"
    )


def wanted_plugins(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Return name, version and, if it is not Pulumi's own, server of each plugin that a pinned package needs."""
    for package in pins(folder / "requirements.txt"):
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == "pulumi-plugin.json":
                about = json.loads(file.read_text())
                yield about["name"], about["version"].removeprefix("v"), about.get("server", "")


def _provider(have: set[tuple[str, str, str]], name: str, version: str, server: str) -> Verdict:
    versions = sorted(v for kind, n, v in have if (kind, n) == ("resource", name))
    if version in versions:
        return passed(version)
    if not os.environ.get("PULUMI_IGNORE_AMBIENT_PLUGINS") and shutil.which(f"pulumi-resource-{name}"):
        return passed(f"the one on PATH is used instead of {version}")
    option = f" --server {server}" if server else ""
    fix = f"{_INSTALL}, or pulumi plugin install resource {name} {version}{option}"
    return failed(f"{', '.join(versions) or 'none'} is installed, the package wants {version}", fix)


def backend_verdict(workspace: automation.LocalWorkspace) -> Verdict:
    """Check who is logged in, and where the state is."""
    try:
        found = ask(workspace, "whoami", "--json")
    except StackUnavailable as error:
        return failed(
            f"nobody is logged in ({error})", "run pulumi login --local, or pulumi login <address of your backend>"
        )
    url = urlsplit(str(found.get("url") or ""))
    place = url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()
    return passed(f"{found['user']} at {place}" if place else str(found["user"]))
