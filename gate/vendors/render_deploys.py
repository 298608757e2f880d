"""What a deploy at Render says of itself (api-docs.render.com, List deploys), for whoever reads its JSON."""

from collections.abc import Mapping
from typing import Any

UNDER_WAY = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
"""States of a deploy that has not ended."""


def commit_of(deploy: Mapping[str, Any]) -> str:
    """The id of the commit that was deployed; empty for one without a commit, such as an image's."""
    return str((deploy.get("commit") or {}).get("id", ""))
