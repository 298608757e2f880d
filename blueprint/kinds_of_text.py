"""What single values of a document have to look like, and how the many ways to write one become one.

Knows nothing of the objects that hold them.
"""

import ipaddress
import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

_ENV_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"({LABEL}\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
"""A host name in lower case."""
_OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,62}")
PRICES = json.loads((Path(__file__).parent / "prices.json").read_text())
"""What every plan costs, by kind of object; its keys are the plans that are known. See `blueprint.prices`."""
_PLANS = {re.sub(r"[ _-]", "", plan): plan for kind in ("service", "postgres", "keyValue") for plan in PRICES[kind]}


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
    """An address without a prefix gets the one of a single address, as Render answers it."""
    try:
        block = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("expected an address block in CIDR notation, such as 203.0.113.0/24") from None
    return value if "/" in value else str(block)


def _domain_name(value: str) -> str:
    host = value.lower()
    if not HOST.fullmatch(host.removeprefix("*.")):
        raise ValueError("expected a host name such as api.example.com, without scheme, or *.example.com")
    return host


def _unique(values: list[str]) -> list[str]:
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return values


def _environment_text(value: object) -> object:
    """YAML's true and 30 are meant as the text that a process sees in its environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _plan(value: object) -> object:
    """The API's spelling of a plan: Blueprints write `pro plus`, `Pro Plus`, `pro-plus` or `pro_plus`.

    One that is not known is passed on as it is written: Render adds plans, and what an object has is always accepted.
    """
    if not isinstance(value, str):
        return value
    return _PLANS.get(re.sub(r"[ _-]", "", value.lower()), value)


def _underscored(value: object) -> object:
    """Blueprints write `allkeys-lru` where the API writes `allkeys_lru`."""
    return value.replace("-", "_") if isinstance(value, str) else value


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _off(value: object) -> object:
    """YAML 1.1 reads an unquoted `off` as false."""
    return "off" if value is False else value


def _disk_size(value: int) -> int:
    if value != 1 and value % 5:
        raise ValueError("expected 1 or a multiple of 5, which are the sizes that Render has")
    return value


def _enabled(value: Any) -> Any:
    """A Blueprint writes `highAvailability: {enabled: true}`."""
    return value["enabled"] if isinstance(value, dict) and value.keys() == {"enabled"} else value


def _true_only(value: object) -> object:
    return None if value is False else value


def _false_only(value: object) -> object:
    return None if value is True else value


EnvValue = Annotated[str, BeforeValidator(_environment_text)]
EnvKey = Annotated[str, AfterValidator(_env_key)]
Cidr = Annotated[str, AfterValidator(_cidr)]
DomainNames = Annotated[list[Annotated[str, AfterValidator(_domain_name)]], AfterValidator(_unique)]
Command = Annotated[str, Field(min_length=1)]
UrlPath = Annotated[str, Field(pattern=r"^(/[^\s?#]*)?$")]
SqlName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
ObjectName = Annotated[str, AfterValidator(object_name)]
Plan = Annotated[str, Field(min_length=1), BeforeValidator(_plan)]
Underscored = BeforeValidator(_underscored)
NumberAsText = BeforeValidator(_number_as_text)
OffAsText = BeforeValidator(_off)
DiskSize = Annotated[int, Field(ge=1), AfterValidator(_disk_size)]
Enabled = Annotated[bool, BeforeValidator(_enabled)]
TrueOnly = BeforeValidator(_true_only)
FalseOnly = BeforeValidator(_false_only)
