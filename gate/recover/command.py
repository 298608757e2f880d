"""`python -m gate recover` without its argument parsing: opens the accounts, and prints what came of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from pulumi.automation import CommandError, Stack

from gate.errors import GateError, StackUnavailable
from gate.recover.report import Recovery, as_json, as_lines
from gate.recover.run import recover
from gate.redaction import Redactor, configured_secrets, environment_secrets
from gate.vendors import Accounts


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
            recovery = recover(stack, accounts, change=change, show=tell)
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
