"""Tells a chat channel what came of a release (plan 3.3, 3.5): best effort, because the release is what counts."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

VARIABLE = "NOTIFY_WEBHOOK_URL"


def notify(text: str, environ: Mapping[str, str], transport: httpx.BaseTransport | None = None) -> str:
    """POST `{"text": …}`, which Slack, Mattermost and Teams workflows take, with the address of the workflow's run.

    Returns: what went wrong, without the address, which is a secret; empty where all went well or nobody is to be told.
    """
    if not (url := environ.get(VARIABLE)):
        return ""
    try:
        with httpx.Client(timeout=10.0, transport=transport) as client:
            content = {"text": f"{text} {workflow_run(environ)}".rstrip()}
            client.post(url, json=content).raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"{VARIABLE} answered {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{VARIABLE}: {type(error).__name__}"
    return ""


def workflow_run(environ: Mapping[str, str]) -> str:
    """Where the run of a workflow can be looked at; empty outside of one."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
