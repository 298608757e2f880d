"""What the guardrails look at, and what they say."""

from dataclasses import dataclass

from blueprint.syncs import Sync
from components.configuration import Loaded
from components.earlier_runs import Before
from components.observation import Observation
from components.phases import Part
from components.required_checks import Evidence
from components.settings import Settings
from components.vercel_project import ExistingProject


@dataclass(frozen=True)
class RuleFinding:
    """What a rule says.

    Attributes:
        level: `error`, `risk` (an error under strict) or `notice` (never an error).
    """

    level: str
    text: str


@dataclass(frozen=True)
class Facts:
    """What the rules look at.

    Attributes:
        evidence: of the required checks; None if GitHub cannot be asked.
        project: at Vercel; None if the stack has none, or if it cannot be asked.
    """

    loaded: Loaded
    before: Before
    observed: Observation
    evidence: Evidence | None = None
    project: ExistingProject | None = None
    blueprints: tuple[Sync, ...] = ()

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def declared(self) -> frozenset[Part]:
        return self.settings.parts
