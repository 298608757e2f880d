"""`gate adopt` and `gate recover`."""

from typing import Annotated

from gate.commands.running import Run, Where, flag, gate_command


@gate_command("adopt")
def adopt(run: Run, where: Where) -> None:
    """Print the lines that adopt what exists at the vendors.

    Reads only. Runs a preview and looks up everything that it would create at GitHub, Auth0 and Vercel, by name. Paste
    the lines into `Pulumi.<stack>.yaml`: the next `pulumi up` imports those objects as they are, and changes nothing
    about them. Then remove the lines, and `pulumi preview` shows what is declared differently. Objects at Render are
    adopted by name and need no line.

    Each phase declares more objects: run this again whenever `marketedge:phase` moves forward.

    **Exit codes**

    - `0`: looked up; the lines, if any, are on standard output
    - `2`: something has to be decided first, such as which of two applications of one name is meant
    - `1`: could not be looked up; the reason is printed

    **Examples**

    - `gate adopt --env production`
    - `gate adopt --env production --json`
    """
    from gate.recover.search import accounts_of, search
    from gate.stack.project import open_stack

    with run.progress(f"looking for what {where.stack} declares") as tell:
        opened = open_stack(where.stack)
        with accounts_of(opened, run.hide) as accounts:
            adoption = search(opened, accounts, tell)
    run.finish(adoption)


@gate_command("recover")
def recover(
    run: Run,
    where: Where,
    yes: Annotated[bool, flag("--yes", "Repair what is found; without it nothing is changed.")] = False,
    after_failure: Annotated[
        bool, flag("--after-failure", "Do nothing unless the last `pulumi up` was killed or failed.")
    ] = False,
) -> None:
    """Import what a killed `pulumi up` left outside the state.

    Runs a preview, looks up everything that it would create at GitHub, Auth0 and Vercel by its name, and shows what
    exists there already. With `--yes` it imports that into the state, and clears pending operations and a dead
    process's lock. Nothing is created, changed or deleted at a vendor.

    **Exit codes**

    - `0`: nothing to recover, or all of it done
    - `2`: something was found that is still outside the state
    - `1`: refused, because a person has to decide first, or could not be done; the reason is printed

    **Examples**

    - `gate recover --env staging`: only look
    - `gate recover --env staging --yes`
    - `gate recover --env staging --after-failure --yes`: what the Up workflow runs before each `pulumi up`
    """
    from gate.recover.run import Recovery
    from gate.recover.run import recover as recover_stack
    from gate.recover.search import accounts_of
    from gate.recover.state import interrupted
    from gate.stack.project import open_stack

    with run.progress(f"looking for what {where.stack} has lost") as tell:
        opened = open_stack(where.stack)
        if after_failure and not interrupted(opened):
            run.finish(Recovery(stack=where.stack))
            return
        with accounts_of(opened, run.hide) as accounts:
            recovery = recover_stack(opened, accounts, change=yes, show=tell)
    run.finish(recovery)
