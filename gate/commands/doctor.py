"""`gate doctor`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from gate.commands.options import OnlyFailures, gate_command
from gate.commands.running import Run
from gate.common.errors import GateError

if TYPE_CHECKING:
    from gate.checks.verdict import Verdict

_MOST = 5
"""How many objects a line names."""


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
            checks += [Line(name, "what exists already", _existing(run, name, tell)) for name in stacks]
    run.finish(CheckReport(title=f"Doctor: {names}", checks=checks, only_failures=only_failures))


def _existing(run: Run, name: str, tell: Callable[[str], None]) -> Verdict:
    """Look up what `up` would create and would meet, as `gate adopt` does."""
    from gate.checks.verdict import note, passed, unknown
    from gate.recover.accounts import accounts_of
    from gate.recover.search import search
    from gate.stack.project import open_stack

    try:
        stack = open_stack(name)
        with accounts_of(stack, run.hide) as accounts:
            adoption = search(stack, accounts, tell)
    except GateError as error:
        return unknown(" ".join(str(error).split()))
    found = [one.recognised_by for one in adoption.found] + adoption.undecided
    if not found:
        return passed("nothing that up would create")
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    told = f"not made by this stack, so up would fail at it or change it: {'; '.join(found[:_MOST])}{more}"
    return note(told, f"run gate adopt --env {name} before up, and paste its lines into Pulumi.{name}.yaml")
