"""The SDKs' names mean the same whether a package is loaded piece by piece or as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]


def ended(program: str) -> str:
    """What a program prints, in a process of its own: this one has loaded everything."""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_a_stack_declares_loads_no_other_resource() -> None:
    loaded = ended(
        "import sys, components, pulumi_github as github\n"
        "github.BranchProtectionArgs, github.BranchProtectionRequiredStatusCheckArgs, github.get_repository_output\n"
        "print(*sorted(name for name in sys.modules if name.startswith('pulumi_github.')))"
    )
    modules = {name.partition(".")[2] for name in loaded.split()}
    assert modules == {"_inputs", "_utilities", "branch_protection", "get_repository", "outputs"}


@pytest.mark.parametrize("package", ["pulumi_auth0", "pulumi_github", "pulumiverse_vercel"])
def test_every_name_is_found_and_is_the_packages_own(package: str) -> None:
    """The names of the package as it is without us, each asked for before the whole is loaded."""
    names = ended(
        f"import {package} as whole, inspect\n"
        "print(*(n for n, v in vars(whole).items() if not n.startswith('_') and (inspect.isclass(v) or "
        "inspect.isfunction(v))))"
    ).split()
    assert len(names) > 100
    wrong = ended(
        f"import components, {package} as piecewise\n"
        f"names = {names}\n"
        "print(*(n for n in names if getattr(piecewise, n).__name__ != n))"
    )
    assert wrong == ""


def test_an_unknown_name_is_refused_as_ever() -> None:
    said = ended(
        "import components, pulumi_github\ntry: pulumi_github.NoSuchThing\nexcept AttributeError as error: print(error)"
    )
    assert said == "module 'pulumi_github' has no attribute 'NoSuchThing'"
