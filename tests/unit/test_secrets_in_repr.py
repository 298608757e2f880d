"""Nothing that holds a secret shows it in `repr`: one print, one failed assert or one traceback would be a leak."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import blueprint
import components
import gate
from components.configuration import Loaded
from tests.unit.settings.stack_file import SECRETS, StackFile

HOLDS_SECRETS = re.compile(r"(inputs|environ(ment_)?|secrets?|api_key|tokens?|password|passphrase|credentials)")
PUBLIC = {
    "components.vendors:Vendor.credentials",  # their names
    "gate.blueprints.importing:Imported.secrets",  # their names, with what uses them
}


def kinds() -> Iterator[tuple[str, type]]:
    """Every dataclass and model of the program and of gate."""
    for package in (components, blueprint, gate):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for name, kind in vars(module).items():
                if isinstance(kind, type) and kind.__module__ == found.name and dataclasses.is_dataclass(kind):
                    yield f"{found.name}:{name}", kind


FIELDS = [
    (f"{name}.{one.name}", one)
    for name, kind in kinds()
    for one in dataclasses.fields(kind)
    if HOLDS_SECRETS.fullmatch(one.name) and one.type not in ("bool", bool, "int", int)
]


@pytest.mark.parametrize(("name", "one"), FIELDS, ids=[name for name, _ in FIELDS])
def test_a_field_that_can_hold_a_secret_is_out_of_repr(name: str, one: dataclasses.Field[object]) -> None:
    assert name in PUBLIC or not one.repr, f"{name}: use field(repr=False)"


def test_what_is_loaded_shows_no_secret() -> None:
    loaded = StackFile().load()
    assert isinstance(loaded, Loaded)
    assert not [value for value in SECRETS.values() if value in repr(loaded)]
