"""The rollout as a value: what each phase adds to each environment (plan 2.1, 7, 8.2). The documents quote this table.

Moving `marketedge:phase` forward is the rollout; moving it back is the rollback of the gate itself.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, get_args

Phase = Literal["foundation", "infrastructure", "cutover"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Part(Enum):
    """Something that a phase adds; its text is the documents'."""

    BRANCH = "the branch and its protection"
    AUTH0 = "the Auth0 application"
    CRITICAL_VARIABLES = "AUTH0_AUDIENCE and CORS_ORIGINS of the adopted service"
    BACKEND = "the Render objects"
    FRONTEND = "the Vercel variables and domains"
    ENVIRONMENT = "the GitHub environment"
    RELEASE_TAGS = "the release tags' protection"
    GATE = "the gate's required checks on up-to-date branches"
    TAG_DEPLOYS = "Render autoDeploy off, Vercel auto-assignment of production domains off"


CRITICAL_OUTPUTS = frozenset({"auth0.audience", "cors.origins"})
"""Where the variables come from that the foundation already sets of an adopted service (plan 1.1, 1.2)."""

ADDS: dict[str, dict[Phase, tuple[Part, ...]]] = {
    "staging": {
        "foundation": (Part.BRANCH, Part.AUTH0),
        "infrastructure": (Part.BACKEND, Part.FRONTEND, Part.ENVIRONMENT),
        "cutover": (),
    },
    "production": {
        "foundation": (Part.BRANCH, Part.AUTH0, Part.CRITICAL_VARIABLES),
        "infrastructure": (Part.BACKEND, Part.FRONTEND, Part.ENVIRONMENT, Part.RELEASE_TAGS),
        "cutover": (Part.GATE, Part.TAG_DEPLOYS),
    },
}


def parts(environment: str, phase: Phase) -> frozenset[Part]:
    """Everything that an environment has in a phase."""
    reached = PHASES[: PHASES.index(phase) + 1]
    return frozenset(part for one in reached for part in ADDS[environment][one])


def skipped(before: Phase | None, now: Phase) -> list[Phase]:
    """The phases passed over on the way forward. Args: before: None where the stack was never up."""
    start = PHASES.index(before) if before else 0
    return list(PHASES[start + 1 : PHASES.index(now)])


def gives_up_infrastructure(before: Phase | None, now: Phase) -> bool:
    """Whether moving from one phase to the other takes what runs away from the stack."""
    return before in ("infrastructure", "cutover") and now == "foundation"
