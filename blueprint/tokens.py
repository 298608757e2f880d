"""Checks what a token looks like, for all vendors, before it is sent. A placeholder is then named as one."""

import re

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""The characters of a token (RFC 6750, 2.1). HTTP libraries fail in their own words on others in a header."""

_HOST = re.compile(r"(https?://)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d+)?/?")
"""A host as the Auth0 provider takes it: with or without a scheme."""

_VENDORS = {
    "Render": (re.compile(r"rnd_"), ("RENDER",)),
    "GitHub": (re.compile(r"gh[a-z]_|github_pat_"), ("GITHUB", "REPORT")),
}
"""How the tokens of a vendor begin, and how the variables begin that hold them."""


def problem_with(name: str, value: str) -> str:
    """Return what is wrong with a token, without the token; empty if nothing is.

    Args:
        name: of the variable or the configuration key that holds it.
        value: not empty.
    """
    if name.lower().endswith("domain"):
        told = "is not a host: set it to one such as tenant.eu.auth0.com, without quotes, a path or a placeholder"
        return "" if _HOST.fullmatch(value) else f"{name} {told}"
    if _TOKEN.fullmatch(value):
        others = (
            vendor
            for vendor, (start, own) in _VENDORS.items()
            if start.match(value) and not name.upper().startswith(own)
        )
        return next((f"{name} holds a token of {vendor}: set it to the one of its own vendor" for vendor in others), "")
    place = next(place for place, char in enumerate(value, 1) if not _TOKEN.fullmatch(char))
    kind = "a space or a line break" if value[place - 1].isspace() else "a character"
    return (
        f"{name} is not a token: character {place} of {len(value)} is {kind}, which no token has. Set it to the "
        "token itself, without quotes, brackets or a placeholder"
    )
