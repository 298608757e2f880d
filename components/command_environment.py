"""What a Render object's command finds in its environment besides credentials. Knows no Pulumi resource."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from blueprint.drift import Difference

DRIFT = "RENDER_DRIFT"
"""Variable of a command whose object is not as it was applied: a JSON list of `Found`."""
_SECRET = "SECRET_"
_CONTENTS = "CONTENTS_"


class Found(Difference):
    """A difference, and when it came about.

    Attributes:
        since: Render's time of the object's last change, where Render keeps one.
        seen: when it was found. It makes the same difference, found again after it was put right, another text.
    """

    since: datetime | None = None
    seen: datetime


_LIST = TypeAdapter(list[Found])


def dump(differences: Iterable[Difference], since: str | None, seen: datetime) -> str:
    """The text of the drift variable."""
    times = {"since": since, "seen": seen}
    found = [Found.model_validate({**difference.model_dump(), **times}) for difference in differences]
    return _LIST.dump_json(found, exclude_none=True).decode()


def load(text: str) -> list[Found]:
    """The differences in a drift variable; none where a program before this one wrote it, as a sentence."""
    try:
        return _LIST.validate_json(text)
    except ValidationError:
        return []


def secret_variable(key: str) -> str:
    """The variable that holds a secret: one for each, so that a preview says which one changes."""
    return _SECRET + _shell_name(key)


def contents_variable(group: str) -> str:
    """The variable of a service that says, as a digest, what a linked group declares."""
    return _CONTENTS + _shell_name(group)


def _shell_name(name: str) -> str:
    """A shell hands on only variables whose names are letters, digits and _; a name at Render may hold others."""
    return re.sub(r"\W", lambda other: f"_{ord(other[0]):X}_", name, flags=re.ASCII)
