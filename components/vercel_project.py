"""The Vercel project as it is, and the variables in it that are in the way of the declared ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


def shared_records(declared: Vercel, there: Iterable[VariableRecord], branch: str | None) -> Iterator[str]:
    """Return records that hold a declared variable for its builds and for others.

    Vercel takes no second one beside them.

    Args:
        branch: the one whose builds the variables are for; None for production.
    """
    target, bound = _place(declared, branch)
    keys = {str(variable.key) for variable in declared.variables}
    for one in there:
        others = one.targets - {target}
        if one.key in keys and target in one.targets and others and one.git_branch == bound:
            yield (
                f"{one.key} is kept at Vercel for {' and '.join(sorted(one.targets))} in one record ({one.id}), and "
                f"this stack declares it for {target}: Vercel would refuse a second one. Edit it there (Settings, "
                f"Environment Variables): untick {target}, which the next `pulumi up` then adds"
            )


def overriding(declared: Vercel, there: Iterable[VariableRecord], branch: str | None) -> Iterator[VariableRecord]:
    """Return records for the stack's own branch only: their values win over those declared for all previews."""
    target, bound = _place(declared, branch)
    keys = {str(variable.key) for variable in declared.variables}
    if target == "preview" and branch and not bound:
        yield from (one for one in there if one.key in keys and one.git_branch == branch)


def overriding_records(declared: Vercel, there: Iterable[VariableRecord], branch: str | None) -> Iterator[str]:
    """Return the same in words."""
    for one in overriding(declared, there, branch):
        yield (
            f"{one.key} is also kept at Vercel for the branch {branch} alone ({one.id}): builds of {branch} get that "
            "value and not the declared one. Delete it there (Settings, Environment Variables), or declare "
            "marketedge:vercel.target: branch"
        )


def _place(declared: Vercel, branch: str | None) -> tuple[str, str]:
    """Return the target of the declared variables, and the branch that they are for, if any."""
    production = declared.target == "production"
    return ("production" if production else "preview", (branch or "") if declared.target == "branch" else "")
