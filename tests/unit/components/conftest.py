import pytest

from tests.unit.components.engine import Run, run
from tests.unit.settings.stack_file import StackFile


@pytest.fixture(scope="session")
def up() -> Run:
    """`pulumi up` of the shipped staging stack, from nothing. To be read only."""
    result = run()
    assert result.error is None
    return result


@pytest.fixture(scope="session")
def preview() -> Run:
    """The first `pulumi preview` of the shipped staging stack, with every credential. To be read only."""
    result = run(preview=True)
    assert result.error is None
    return result


@pytest.fixture
def stack_file() -> StackFile:
    """The shipped staging configuration, complete and valid."""
    return StackFile()
