import pytest

from tests.unit.settings.stack_file import StackFile


@pytest.fixture
def stack_file() -> StackFile:
    """The shipped staging configuration, complete and valid."""
    return StackFile()
