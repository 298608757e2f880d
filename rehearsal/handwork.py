"""What people do to an environment by hand, in the vendors' dashboards."""

from __future__ import annotations

from rehearsal.estate import World
from rehearsal.inventory import BRANCH, SERVICE


def edit_by_hand(world: World) -> list[str]:
    """Change staging at Render and GitHub.

    Returns: what a preview has to say of it.
    """
    with world.render.lock:
        estate = world.render.estate
        service = estate.find_service(SERVICE)
        service["branch"] = "main"
        estate.env_vars[service["id"]]["RUN_MIGRATIONS"] = "false"
    with world.vendors.edit("github") as objects:
        rule = next(o for o in objects if o["type"] == "branch_protection" and o["pattern"] == BRANCH)
        rule["allowsForcePushes"] = True
    return ["env.RUN_MIGRATIONS", "allowsForcePushes"]
