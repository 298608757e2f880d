"""`gate disconnect`."""

import os
from typing import Annotated

import typer

from gate.commands.options import AsJson, Env, StackName
from gate.commands.running import command


def disconnect(
    env: Env = None,
    stack: StackName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Disconnect it; without it nothing is changed.")] = False,
    as_json: AsJson = False,
) -> int:
    """Disconnect a Render Blueprint that still syncs our services.

    Shows every Blueprint that manages an object of the environment, with everything that it manages: each sync sets
    variables, plan and automatic deploys again as its file says. `--yes` disconnects it. Render keeps the services,
    databases and groups as they are; none is deployed or restarted. Needs `RENDER_API_KEY`.

    **Exit codes**

    - `0`: no Blueprint manages them, or it is disconnected
    - `2`: one does, and still syncs or can
    - `1`: could not be looked at or done

    **Examples**

    - `gate disconnect --env production`: only look
    - `gate disconnect --env production --yes`
    """
    with command("disconnect", as_json=as_json) as run:
        from blueprint.syncs import disconnect as end
        from blueprint.syncs import managing
        from blueprint.workspace import connect
        from gate.stack.target import choose, load_settings
        from gate.upkeep.blueprints import Disconnected

        env, stack = choose(env, stack, os.environ, lambda settings: settings.adopted)
        settings, _ = load_settings(env, stack, os.environ)
        with run.progress("looking for Blueprints") as tell, connect(os.environ, tell.line) as session:
            found = managing(session, [one.name for one in settings.render.objects])
            for one in found if yes else []:
                end(session, one)
        run.finish(Disconnected(blueprints=[str(one) for one in found], disconnected=yes and bool(found)))
    return run.exit_code
