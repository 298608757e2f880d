"""The Pulumi CLI for rehearsal and tests: the one on PATH if it is suitable, else one built from tools/pulumi."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from tools.running import SetupError, answer, one_at_a_time, run_with_progress, say


class Version(NamedTuple):
    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


OLDEST_CLI = Version(3, 200, 0)
FIRST_UNSUITABLE_CLI = Version(4, 0, 0)
CLI_MODULE = "github.com/pulumi/pulumi/pkg/v3"
CLI_VARIABLE = "MARKETEDGE_PULUMI"

HOW_TO_INSTALL_CLI = """\
Install the Pulumi CLI ({oldest} or newer), then run the same command again:
  macOS or Linux with Homebrew   brew install pulumi/tap/pulumi
  Linux with Nix                 nix profile install nixpkgs#pulumi-bin
  anything else                  https://www.pulumi.com/docs/install/
With Go {go} or newer on PATH it is built from source instead, once, in a few minutes.
A CLI that is not on PATH can be named: {variable}=/path/to/pulumi"""


def parse_version(text: str) -> Version | None:
    """Return the version in `v3.210.0`, `3.210.0-dev.1` or `go version go1.25 linux/amd64`."""
    match = re.match(r"(?:go version go|v)?(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])", text.strip())
    return Version(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def complaint_about_cli(binary: str) -> str | None:
    """Why this Pulumi CLI cannot be used, or None when it can."""
    status, text = answer([binary, "version"])
    version = parse_version(text) if status == 0 else None
    if version is None:
        first = text.splitlines()[0] if text else "nothing"
        return f"{binary} does not tell its version (exit code {status}, it said: {first})"
    if version < OLDEST_CLI:
        return f"{binary} is version {version}, older than {OLDEST_CLI}"
    if version >= FIRST_UNSUITABLE_CLI:
        return f"{binary} is version {version}, and {FIRST_UNSUITABLE_CLI} or newer is not known to work"
    return None


def from_go_mod(root: Path, pattern: str) -> str:
    path = root / "tools" / "pulumi" / "go.mod"
    match = re.search(pattern, path.read_text(), re.MULTILINE)
    if match is None:
        raise SetupError(f"{path.relative_to(root)} has no line like {pattern}")
    return match[1]


def pinned_cli(root: Path) -> str:
    return from_go_mod(root, r"^\s*" + re.escape(CLI_MODULE) + r" (v\S+)")


def oldest_go(root: Path) -> str:
    return from_go_mod(root, r"^go (\S+)$")


def complaint_about_go(root: Path) -> str | None:
    """Why the CLI cannot be built here, or None when it can."""
    if shutil.which("go") is None:
        return "Go is not on PATH"
    # Asked inside the module: there Go fetches the newer toolchain that go.mod wants, or refuses, as it is configured.
    status, text = answer(["go", "version"], cwd=root / "tools" / "pulumi", timeout=600)
    if status != 0:
        return f"Go does not accept tools/pulumi: {text.splitlines()[-1] if text else f'exit code {status}'}"
    version, needed = parse_version(text), parse_version(oldest_go(root))
    if version is None or needed is None:
        return f"Go does not tell its version (it said: {text})"
    if version < needed:
        return f"Go {version} is too old, {needed} is needed"
    return None


def build_cli(root: Path, binary: Path) -> None:
    """Build the pinned CLI beside its place and move it there in one step, so that `binary` is whole or absent."""
    pinned = pinned_cli(root)
    binary.parent.mkdir(parents=True, exist_ok=True)
    for leftover in binary.parent.glob("*.partial"):  # of a build that was killed; ours is the only one under the lock
        leftover.unlink()
    partial = binary.parent / f"{binary.name}.{os.getpid()}.partial"
    # Without the version linked in, the Automation API refuses the CLI.
    link = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={pinned}"
    options = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", link]
    try:
        run_with_progress(
            f"building the Pulumi CLI {pinned}",
            ["go", "build", *options, "-o", str(partial), CLI_MODULE + "/cmd/pulumi"],
            root / "tools" / "pulumi",
            GOWORK="off",
            CGO_ENABLED="0",
        )
        complaint = complaint_about_cli(str(partial))
        if complaint:
            raise SetupError(f"the CLI that was built is of no use: {complaint}")
        partial.replace(binary)
    finally:
        partial.unlink(missing_ok=True)


def is_pinned_cli(root: Path, binary: Path) -> bool:
    return binary.is_file() and answer([str(binary), "version"]) == (0, pinned_cli(root))


def prepare_cli(root: Path) -> str:
    """Return the path of a suitable Pulumi CLI: named, on PATH, built before, or built now."""
    named = os.environ.get(CLI_VARIABLE)
    if named:
        program = shutil.which(named)
        complaint = complaint_about_cli(program) if program else f"{named} is not a program"
        if program is None or complaint:
            raise SetupError(f"{CLI_VARIABLE}: {complaint}")
        return os.path.abspath(program)
    on_path = shutil.which("pulumi")
    unsuitable = complaint_about_cli(on_path) if on_path else "no pulumi on PATH"
    if on_path and not unsuitable:
        return os.path.abspath(on_path)
    binary = root / ".cache" / "pulumi" / "pulumi"
    if is_pinned_cli(root, binary):
        return str(binary)
    cannot_build = complaint_about_go(root)
    if cannot_build is None:
        with one_at_a_time(root):
            if is_pinned_cli(root, binary):  # built by the set-up that this one waited for
                return str(binary)
            say(f"{unsuitable}; building one for this project alone, which takes a few minutes, once")
            try:
                build_cli(root, binary)
                return str(binary)
            except SetupError as problem:
                cannot_build = str(problem)
    how_to = HOW_TO_INSTALL_CLI.format(oldest=OLDEST_CLI, go=oldest_go(root), variable=CLI_VARIABLE)
    raise SetupError(f"no suitable Pulumi CLI: {unsuitable}; and none can be built: {cannot_build}\n{how_to}")
