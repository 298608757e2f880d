"""`gate adopt`."""

from gate.commands.running import Run, Where, gate_command


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
