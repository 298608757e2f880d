"""Every package that the code imports is named in pyproject.toml, and everything that is installed is locked."""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.rounds

PROJECT = Path(__file__).resolve().parents[2]
GROUPS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]
LOCKS = {"gate": "requirements-gate.txt", "program": "requirements.txt", "dev": "requirements-dev.txt"}
PROGRAM = ("__main__.py", "blueprint", "components", "gate")
SHARED_NAMESPACES = {"google": "protobuf"}
"""Import names that several packages share, with the one that we mean."""
PEOPLE_RUN = {"import-linter", "mypy", "pytest-cov", "pytest-random-order", "pytest-xdist", "ruff", "uv", "zizmor"}
ASKED_FOR_BY_OTHERS = {
    "flask": "moto's server",
    "flask-cors": "moto's server",
    "githubkit-schemas-2022-11-28": "githubkit, as githubkit_schemas",
    "hishel": "githubkit, which does not know its 2.0",
    "pip": "the engine, which runs it in each preview",
}


def named(group: str) -> dict[str, Requirement]:
    """The direct dependencies of a group, by name."""
    found: dict[str, Requirement] = {}
    entry: Any
    for entry in GROUPS[group]:
        if isinstance(entry, dict):
            found |= named(entry["include-group"])
        else:
            requirement = Requirement(entry)
            found[canonicalize_name(requirement.name)] = requirement
    return found


def locked(group: str) -> dict[str, str]:
    """Each entry of a lock file, with its hashes, by name."""
    text = (PROJECT / LOCKS[group]).read_text()
    entries = text.replace("\\\n", "").splitlines()
    found = {entry.partition("==")[0].partition("[")[0]: entry for entry in entries if not entry.startswith("#")}
    return {canonicalize_name(name): entry for name, entry in found.items()}


def imports(*places: str) -> Iterator[tuple[str, str]]:
    """Where a package is imported, and its distribution."""
    distributions = installed()
    ours = {path.stem for path in PROJECT.iterdir()}
    for place in places:
        path = PROJECT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for name in imported_by(file) - sys.stdlib_module_names - ours:
                distribution = SHARED_NAMESPACES.get(name) or distributions[name][0]
                yield str(file.relative_to(PROJECT)), canonicalize_name(distribution)


installed = functools.cache(metadata.packages_distributions)


@functools.cache
def imported_by(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("group", "places"),
    [("program", PROGRAM), ("dev", (*PROGRAM, "rehearsal", "benchmarks", "tools", "tests"))],
)
def test_every_import_is_a_direct_dependency(group: str, places: tuple[str, ...]) -> None:
    unnamed = {f"{file}: {name}" for file, name in imports(*places) if name not in named(group)}
    assert unnamed == set()


@pytest.mark.parametrize(
    ("group", "places"),
    [
        ("gate", PROGRAM[1:]),
        ("program", PROGRAM),
        ("dev", (*PROGRAM, "rehearsal", "benchmarks", "tools", "tests")),
    ],
)
def test_every_direct_dependency_is_used(group: str, places: tuple[str, ...]) -> None:
    imported = {name for _, name in imports(*places)}
    types = {name for name in named(group) if name.startswith("types-") and name[len("types-") :] in imported}
    assert set(named(group)) - imported - types - PEOPLE_RUN - set(ASKED_FOR_BY_OTHERS) == set()


@pytest.mark.parametrize("group", LOCKS)
def test_the_lock_holds_what_is_named_with_hashes(group: str) -> None:
    entries = locked(group)
    for name, requirement in named(group).items():
        version = str(requirement.specifier)
        assert version.startswith("=="), f"{name} is not pinned in pyproject.toml"
        assert entries.get(name, "").partition("==")[2].split()[0] == version[2:], f"{name}: run `make lock`"
    unsafe = [name for name, entry in entries.items() if "--hash=sha256:" not in entry]
    assert unsafe == []


def test_the_locks_agree_with_each_other() -> None:
    dev = locked("dev")
    for group in ("gate", "program"):
        assert locked(group).items() <= dev.items()


def test_what_the_gate_installs_holds_no_sdk_of_a_provider() -> None:
    assert [name for name in locked("gate") if name.startswith("pulumi")] == []
