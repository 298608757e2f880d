"""What GitHub's published description says of each operation: what a body may hold, and what an answer holds.

The table, `github_operations.json`, is generated from that description (`python -m tests.contract.github_description`).
It gives every field that the simulator does not model a plain value, so that GitHub's own clients can read the answers.
"""

from __future__ import annotations

import fnmatch
import json
from functools import cache
from pathlib import Path
from typing import Any

from .wire import Answer


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found


@cache
def _operation(request: str) -> dict[str, Any]:
    """Args: request: the method and the path below the repository. The key with the fewest `*` wins."""
    found = [key for key in _table() if fnmatch.fnmatchcase(request, key) and key.count("/") <= request.count("/")]
    return _table()[min(found, key=lambda key: (key.count("*"), -len(key)))] if found else {}


def refused(method: str, path: tuple[str, ...], body: Any) -> Answer | None:
    """422 where the body lacks something, or holds what GitHub does not know."""
    known = _operation(f"{method} {'/'.join(path)}".strip()).get("body")
    if known is None:
        return None
    given = body if isinstance(body, dict) else {}
    problems = [f'"{name}" wasn\'t supplied.' for name in known["required"] if name not in given]
    problems += [f'"{name}" is not a permitted key.' for name in given if name not in known["allowed"]]
    for name, values in known["values"].items():
        if name in given and given[name] is not None and given[name] not in values:
            problems.append(f"{given[name]} is not a member of {json.dumps(values)}.")
    message = "Invalid request.\n\n" + "\n".join(problems)
    return Answer(422, {"message": message, "documentation_url": "https://docs.github.com/rest"}) if problems else None


def completed(method: str, path: tuple[str, ...], answer: Answer) -> Answer:
    """Return a successful answer with every field that GitHub's has."""
    template = _operation(f"{method} {'/'.join(path)}".strip()).get("answer")
    if answer.status >= 300 or template is None or isinstance(answer.content, str):
        return answer
    if isinstance(template, list) and isinstance(answer.content, dict):  # a folder's list, or one file
        template = template[0]
    return Answer(answer.status, _complete(template, answer.content), answer.headers)


def _complete(template: Any, own: Any) -> Any:
    """Args: template: plain values by name; `?name` completes what is given for a name that may be absent or null."""
    if isinstance(own, list):
        return [_complete(template[0], one) for one in own] if isinstance(template, list) and template else own
    if not isinstance(own, dict) or not isinstance(template, dict):
        return own
    plain = {name: _complete(value, {}) if isinstance(value, dict) else value for name, value in template.items()}
    whole = {name: value for name, value in plain.items() if not name.startswith("?")}
    return whole | {name: _complete(template.get(f"?{name}", template.get(name)), own[name]) for name in own}
