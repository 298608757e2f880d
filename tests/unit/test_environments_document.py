"""docs/ENVIRONMENTS.md says what the settings say."""

from components.documents import environments_document, stacks
from components.phases import ADDS
from tests.unit.settings.stack_file import STACKS


def test_every_part_of_the_phase_table_is_quoted() -> None:
    text = environments_document(stacks(STACKS))
    parts = {part.value for added in ADDS.values() for part in added}
    assert not [part for part in parts if part not in text]


def test_another_setting_is_another_document() -> None:
    staging, production = stacks(STACKS)
    other = staging.model_copy(
        update={"vercel": staging.vercel and staging.vercel.model_copy(update={"domain": "x.test"})}
    )
    assert "x.test" in environments_document([other, production])
