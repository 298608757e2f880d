"""`python -m gate recover`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from pulumi.automation import CommandError, Stack

from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError, StackUnavailable
from gate.common.progress import progress
from gate.common.redaction import Redactor, configured_secrets, environment_secrets
from gate.recover.report import Recovery, as_json, as_lines
from gate.recover.run import recover as recover_stack
from gate.stack.project import open_stack
from gate.vendors import Accounts


def recover(
    env: Env,
    stack: StackName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Put right what is found; without it nothing is changed.")] = False,
    as_json: AsJson = False,
) -> int:
    """After a killed `pulumi up`: find what exists at GitHub, Auth0 and Vercel but not in the state, and import it.

    Runs a preview, looks up everything that it would create by its name at its vendor, and shows what is there already.
    With `--yes` it imports that into the state, and clears pending operations and a dead process's lock. Nothing is
    created, changed or deleted at a vendor.

    **Exit codes**

    - `0`: nothing to recover, or all of it done
    - `2`: something was found that is still outside the state
    - `1`: refused, because a person has to decide first, or could not be done; the reason is printed

    **Examples**

    - `python -m gate recover --env staging`: only look
    - `python -m gate recover --env staging --yes`
    """
    name = stack or env
    try:
        with progress(f"looking for what {name} has lost") as tell:
            return execute(open_stack(name), change=yes, in_json=as_json, tell=tell)
    except GateError as error:
        print(f"gate recover: {error}", file=sys.stderr)
        return 1


def execute(
    stack: Stack, *, change: bool, in_json: bool = False, tell: Callable[[str], None] = lambda _text: None
) -> int:
    """Recover one stack and print the report on standard output. Args: tell: gets progress.

    Returns: 0 nothing to recover, or all of it done; 2 something found that is still outside the state; 1 refused.

    Raises: GateError, whose text holds no secret.
    """
    environ = {**os.environ, **stack.workspace.env_vars}
    redactor = Redactor(environment_secrets(environ))
    try:
        config = stack.get_all_config()
        own = [text for value in config.values() if value.secret for text in configured_secrets(value.value)]
        redactor = Redactor([*environment_secrets(environ), *own])
        with Accounts(environ, {key: value.value for key, value in config.items()}) as accounts:
            accounts.require_all()
            recovery = recover_stack(stack, accounts, change=change, show=tell)
    except CommandError as error:
        said = str(error).rpartition("stderr:")[2].strip()
        raise StackUnavailable(redactor.text(f"the stack {stack.name} cannot be worked on: {said}")) from None
    except GateError as error:
        raise type(error)(redactor.text(str(error))) from None
    _print(recovery, redactor, in_json=in_json)
    return recovery.exit_code


def _print(recovery: Recovery, redactor: Redactor, *, in_json: bool) -> None:
    if in_json:
        lines = [json.dumps(redactor.value(as_json(recovery)), indent=2, ensure_ascii=False)]
    else:
        lines = [redactor.text(line) for line in as_lines(recovery)]
    sys.stdout.write("\n".join(lines) + "\n")
