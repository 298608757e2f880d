"""docs/ENVIRONMENTS.md says what the shipped settings say."""

from components.environments_document import DOCUMENT, document, shipped
from components.phases import ADDS


def test_the_document_is_up_to_date() -> None:
    """Renewed with `python -m components.environments_document`."""
    assert DOCUMENT.read_text(encoding="utf-8") == document(shipped("staging"), shipped("production"))


def test_every_part_of_the_phase_table_is_quoted() -> None:
    text = document(shipped("staging"), shipped("production"))
    parts = {part.value for phases in ADDS.values() for added in phases.values() for part in added}
    assert not [part for part in parts if part not in text]


def test_another_setting_is_another_document() -> None:
    staging, production = shipped("staging"), shipped("production")
    other = staging.model_copy(
        update={"vercel": staging.vercel and staging.vercel.model_copy(update={"domain": "x.test"})}
    )
    assert "x.test" in document(other, production)
