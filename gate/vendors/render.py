"""A service at Render, and how to read its deploys (api-docs.render.com, List deploys)."""

from collections.abc import Mapping
from typing import Any

from blueprint.workspace import Json, Session
from gate.common.errors import GateError

UNDER_WAY = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
"""The states of a deploy that has not ended."""


def commit_of(deploy: Mapping[str, Any]) -> str:
    """Return the id of the commit that was deployed; empty for a deploy without one, such as an image's."""
    return str((deploy.get("commit") or {}).get("id", ""))


def live_deploy(session: Session, name: str) -> Json | None:
    """Return the deploy that a service serves, among its newest hundred.

    Raises:
        GateError: the workspace has no such service.
        RenderError: Render cannot be read.
    """
    listed = session.client.get(f"/services/{require_service(session, name)['id']}/deploys", limit=100)
    return next((entry["deploy"] for entry in listed if entry["deploy"]["status"] == "live"), None)


def require_service(session: Session, name: str) -> Json:
    """Return a service as the API lists it.

    Raises:
        GateError: the workspace has no such service.
        RenderError: Render cannot be read.
    """
    if (found := session.find("/services", name)) is None:
        raise GateError(
            f"Render has no service {name}: run pulumi up for this environment first, or correct "
            "marketedge:render.service.name or the API key"
        )
    return found
