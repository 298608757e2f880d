"""How to read a deploy of Render (api-docs.render.com, List deploys)."""

from collections.abc import Mapping
from typing import Any

UNDER_WAY = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
"""The states of a deploy that has not ended."""


def commit_of(deploy: Mapping[str, Any]) -> str:
    """Return the id of the commit that was deployed; empty for a deploy without one, such as an image's."""
    return str((deploy.get("commit") or {}).get("id", ""))
