"""What the tests of faults share with those of blueprint/."""

from tests.unit.blueprint.conftest import _no_credentials_of_the_machine, account, staged

__all__ = ["_no_credentials_of_the_machine", "account", "staged"]
