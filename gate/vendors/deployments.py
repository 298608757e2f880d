"""Deployments of one of GitHub's environments and how they went (docs.github.com/en/rest/deployments).

GitHub records each workflow job of an environment as a deployment of it, and vendors' apps record theirs. Those of the
gate say so in their payload.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.accounts.repository import Repository

_PAGE = 100


def deployments(repository: Repository, environment: str, *, needs: str) -> Iterator[dict[str, Any]]:
    """Yield deployments, newest first. Pages are read while somebody reads on.

    Args:
        needs: the permission, for errors.
    """
    return repository.pages("deployments", needs, environment=environment)


def statuses(repository: Repository, deployment: int, *, needs: str, most: int = _PAGE) -> list[dict[str, Any]]:
    """Return the newest statuses of a deployment, newest first."""
    return repository.get(f"deployments/{deployment}/statuses", needs=needs, per_page=most) or []


def payload_of(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a deployment's payload. One that was sent as text comes back as text, and may be anything."""
    found = deployment.get("payload")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return found if isinstance(found, Mapping) else {}


def is_ours(deployment: Mapping[str, Any]) -> bool:
    """Whether the gate recorded it. Somebody else's payload may have a `gate` of its own."""
    payload = payload_of(deployment)
    return payload.get("gate") == 1 and isinstance(payload.get("tag"), str)


def own_words(deployment: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Return the text of a status, or nothing if somebody else wrote it than recorded the deployment."""
    writers = {(one.get("creator") or {}).get("login") for one in (deployment, status)}
    return str(status.get("description") or "") if len(writers) == 1 else ""
