"""The virtual environment `venv/`: the one that Pulumi.yaml names, with what the tests need added."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tools.running import SetupError, answer, one_at_a_time, run_with_progress

OLDEST_PYTHON = (3, 11)


def complaint_about_python(version: Sequence[int], can_make_environments: bool) -> str | None:
    """Why this Python cannot be used, or None when it can."""
    needed = ".".join(map(str, OLDEST_PYTHON))
    found = ".".join(map(str, version[:3]))
    if tuple(version[:2]) < OLDEST_PYTHON:
        return f"Python {needed} or newer is needed, {sys.executable} is {found}; install a newer one beside it"
    if not can_make_environments:
        return (
            f"Python {found} ({sys.executable}) cannot make virtual environments: its venv or ensurepip module is "
            "missing; install it (on Debian and Ubuntu: the package python3-venv)"
        )
    return None


def can_make_environments() -> bool:
    return all(find_spec(module) is not None for module in ("venv", "ensurepip"))


def requirements_digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(root.glob("requirements*.txt")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def environment_stamp(root: Path) -> str | None:
    """Return the stamp of `venv/` as the requirements need it, or None without a working Python."""
    # Asked of the environment itself: an upgraded system Python can leave it with a Python that lacks its packages.
    question = "import sys, pip; print('python%d.%d' % sys.version_info[:2], sys.version_info >= (3, 11))"
    status, text = answer([str(root / "venv" / "bin" / "python"), "-c", question])
    if status != 0 or not text.endswith(" True"):
        return None
    return f"{text.split()[0]} requirements {requirements_digest(root)}\n"


def environment_is_ready(root: Path) -> bool:
    stamp = root / "venv" / ".setup-stamp"
    return stamp.is_file() and stamp.read_text() == environment_stamp(root)


def prepare_environment(root: Path) -> None:
    if environment_is_ready(root):
        return
    with one_at_a_time(root):
        if environment_is_ready(root):  # made by the set-up that this one waited for
            return
        venv, stamp = root / "venv", root / "venv" / ".setup-stamp"
        # The stamp goes first and comes last: whatever interrupts the steps between, the next run does them again.
        stamp.unlink(missing_ok=True)
        if environment_stamp(root) is None:
            # This script may itself run in the environment that is being replaced; its base outlives it.
            base = getattr(sys, "_base_executable", None) or sys.executable
            create = [base, "-m", "venv", "--clear", str(venv)]
            run_with_progress(f"creating venv/ with Python {sys.version.split()[0]}", create, root)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        install = [*pip, "install", "--progress-bar=off", "-r", "requirements-dev.txt"]
        run_with_progress("installing requirements-dev.txt", install, root)
        ready = environment_stamp(root)
        if ready is None:
            raise SetupError("venv/ does not work after its installation; `make clean` and try again")
        stamp.write_text(ready)
