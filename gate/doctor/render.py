"""Render: the key, the workspace that owns everything, and the adopted service."""

from collections.abc import Iterator, Mapping

from blueprint.syncs import managing
from blueprint.workspace import Session
from components.settings import Settings
from gate.checks.verdict import Verdict, failed, note, passed


def lines(settings: Settings, owner: str, session: Session) -> Iterator[tuple[str, Verdict]]:
    """Check the workspace.

    Args:
        owner: RENDER_OWNER_ID, or empty.

    Raises:
        RenderError: of any kind.
    """
    found = session.workspaces()
    yield "key", passed("accepted")
    workspace = _workspace(found, owner)
    yield "workspace", workspace
    if workspace.outcome == "fail":
        return
    for service in settings.render.services:
        if service.is_adopted:
            there = session.find("/services", service.name)
            fix = "correct its name in marketedge:render, or the workspace (RENDER_OWNER_ID)"
            verdict = passed("exists") if there else failed("does not exist, and is never created from here", fix)
            yield f"service {service.name}", verdict
    yield "Blueprints", blueprints(session, settings)


def blueprints(session: Session, settings: Settings) -> Verdict:
    """Check whether a Blueprint still syncs.

    Raises:
        RenderError: of any kind.
    """
    found = managing(session, [one.name for one in settings.render.objects])
    told, fix = "; ".join(map(str, found)), f"gate disconnect --env {settings.environment}"
    if any(one.active for one in found):
        return failed(told, fix)
    return note(told, fix) if found else passed("none manages an object of the stack")


def _workspace(found: Mapping[str, str], owner: str) -> Verdict:
    named = ", ".join(f"{identity} ({name})" for identity, name in found.items()) or "none"
    if owner:
        fix = "correct RENDER_OWNER_ID, or use a key of a member of that workspace"
        return passed(f"{owner} ({found[owner]})") if owner in found else failed(f"the key sees {named}", fix)
    if len(found) == 1:
        return passed(named)
    fix = "export RENDER_OWNER_ID with the id of the one to use" if found else "make the key's owner a member of one"
    return failed(f"the key sees {len(found)}: {named}", fix)
