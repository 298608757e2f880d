"""Runs the program once, with Pulumi's mocks in the engine's place, and prints the CPU seconds of its parts as JSON.

`python -m benchmarks.start WAY` reads the stack's configuration from standard input, and finds the vendors by its
environment. With WAY `plain`, the SDKs are loaded whole and Python looks for garbage, as in a program that does nothing
about it.
"""
# ruff: noqa: E402 # where an import stands is what is measured

import sys
import time

marks = {"the interpreter": time.process_time()}


def mark(part: str) -> None:
    """Note what was used since the last mark."""
    marks[part] = time.process_time() - sum(marks.values())


import pulumi

mark("`import pulumi`")

import gc
import importlib
import json
import runpy
from typing import Any

LIBRARIES = ("httpx", "pydantic.main", "tenacity", "yaml")
SDKS = ("pulumi_auth0", "pulumi_github", "pulumiverse_vercel")


class Vendors(pulumi.runtime.Mocks):
    """Have everything that the program asks for."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Return an id and what was declared."""
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Return what was asked for, with ids."""
        return {"id": "some-id", "nodeId": "some-node", **args.args}


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def run_program() -> None:
    """Run the program of the current folder until every resource is declared."""
    runpy.run_path("__main__.py", run_name="__main__")


def main() -> None:
    """Load the libraries, then the program, and print the marks."""
    if sys.argv[1] == "plain":
        gc.disable = gc.freeze = lambda: None
    gc.disable()
    for module in LIBRARIES:
        importlib.import_module(module)
    mark("`import` httpx, pydantic, tenacity, yaml")
    if sys.argv[1] == "plain":
        for module in SDKS:
            importlib.import_module(module)
    pulumi.runtime.set_mocks(Vendors(), "marketedge-staging-gate", "staging", preview=True)
    pulumi.runtime.set_all_config(json.load(sys.stdin), ["marketedge:secrets"])
    run_program()
    mark("the program, with the SDKs")
    print(json.dumps(marks))


if __name__ == "__main__":
    main()
