"""`gate workflows check` and `gate workflows sync`."""

import os

import typer

from gate.commands.running import Envs, Run, StackName, Where, gate_command

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")


@app.callback()
def workflows() -> None:
    """Deliver the application's workflows to its repository.

    `check` only compares; `sync` opens the pull requests.
    """


@app.command("check")
@gate_command("workflows check")
def check_workflows(run: Run, where: Where) -> None:
    """Compare the delivered workflows with the branch's.

    Changes nothing. Compares with the environment's branch. Needs `GITHUB_TOKEN` (Contents: read).

    **Exit codes**

    - `0`: the branch has them all
    - `2`: some are missing or different; each is one line
    - `1`: could not be compared

    **Examples**

    - `gate workflows check --env staging`
    """
    from gate.upkeep.workflows import Comparison, compare, delivered, names

    with where.repository() as (repository, settings):
        branch, files = settings.github.branch.name, delivered(names(settings, os.environ))
        run.finish(Comparison(branch=branch, differences=compare(repository, branch, files)))


@app.command("sync")
@gate_command("workflows sync")
def sync_workflows(run: Run, env: Envs = None, stack: StackName = None) -> None:
    """Open or update the pull requests with all workflows.

    Each environment's branch gets one of its own, in the order in which they can be merged: a branch that requires
    staging's check, as main does after the cutover, takes them from staging. Running it again goes on from there, and
    changes nothing that is right already. Needs `GITHUB_TOKEN` (Contents, Workflows, Pull requests: write).

    **Exit codes**

    - `0`: the pull requests are open (their addresses are printed), or there is nothing to deliver
    - `1`: could not be done

    **Examples**

    - `gate workflows sync`
    - `gate workflows sync --env staging`
    """
    from gate.stack.target import chosen_stacks
    from gate.upkeep.delivery import deliver, destinations
    from gate.upkeep.workflows import delivered, names

    named: list[tuple[str | None, str | None]] = [(one, stack) for one in env or ()]
    named = named or [(None, one) for one in ([stack] if stack else chosen_stacks(None))]
    chosen = [Where(*one, fits=lambda _settings: True) for one in named]
    with chosen[-1].repository() as (repository, last):
        settings = [one.settings()[0] for one in chosen]
        files = delivered(names(last, os.environ))
        run.finish(deliver(repository, destinations(settings, os.environ), files))
