"""`python -m gate adopt`: the lines of configuration that adopt what exists."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import yaml

from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.recover.search import Adoption, search
from gate.stack.project import open_stack
from gate.vendors import Accounts


def adopt(env: Env, stack: StackName = None, as_json: AsJson = False) -> int:
    """Find what exists of an environment at GitHub, Auth0 and Vercel, and print the lines that adopt it. Reads only.

    Runs a preview and looks up everything that it would create, by name. Paste the lines into `Pulumi.<stack>.yaml`:
    the next `pulumi up` imports those objects as they are, and changes nothing about them. Then remove the lines, and
    `pulumi preview` shows what is declared differently. Objects at Render are adopted by name and need no line.

    A phase declares what the ones before it did not: run this again whenever `marketedge:phase` moves forward.

    **Exit codes**

    - `0`: looked up; the lines, if any, are on standard output
    - `2`: something has to be decided first, such as which of two applications of one name is meant
    - `1`: could not be looked up; the reason is printed

    **Examples**

    - `python -m gate adopt --env production`
    - `python -m gate adopt --env production --json`
    """
    name = stack or env
    redactor = Redactor(environment_secrets(os.environ))
    try:
        with progress(f"looking for what {name} declares") as tell:
            opened = open_stack(name)
            environ = {**os.environ, **opened.workspace.env_vars}
            redactor = Redactor(environment_secrets(environ))
            config = {key: value.value for key, value in opened.get_all_config().items()}
            with Accounts(environ, config) as accounts:
                accounts.require_all()
                adoption = search(opened, accounts, tell)
    except GateError as error:
        print(f"gate adopt: {redactor.text(str(error))}", file=sys.stderr)
        return 1
    print(redactor.text(json.dumps(dataclasses.asdict(adoption), indent=2) if as_json else text(adoption)))
    return 2 if adoption.undecided else 0


def text(adoption: Adoption) -> str:
    """The lines to paste, with what each id was recognised by, and what else there is to know as comments."""
    lines = []
    if adoption.found:
        lines += ["  marketedge:adopt:"]
        lines += [f"    {_entry(one.key, one.import_id)} # {one.recognised}" for one in adoption.found]
    else:
        lines += [f"# nothing of what stack {adoption.stack} would create exists: there is nothing to adopt"]
    lines += [f"# will be created: {name}" for name in adoption.new]
    lines += [f"# not looked up: {reason}" for reason in adoption.waiting]
    lines += [f"# decide first: {reason}" for reason in adoption.undecided]
    return "\n".join(lines)


def _entry(key: str, value: str) -> str:
    return yaml.safe_dump({key: value}, width=1_000, allow_unicode=True).strip()
