"""What single values of a document have to look like. Knows nothing of the objects that hold them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_ENV_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,62}")


def _env_key(value: str) -> str:
    if not _ENV_KEY.fullmatch(value):
        raise ValueError("expected a variable name: a letter or _, then letters, digits, '_', '.' or '-'")
    return value


def object_name(value: str) -> str:
    """Raises: ValueError, as do the others."""
    if not _OBJECT_NAME.fullmatch(value):
        raise ValueError("expected a name of 1 to 63 letters, digits, '-', '_', '.' or spaces")
    return value


def _cidr(value: str) -> str:
    try:
        if "/" not in value:  # Render would answer it with one
            raise ValueError
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("expected an address block in CIDR notation, such as 203.0.113.0/24") from None
    return value


def _environment_text(value: object) -> object:
    """YAML's true and 30 are meant as the text that a process sees in its environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


EnvValue = Annotated[str, BeforeValidator(_environment_text)]
EnvKey = Annotated[str, AfterValidator(_env_key)]
Cidr = Annotated[str, AfterValidator(_cidr)]
DomainName = Annotated[str, StringConstraints(to_lower=True)]
Command = Annotated[str, Field(min_length=1)]
UrlPath = Annotated[str, Field(pattern=r"^(/[^\s?#]*)?$")]
