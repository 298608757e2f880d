import pytest

from tests.unit.settings.stack_file import StackFile


@pytest.fixture
def stack_file() -> StackFile:
    """The plan's staging configuration, complete and valid."""
    return StackFile()
