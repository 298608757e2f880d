"""`gate disconnect`."""

import os
from typing import Annotated

from gate.commands.running import Run, Where, flag, gate_command


@gate_command("disconnect", fits=lambda settings: settings.adopted)
def disconnect(
    run: Run,
    where: Where,
    yes: Annotated[bool, flag("--yes", "Disconnect it; without it nothing is changed.")] = False,
) -> None:
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
    from blueprint.syncs import disconnect as end
    from blueprint.syncs import managing
    from blueprint.workspace import connect
    from gate.upkeep.blueprints import Disconnected

    settings, _ = where.settings()
    with run.progress("looking for Blueprints") as tell, connect(os.environ, tell.line) as session:
        found = managing(session, [one.name for one in settings.render.objects])
        for one in found if yes else []:
            end(session, one)
    run.finish(Disconnected(blueprints=[str(one) for one in found], disconnected=yes and bool(found)))
