"""The phases of the rollout: what each adds to an environment (plan 2.1, 7, 8.2). The documents quote this table.

Moving `marketedge:phase` forward is the rollout; moving it back is the rollback of the gate itself.
"""

from enum import Enum
from typing import Literal, get_args

Phase = Literal["foundation", "infrastructure", "cutover"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Part(Enum):
    """Something that a phase adds. Its text is used in the documents."""

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
"""The sources of the variables that the foundation already sets of an adopted service (plan 1.1, 1.2)."""

ADDS: dict[Phase, tuple[Part, ...]] = {
    "foundation": (Part.BRANCH, Part.AUTH0, Part.CRITICAL_VARIABLES),
    "infrastructure": (Part.BACKEND, Part.FRONTEND, Part.ENVIRONMENT, Part.RELEASE_TAGS),
    "cutover": (Part.GATE, Part.TAG_DEPLOYS),
}
_OF_ADOPTED = frozenset({Part.CRITICAL_VARIABLES})
_OF_RELEASED_BY_TAG = frozenset({Part.RELEASE_TAGS, Part.GATE, Part.TAG_DEPLOYS})


def added(phase: Phase, *, adopted: bool, by_tag: bool) -> tuple[Part, ...]:
    """Return what a phase adds to an environment.

    Args:
        adopted: whether the environment's objects existed before.
        by_tag: whether it is released by tags.
    """
    left_out = (frozenset() if adopted else _OF_ADOPTED) | (frozenset() if by_tag else _OF_RELEASED_BY_TAG)
    return tuple(part for part in ADDS[phase] if part not in left_out)


def parts(phase: Phase, *, adopted: bool, by_tag: bool) -> frozenset[Part]:
    """Return everything that an environment has in a phase. The arguments are those of `added`."""
    reached = PHASES[: PHASES.index(phase) + 1]
    return frozenset(part for one in reached for part in added(one, adopted=adopted, by_tag=by_tag))


def skipped(before: Phase | None, now: Phase) -> list[Phase]:
    """Return the phases that are skipped on the way forward.

    Args:
        before: the earlier phase; None if the stack was never up.
    """
    start = PHASES.index(before) if before else 0
    return list(PHASES[start + 1 : PHASES.index(now)])


def gives_up_infrastructure(before: Phase | None, now: Phase) -> bool:
    """Whether going from one phase to the other takes running objects out of the stack."""
    return before in ("infrastructure", "cutover") and now == "foundation"
