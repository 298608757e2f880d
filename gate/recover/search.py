"""Looks up which objects of a preview exist at their vendor already, with the accounts that the stack uses."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import yaml
from pulumi.automation import CommandError, Stack
from pydantic import ConfigDict, Field

from components.accounts import Accounts
from components.accounts.lookup import LOOK_UPS, Existing, NeedsDecision, Unknown, look_up
from components.adoption import key
from gate.common.errors import StackUnavailable
from gate.common.exit_codes import ExitCode
from gate.common.redaction import configured_secrets, environment_secrets
from gate.common.report import Report, ReportPart
from gate.recover import plan as plans
from gate.stack.project import said


@contextmanager
def accounts_of(stack: Stack, hide: Callable[[Iterable[str]], None]) -> Iterator[Accounts]:
    """Open every account that the stack needs.

    Args:
        hide: is called with the secrets of the stack's environment and configuration before anything is read.

    Raises:
        StackUnavailable: the CLI cannot work on the stack, also while the block runs.
        CredentialsMissing: lists every variable that is not set.
    """
    environ = {**os.environ, **stack.workspace.env_vars}
    hide(environment_secrets(environ))
    try:
        config = stack.get_all_config()
        hide(configured_secrets(config))
        with Accounts(environ, {key: value.value for key, value in config.items()}) as accounts:
            accounts.require_all()
            yield accounts
    except CommandError as error:
        raise StackUnavailable(f"the stack {stack.name} cannot be worked on: {said(error)}") from None


class AdoptableObject(ReportPart):
    """One object that exists.

    Attributes:
        key: in marketedge:adopt.
        import_id: its value.
        recognised_by: for a person to judge.
    """

    key: str
    import_id: str
    recognised_by: str


class AdoptionReport(Report):
    """What a stack would adopt, filled in while it is looked up.

    Attributes:
        new: declared, and does not exist.
        undecided: what a person has to decide first.
        waiting: what is known later.
    """

    model_config = ConfigDict(frozen=False)

    stack: str
    found: list[AdoptableObject] = Field([])
    new: list[str] = Field([])
    undecided: list[str] = Field([])
    waiting: list[str] = Field([])

    @property
    def exit_code(self) -> int:
        """Return 2 if something has to be decided first, else 0."""
        return ExitCode.FOUND if self.undecided else ExitCode.DONE

    def lines(self) -> Iterator[str]:
        """Return the lines to paste, each with what its id was recognised by, and everything else as comments."""
        if self.found:
            yield "  marketedge:adopt:"
            yield from (f"    {_entry(one.key, one.import_id)} # {one.recognised_by}" for one in self.found)
        else:
            yield f"# Nothing to adopt: stack {self.stack} would create nothing that already exists."
        yield from (f"# will be created: {name}" for name in self.new)
        yield from (f"# not looked up: {reason}" for reason in self.waiting)
        yield from (f"# decide first: {reason}" for reason in self.undecided)


def search(stack: Stack, accounts: Accounts, show: Callable[[str], None] = lambda _line: None) -> AdoptionReport:
    """Look up everything that the stack, in its phase, would create.

    Raises:
        PreviewFailed: the preview failed.
        VendorError: a vendor cannot be read.
    """
    adoption = AdoptionReport(stack=stack.name)
    for resource, answer in look_up_new(plans.read(stack, show), accounts, show):
        name = key(resource.type, resource.name)
        match answer:
            case Unknown():
                adoption.waiting.append(f"{name}: {answer.key} is known after `pulumi up` only")
            case NeedsDecision():
                adoption.undecided.append(f"{name}: {answer}")
            case None:
                adoption.new.append(name)
            case _:
                adoption.found.append(
                    AdoptableObject(key=name, import_id=answer.import_id, recognised_by=answer.recognised)
                )
    return adoption


def look_up_new(
    plan: plans.Plan, accounts: Accounts, show: Callable[[str], None]
) -> list[tuple[plans.Declared, Existing | Unknown | NeedsDecision | None]]:
    """Return what the plan would create, each with what its vendor has, or with the reason why that is not known.

    Raises:
        VendorError: a vendor cannot be read.
    """
    declared = [resource for resource in plan.new() if resource.type in LOOK_UPS]
    show(f"looking up {len(declared)} objects at their vendors")
    return [(resource, _answer(accounts, resource)) for resource in declared]


def _answer(accounts: Accounts, resource: plans.Declared) -> Existing | Unknown | NeedsDecision | None:
    try:
        return look_up(accounts, resource.type, resource.inputs)
    except (Unknown, NeedsDecision) as reason:
        return reason


def _entry(key: str, value: str) -> str:
    return yaml.safe_dump({key: value}, width=1_000, allow_unicode=True).strip()
