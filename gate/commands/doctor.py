"""`python -m gate doctor`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from gate.checks import show
from gate.commands.options import AsJson, Envs
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.doctor.run import examine
from gate.stack.target import chosen_stacks


def doctor(
    env: Envs = None,
    as_json: AsJson = False,
) -> int:
    """Before the first preview: is everything there that it needs? Reads only, and every problem comes with its fix.

    This machine (Python and its packages, Pulumi CLI, plugins, backend), each stack (it exists, its secrets open, its
    file is valid with every secret set), each vendor (credentials there, accepted, with the permissions that are
    needed; repository, tenant, team, project, workspace, adopted service found), the vendors' hosts, and the DNS of the
    declared domains. Of a vendor whose credentials are missing, nothing else is looked at.

    Outcomes: `pass`, `fail`, `note` (no problem, and something to do), `unknown` (cannot be seen from here).

    **Exit codes**

    - `0`: ready, nothing fails
    - `2`: something has to be put right; its line says how
    - `1`: could not be run

    **Examples**

    - `python -m gate doctor`
    - `python -m gate doctor --env staging --json`
    """
    redactor = Redactor(environment_secrets(os.environ))
    try:
        names = chosen_stacks(env)
        with progress(f"looking at {' and '.join(names)}") as tell:
            found = examine(names, os.environ, tell)
    except GateError as error:
        print(f"gate doctor: {redactor.text(str(error))}", file=sys.stderr)
        return 1
    fails = show.fails(found)
    if as_json:
        content = {"ready": not fails, "lines": [asdict(one) for one in found]}
        print(redactor.text(json.dumps(content, indent=2, ensure_ascii=False)))
    else:
        show.on_console(found, redactor)
    return 2 if fails else 0
