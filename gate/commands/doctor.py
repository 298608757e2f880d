"""`gate doctor`."""

import os

from gate.commands.running import OnlyFailures, Run, gate_command


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
    from gate.checks.verdict import CheckReport
    from gate.doctor.run import examine
    from gate.doctor.stack import existing

    names = " and ".join(stacks)
    with run.progress(f"looking at {names}") as tell:
        checks = examine(stacks, os.environ, tell)
        if all(line.verdict.outcome != "fail" for line in checks):
            checks += [existing(name, run.hide) for name in stacks]
    run.finish(CheckReport(title=f"Doctor: {names}", checks=checks, only_failures=only_failures))
