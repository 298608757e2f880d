"""What the tests of faults share with those of render/ and of the engine."""

from tests.e2e.conftest import pulumi_cli
from tests.unit.blueprint.conftest import _no_credentials_of_the_machine, account, staged

__all__ = ["_no_credentials_of_the_machine", "account", "pulumi_cli", "staged"]
