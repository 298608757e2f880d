"""What Vercel lets its endpoints be asked with. Anything else is refused, as its JSON schemas do.

The table beside it has the queries by method and path, from the request types of @vercel/sdk, which is made from
Vercel's description. A test compares the two.
"""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .wire import Answer, Request

QUERIES = {key: {*names} for key, names in json.loads(Path(__file__).with_suffix(".json").read_text()).items()}
_PLAIN = json.loads(Path(__file__).with_name("vercel_plain.json").read_text())
_TEAM = {"teamId", "slug"}
_STATES = {"BUILDING", "ERROR", "INITIALIZING", "QUEUED", "READY", "CANCELED", "BLOCKED"}


def refused(request: Request) -> Answer | None:
    """Return 400 if the query or the body has something that Vercel does not know there."""
    asked = f"{request.method} {'/'.join(request.path[1:])}"
    matching = (key for key in QUERIES if fnmatchcase(asked, key) and key.count("/") == asked.count("/"))
    if (operation := next(matching, None)) is None:
        return None
    unknown = sorted(request.query.keys() - QUERIES[operation] - _TEAM) + list(request.body or ())
    if unknown:
        return _bad(f"should NOT have additional property `{unknown[0]}`.")
    if states := sorted({*filter(None, request.query.get("state", "").split(","))} - _STATES):
        return _bad(f"`state` should be equal to one of the allowed values; got {states[0]}")
    if not request.query.get("limit", "1").isdigit() or request.number("limit", 1) > 100:
        return _bad("`limit` should be <= 100")
    return None


def shown(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return an object as Vercel shows it: what the estate has of it, and a plain value for every other field."""
    return {name: found.get(name, value) for name, value in _PLAIN[kind].items()}


def _bad(text: str) -> Answer:
    return Answer(400, {"error": {"code": "bad_request", "message": f"Invalid request: {text}"}})
