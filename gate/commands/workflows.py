"""`python -m gate workflows check` and `sync`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict

import typer

from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.stack.target import load_settings
from gate.upkeep.workflows import File, compare, delivered, names, sync
from gate.vendors import Accounts
from gate.vendors.repository import Repository

app = typer.Typer(
    name="workflows",
    no_args_is_help=True,
    help="Deliver the application's workflows to its repository, or look whether it has them.",
)


@app.command("check")
def check_workflows(env: Env, stack: StackName = None, as_json: AsJson = False) -> int:
    """Compare the workflows that are delivered with those on the environment's branch. Changes nothing.

    Needs `GITHUB_TOKEN` (Contents: read).

    **Exit codes**

    - `0`: the branch has them all
    - `2`: some are missing or different; each is one line
    - `1`: could not be compared

    **Examples**

    - `python -m gate workflows check --env staging`
    """

    def run(repository: Repository, branch: str, files: list[File]) -> int:
        found = compare(repository, branch, files)
        if as_json:
            print(json.dumps([asdict(one) for one in found], indent=2))
        else:
            lines = [f"{one.state}: {one.path}" for one in found]
            print("\n".join(lines or [f"{branch} has every workflow as it is delivered"]))
        return 2 if found else 0

    return _with_repository("check", env, stack, run)


@app.command("sync")
def sync_workflows(env: Env, stack: StackName = None, as_json: AsJson = False) -> int:
    """Open one pull request to the environment's branch with every workflow as it is delivered, or renew it.

    Run again, it changes nothing that is right already. Needs `GITHUB_TOKEN` (Contents, Workflows, Pull requests:
    write).

    **Exit codes**

    - `0`: the pull request is open (its address is printed), or there is nothing to deliver
    - `1`: could not be done

    **Examples**

    - `python -m gate workflows sync --env staging`
    """

    def run(repository: Repository, branch: str, files: list[File]) -> int:
        address = sync(repository, branch, files)
        if as_json:
            print(json.dumps({"branch": branch, "pullRequest": address}))
        else:
            print(address or f"{branch} has every workflow as it is delivered")
        return 0

    return _with_repository("sync", env, stack, run)


def _with_repository(
    command: str, env: str, stack: str | None, run: Callable[[Repository, str, list[File]], int]
) -> int:
    try:
        settings, config = load_settings(env, stack, os.environ)
        files = delivered(names(settings, os.environ))
        with Accounts(os.environ, config) as accounts:
            return run(Repository(accounts.github, settings.github.repository), settings.github.branch.name, files)
    except GateError as error:
        print(f"gate workflows {command}: {error}", file=sys.stderr)
        return 1
