"""`gate doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gate.commands.running import OnlyFailures, Run, gate_command
from gate.common.errors import GateError

if TYPE_CHECKING:
    from gate.checks.verdict import Verdict


@gate_command("doctor")
def doctor(run: Run, stacks: list[str], only_failures: OnlyFailures = False) -> None:
    """Check that everything a first preview needs is there.

    Reads only. Looks at this machine (Python and its packages, Pulumi CLI, plugins, backend), at each stack (it exists,
    its secrets open, its file is valid and every secret is set), at each vendor (credentials are set and accepted, with
    the permissions that are needed; repository, tenant, team, project, workspace and adopted service are found), at the
    vendors' hosts, and at the DNS of the declared domains. Where a vendor's credentials are missing, nothing else is
    looked at there. Every problem comes with its fix. If nothing fails, a preview tells what the stack would create,
    and what of that exists already.

    Outcomes: `pass`, `fail`, `note` (no problem, but something to do), `unknown` (cannot be seen from here).

    **Exit codes**

    - `0`: ready, nothing fails
    - `2`: a check failed; its line says how to fix it
    - `1`: could not be run

    **Examples**

    - `gate doctor`
    - `gate doctor --env staging --json`
    """
    from gate.checks.report import CheckReport
    from gate.checks.verdict import Line
    from gate.doctor.run import examine

    names = " and ".join(stacks)
    with run.progress(f"looking at {names}") as tell:
        checks = examine(stacks, os.environ, tell)
        if all(line.verdict.outcome != "fail" for line in checks):
            checks += [Line(name, "what exists already", _existing(run, name)) for name in stacks]
    run.finish(CheckReport(title=f"Doctor: {names}", checks=checks, only_failures=only_failures))


def _existing(run: Run, name: str) -> Verdict:
    """Preview the stack, which tells what exists of what it would create."""
    from gate.checks.verdict import note, passed, unknown
    from gate.common.redaction import configured_secrets
    from gate.stack.project import open_stack
    from gate.stack.steps import run_preview

    try:
        stack = open_stack(name)
        run.hide(configured_secrets(stack.get_all_config()))
        found = run_preview(stack).existing
    except GateError as error:
        return unknown(" ".join(str(error).split()))
    if not found:
        return passed("nothing that up would create")
    return note("; ".join(found), f"run gate adopt --env {name} before up, and paste its lines into Pulumi.{name}.yaml")
