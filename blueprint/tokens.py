"""What a token can look like, at all vendors: checked before one is sent, so that a placeholder is called one."""

import re

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""RFC 6750, 2.1. HTTP libraries fail in their own words on what cannot stand in a header at all."""


def problem_with(name: str, value: str) -> str:
    """What is wrong with a token, without the token; empty where nothing is.

    Args:
        name: of the variable or the configuration's key that holds it.
        value: not empty.
    """
    if _TOKEN.fullmatch(value):
        return ""
    place = next(place for place, char in enumerate(value, 1) if not _TOKEN.fullmatch(char))
    kind = "a space or a line break" if value[place - 1].isspace() else "a character"
    return (
        f"{name} is no token: at position {place} of {len(value)} it has {kind} that no token has. Set it to the token "
        "itself, without quotes, brackets or a placeholder"
    )
