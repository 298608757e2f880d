"""The vendors' accounts that an opened stack uses."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pulumi.automation import CommandError, Stack

from components.accounts import Accounts
from gate.common.errors import StackUnavailable
from gate.common.redaction import configured_secrets, environment_secrets
from gate.stack.project import said


@contextmanager
def accounts_of(stack: Stack, hide: Callable[[Iterable[str]], None]) -> Iterator[Accounts]:
    """Open every account that the stack needs.

    Args:
        hide: is called with the secrets of the stack's environment and configuration before anything is read.

    Raises:
        StackUnavailable: the CLI cannot work on the stack, also while the block runs.
        MissingCredentials: lists every variable that is not set.
    """
    environ = {**os.environ, **stack.workspace.env_vars}
    hide(environment_secrets(environ))
    try:
        config = stack.get_all_config()
        hide(configured_secrets(config))
        with Accounts(environ, {key: value.value for key, value in config.items()}) as accounts:
            accounts.require_all()
            yield accounts
    except CommandError as error:
        raise StackUnavailable(f"the stack {stack.name} cannot be worked on: {said(error)}") from None
