"""What single values of a document may look like. Values that can be written in several ways become one.

This module does not know the objects that hold the values.
"""

import difflib
import ipaddress
import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

Item = TypeVar("Item", bound=str)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$)({LABEL}\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
"""A host name in lower case."""
PRICES = json.loads((Path(__file__).parent / "prices.json").read_text())
"""The price of every plan by kind of object. Its keys are the known plans; see `blueprint.prices`."""
_PLANS = {re.sub(r"[ _-]", "", plan): plan for kind in ("service", "postgres", "keyValue") for plan in PRICES[kind]}


def matching(pattern: str, told: str) -> AfterValidator:
    """Return a check that a whole text has a pattern.

    Args:
        told: what was expected, for the error.
    """

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"expected {told}")
        return value

    return AfterValidator(check)


def _cidr(value: str) -> str:
    """Return an address with its prefix. Without one it is a single address, as Render answers it."""
    try:
        block = ipaddress.ip_network(value, strict=False)
    except ValueError:
        block = None
    if block is None or not re.fullmatch(r"[^/]+(/\d+)?", value):
        raise ValueError("expected an address block in CIDR notation, such as 203.0.113.0/24")
    if block.network_address != ipaddress.ip_address(value.partition("/")[0]):
        raise ValueError(f"expected a block that begins at its first address: {block}")
    return value if "/" in value else str(block)


def _domain_name(value: str) -> str:
    host = value.lower()
    if not HOST.fullmatch(host.removeprefix("*.")):
        raise ValueError("expected a host name such as api.example.com, without scheme, or *.example.com")
    if host.endswith(".onrender.com"):
        raise ValueError("expected a domain of your own: Render makes the one under onrender.com by itself")
    return host


def repeated(values: Sequence[str]) -> list[str]:
    """Return every value that is there more than once, in order."""
    return sorted({value for value in values if values.count(value) > 1})


def unique(values: list[Item]) -> list[Item]:
    """Return the list.

    Raises:
        ValueError: with every entry that is in it twice.
    """
    if twice := repeated(values):
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return values


def _environment_text(value: object) -> object:
    """Return a value as the text that a process sees in its environment; YAML's true and 30 are meant as such."""
    return json.dumps(value) if isinstance(value, int) else value


def _plan(value: object) -> object:
    """Return a plan in the API's spelling: Blueprints write `pro plus`, `Pro Plus`, `pro-plus` or `pro_plus`.

    An unknown plan is passed on as it is written, because Render adds plans.
    """
    if not isinstance(value, str):
        return value
    return _PLANS.get(re.sub(r"[ _-]", "", value.lower()), value)


def _of_kind(kind: str, plan: str) -> str:
    """Refuse a plan of another kind of object, and a misspelt one. Render adds plans, so others are taken."""
    known = list(PRICES[kind])
    if plan not in known and plan in _PLANS.values():
        raise ValueError(f"a plan of another kind of object; expected one such as {', '.join(known[:4])}")
    near = difflib.get_close_matches(plan, known, n=1, cutoff=0.85) if re.fullmatch("[A-Za-z_]+", plan) else []
    if near and plan not in known:
        raise ValueError(f"did you mean {near[0]}?")
    return plan


def branch_name(value: str) -> str:
    """Check a Git branch name, by the rules of git-check-ref-format.

    Raises:
        ValueError: says what was expected.
    """
    parts = value.split("/")
    if (
        re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", value)
        or value in ("", "@", "HEAD")
        or value.startswith(("-", "refs/"))
        or any(not part or part.startswith(".") or part.endswith((".", ".lock")) for part in parts)
    ):
        raise ValueError("expected a branch name such as staging or feature/x (see git help check-ref-format)")
    return value


def _folder(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise ValueError("expected a folder in the repository such as web, without / in front and without ..")
    return value


_CRON_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_CRON_NAMES = {name: n for n, name in enumerate(_DAYS)} | {name: n for n, name in enumerate(_MONTHS, 1)}
_CRON_PART = re.compile(r"(?:(\*|\?)|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?")


def _schedule(value: str) -> str:
    """Check a cron expression: five fields of numbers, names, ranges, lists and steps."""
    fields = value.lower().split()
    if len(fields) != len(_CRON_FIELDS) or not all(map(_cron_field, fields, _CRON_FIELDS)):
        raise ValueError("expected a cron expression of five fields such as 0 3 * * 1-5, in UTC")
    return value


def _cron_field(text: str, limits: tuple[int, int]) -> bool:
    for part in text.split(","):
        if not (found := _CRON_PART.fullmatch(part)):
            return False
        ends = [_CRON_NAMES.get(end, int(end) if end.isdecimal() else -1) for end in found.group(2, 3) if end]
        if not all(limits[0] <= end <= limits[1] for end in ends) or ends != sorted(ends):
            return False
    return True


def _disk_size(value: int) -> int:
    if value != 1 and value % 5:
        raise ValueError("expected 1 or a multiple of 5, which are the sizes that Render has")
    return value


EnvValue = Annotated[str, BeforeValidator(_environment_text)]
EnvKey = Annotated[
    str,
    matching(r"[A-Za-z_][A-Za-z0-9_.-]*", "a variable name: a letter or _, then letters, digits, '_', '.' or '-'"),
]
Cidr = Annotated[str, AfterValidator(_cidr)]
DomainNames = Annotated[list[Annotated[str, AfterValidator(_domain_name)]], AfterValidator(unique)]
Command = Annotated[str, Field(min_length=1)]
UrlPath = Annotated[str, Field(pattern=r"^(/[^\s?#]*)?$")]
SqlName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
ObjectName = Annotated[
    str,
    matching(
        r"[A-Za-z0-9]([A-Za-z0-9_.: -]{0,61}[A-Za-z0-9_.-])?",
        "a name of 1 to 63 letters, digits, '-', '_', '.', ':' or spaces",
    ),
]
"""Render names a service made of an image after it, with its tag (Blueprints that Render exported)."""
_Plan = Annotated[str, Field(min_length=1), BeforeValidator(_plan)]
ServicePlan = Annotated[_Plan, AfterValidator(partial(_of_kind, "service"))]
PostgresPlan = Annotated[_Plan, AfterValidator(partial(_of_kind, "postgres"))]
KeyValuePlan = Annotated[_Plan, AfterValidator(partial(_of_kind, "keyValue"))]
BranchName = Annotated[str, AfterValidator(branch_name)]
Folder = Annotated[str, AfterValidator(_folder)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Underscored = BeforeValidator(lambda given: given.replace("-", "_") if isinstance(given, str) else given)
"""A policy in the API's spelling: Blueprints write `allkeys-lru`, the API `allkeys_lru`."""
NumberAsText = BeforeValidator(lambda given: str(given) if type(given) is int else given)
OffAsText = BeforeValidator(lambda given: "off" if given is False else given)
"""A text that YAML 1.1 reads as a boolean, such as an unquoted `off`."""
DiskSize = Annotated[int, Field(ge=1), AfterValidator(_disk_size)]
Enabled = Annotated[
    bool,
    BeforeValidator(lambda given: given["enabled"] if isinstance(given, dict) and [*given] == ["enabled"] else given),
]
"""Whether high availability is on. A Blueprint writes `highAvailability: {enabled: true}`."""
TrueOnly = BeforeValidator(lambda given: None if given is False else given)
FalseOnly = BeforeValidator(lambda given: None if given is True else given)
