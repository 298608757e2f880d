"""Tells a chat channel what came of a release (plan 3.3, 3.5): best effort, because the release is what counts."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

VARIABLE = "NOTIFY_WEBHOOK_URL"


def notify(text: str, environ: Mapping[str, str], transport: httpx.BaseTransport | None = None) -> str:
    """POST `{"text": …}`, which Slack, Mattermost and Teams workflows take.

    Returns: what went wrong, without the address, which is a secret; empty where all went well or nobody is to be told.
    """
    if not (url := environ.get(VARIABLE)):
        return ""
    try:
        with httpx.Client(timeout=10.0, transport=transport) as client:
            client.post(url, json={"text": text}).raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"{VARIABLE} answered {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{VARIABLE}: {type(error).__name__}"
    return ""
