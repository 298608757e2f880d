"""Puts the stand-in plugins where one engine process finds them: a temporary folder on its PATH."""

import shlex
import sys
from pathlib import Path

PROVIDERS = ("github", "auth0", "vercel", "command")
LANGUAGE = "python"
_PROJECT = Path(__file__).resolve().parents[2]
# Not PYTHONPATH: the commands that the command plugin runs would inherit it, and find what they should not.
_START = (
    f"import runpy, sys; sys.path.insert(0, {str(_PROJECT)!r}); "
    "runpy.run_module('rehearsal.plugins', run_name='__main__')"
)


def install(directory: Path) -> Path:
    """Write an executable for each plugin into a directory, which must be outside the source tree."""
    target = directory.resolve()
    if target.is_relative_to(_PROJECT):
        raise ValueError(f"{target} lies in the source tree: stand-in plugins go into a throwaway folder")
    target.mkdir(parents=True, exist_ok=True)
    for kind, name in [("language", LANGUAGE), *(("resource", name) for name in PROVIDERS)]:
        wrapper = target / f"pulumi-{kind}-{name}"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(_START)} {name} "$@"\n')
        wrapper.chmod(0o755)
    return target
