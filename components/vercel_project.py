"""The Vercel project as it is, and the variables in it that are in the way of the declared ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from components.vendor_settings import Vercel


@dataclass(frozen=True)
class VariableRecord:
    """One record at Vercel: a value for several targets, or for the preview builds of one branch."""

    id: str
    key: str
    targets: frozenset[str]
    git_branch: str


@dataclass(frozen=True)
class ExistingProject:
    """A project that exists.

    Attributes:
        name: its own name, even if the settings give its id.
    """

    id: str
    name: str
    variables: tuple[VariableRecord, ...] = ()


def look_up(project: str) -> ExistingProject:
    """Read a project by its name or its id. An update would take an id for a new name."""
    import pulumiverse_vercel as vercel  # here, because `gate` uses this module where Pulumi is not installed

    found = vercel.get_project(name=project)
    records = (
        VariableRecord(one.id, one.key, frozenset(one.targets or ()), one.git_branch or "")
        for one in found.environments or ()
    )
    return ExistingProject(found.id, found.name or project, tuple(records))


class Conflict(NamedTuple):
    """A record at Vercel that is in the way of a declared variable.

    Attributes:
        refuses: whether Vercel takes no second one beside it. Otherwise its value wins over the declared one.
        text: names the variable, and says what to do.
    """

    record: VariableRecord
    refuses: bool
    text: str


def conflicts(declared: Vercel, there: Iterable[VariableRecord], branch: str | None) -> Iterator[Conflict]:
    """Return the records that are in the way.

    Args:
        branch: the one whose builds the variables are for; None for production.
    """
    target = "production" if declared.target == "production" else "preview"
    bound = (branch or "") if declared.target == "branch" else ""
    keys = {str(variable.key) for variable in declared.variables}
    for one in there:
        if one.key in keys and one.git_branch == bound and one.targets > {target}:
            text = (
                f"{one.key} is kept at Vercel for {' and '.join(sorted(one.targets))} in one record ({one.id}), and "
                f"this stack declares it for {target}: Vercel would refuse a second one. Edit it there (Settings, "
                f"Environment Variables): untick {target}, which the next `pulumi up` then adds"
            )
            yield Conflict(one, True, text)
        if one.key in keys and target == "preview" and not bound and branch and one.git_branch == branch:
            text = (
                f"{one.key} is also kept at Vercel for the branch {branch} alone ({one.id}): builds of {branch} get "
                "that value and not the declared one. Delete it there (Settings, Environment Variables), or declare "
                "marketedge:vercel.target: branch"
            )
            yield Conflict(one, False, text)
