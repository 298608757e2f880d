"""docs/ENVIRONMENTS.md says what the settings say."""

from components.environments_document import document, shipped
from components.phases import ADDS
from tests.unit.settings.stack_file import STACKS


def test_every_part_of_the_phase_table_is_quoted() -> None:
    text = document(shipped("staging", STACKS), shipped("production", STACKS))
    parts = {part.value for phases in ADDS.values() for added in phases.values() for part in added}
    assert not [part for part in parts if part not in text]


def test_another_setting_is_another_document() -> None:
    staging, production = shipped("staging", STACKS), shipped("production", STACKS)
    other = staging.model_copy(
        update={"vercel": staging.vercel and staging.vercel.model_copy(update={"domain": "x.test"})}
    )
    assert "x.test" in document(other, production)
