"""Tells a chat channel the outcome of a release (plan 3.3, 3.5). If that fails, the release goes on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

VARIABLE = "NOTIFY_WEBHOOK_URL"
_CARD = "http://adaptivecards.io/schemas/adaptive-card.json"
_TEAMS = (".webhook.office.com", ".logic.azure.com", ".powerplatform.com", ".powerautomate.com")


def notify(
    text: str,
    environ: Mapping[str, str],
    facts: Mapping[str, str] | None = None,
    advice: str = "",
    transport: httpx.BaseTransport | None = None,
) -> str:
    """POST a message in the form that the webhook's host takes, with who ran it and a link to the workflow's run.

    Args:
        text: the outcome in one line.
        facts: shown by name, such as the tag. Empty ones are left out.
        advice: what to do.

    Returns:
        What went wrong, without the address, which is a secret. Empty if all went well or no webhook is set.
    """
    if not (url := environ.get(VARIABLE)):
        return ""
    try:
        with httpx.Client(timeout=10.0, transport=transport) as client:
            known = {**(facts or {}), "by": environ.get("GITHUB_ACTOR", ""), "run": workflow_run(environ)}
            content = _message(url, text, {name: value for name, value in known.items() if value}, advice)
            client.post(url, json=content).raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"{VARIABLE} answered {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{VARIABLE}: {type(error).__name__}"
    return ""


def _message(url: str, text: str, facts: Mapping[str, str], advice: str) -> dict[str, Any]:
    """Return the body for the webhook's host.

    Slack: blocks (api.slack.com/messaging/webhooks). Teams' workflows: an Adaptive Card as an attachment
    (learn.microsoft.com, incoming webhooks). Discord: discord.com/developers, execute webhook. Others, such as
    Mattermost: `text`.
    """
    host = httpx.URL(url).host
    lines = [f"{name}: {value}" for name, value in facts.items()]
    plain = "\n".join([text, *lines, *filter(None, [advice])])
    if host == "hooks.slack.com":
        told = [f"*{_slack(text)}*", "\n".join(map(_slack, lines)), _slack(advice)]
        sections = [{"type": "section", "text": {"type": "mrkdwn", "text": part[:3000]}} for part in told if part]
        return {"text": _slack(text), "blocks": sections}
    if host in ("discord.com", "discordapp.com"):
        return {"content": plain[:2000], "allowed_mentions": {"parse": []}}
    if host.endswith(_TEAMS):
        rows = [{"title": name, "value": value} for name, value in facts.items()]
        parts: list[dict[str, Any]] = [{"type": "TextBlock", "text": text, "weight": "Bolder", "wrap": True}]
        parts += [{"type": "FactSet", "facts": rows}] if rows else []
        parts += [{"type": "TextBlock", "text": advice, "wrap": True}] if advice else []
        card = {"$schema": _CARD, "type": "AdaptiveCard", "version": "1.4", "body": parts}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}
    return {"text": plain}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def commit(environ: Mapping[str, str]) -> str:
    """Return the commit that the workflow runs for; empty outside of one.

    It is the head of a pull request, while GITHUB_SHA is then a merge that GitHub made to test it (docs.github.com,
    Events that trigger workflows).
    """
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text())
        return str(event["pull_request"]["head"]["sha"])
    except (KeyError, OSError, TypeError, ValueError):
        return environ.get("GITHUB_SHA", "")


def workflow_run(environ: Mapping[str, str]) -> str:
    """Return the address of the workflow's run; empty outside of one."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
