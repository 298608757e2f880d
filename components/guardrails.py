"""Rules that every stack keeps, checked before anything is declared and while it is declared. Plan 1.1 to 2.4, 10.1.

A risk that somebody may take is a warning, and an error with `marketedge:strict`. What nobody may do is always an
error.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pulumi

from blueprint.errors import RenderError
from blueprint.syncs import Sync, managing
from blueprint.workspace import connect
from components import rules, security_rules
from components.accounts import CredentialsMissing, VendorError, accounts_of_the_program
from components.configuration import Loaded
from components.observation import Observation
from components.phases import Part
from components.required_checks import Evidence, read_evidence
from components.rules import Facts, RuleFinding
from components.stack import Before
from components.vendors import COMMAND
from components.vercel_project import ExistingProject

RULES: tuple[Callable[[Facts], Iterator[RuleFinding]], ...] = (
    rules.rollout_moves,
    security_rules.production_is_quiet,
    security_rules.secrets_are_kept_as_such,
    security_rules.no_wildcards,
    security_rules.own_hosts_are_allowed,
    security_rules.secrets_differ,
    rules.belongs_to_one_stack,
    security_rules.previews_use_no_live_data,
    rules.databases_that_expire,
    rules.only_in_blueprints,
    rules.within_budget,
    rules.checks_that_report,
    rules.variables_take_effect,
    rules.no_blueprint_syncs,
    security_rules.releases_have_an_author,
    security_rules.public_variables,
)


def enforce(
    loaded: Loaded, before: Before, observed: Observation, environ: Mapping[str, str], project: ExistingProject | None
) -> list[str]:
    """Check everything, then check what the program declares from now on.

    Returns:
        The warnings that were given.

    Raises:
        pulumi.RunError: lists every error. Nothing was written.
    """
    settings = loaded.settings
    facts = Facts(loaded, before, observed, gathered(loaded, environ), project, connected(loaded, environ))
    found = [finding for rule in RULES for finding in rule(facts)]
    errors = [one.text for one in found if one.level == "error" or (settings.strict and one.level == "risk")]
    warned = [one.text for one in found if one.text not in errors]
    for text in warned:
        pulumi.log.warn(text)
    if errors:
        lines = "\n".join(f"  {text}" for text in errors)
        raise pulumi.RunError(f"stack {pulumi.get_stack()} breaks its guardrails; nothing was changed:\n{lines}")
    watch(keep_all=settings.adopted, secrets=loaded.secrets, clear=settings.model_dump_json(by_alias=True))
    return warned


def gathered(loaded: Loaded, environ: Mapping[str, str]) -> Evidence | None:
    """Return what GitHub tells about the required checks; None without a token, or if GitHub cannot be reached."""
    settings, github = loaded.settings, loaded.settings.github
    required = github.protection_in(settings.phase).required_checks
    # A branch that this stack makes has the workflows of the one it is made from.
    reference = github.branch.source or github.branch.name
    try:
        with accounts_of_the_program(loaded.owner, environ) as accounts:
            repository = accounts.repository(github.repository)
            return read_evidence(repository, github.branch.name, reference, required, settings.release.smoke_context)
    except CredentialsMissing:
        return None
    except (VendorError, httpx.InvalidURL) as error:
        pulumi.log.info(f"the required checks were not compared with the repository's workflows: {error}")
        return None


def connected(loaded: Loaded, environ: Mapping[str, str]) -> tuple[Sync, ...]:
    """Return the Blueprints that manage an adopted object, from the phase in which they would undo what is declared."""
    settings = loaded.settings
    if not settings.adopted or Part.TAG_DEPLOYS not in settings.parts or not environ.get("RENDER_API_KEY"):
        return ()
    try:
        with connect(environ, lambda _line: None) as session:
            return tuple(managing(session, [one.name for one in settings.render.objects]))
    except RenderError as error:
        pulumi.log.info(f"Render's Blueprints were not read: {error}")
        return ()


def watch(*, keep_all: bool, secrets: Mapping[str, str], clear: str = "") -> None:
    """Check every resource from now on: production is never deleted, and no secret is written in clear.

    Args:
        keep_all: protect every resource until `pulumi state unprotect`. Even then it is forgotten and not deleted.
        secrets: the stack's, by name. An input that holds one of the values has to be a Pulumi secret.
        clear: what the stack file has in clear.
    """
    values = {value: name for name, value in secrets.items() if tells_a_leak(value, clear)}

    def check(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        if keep_all and isinstance(args.resource, pulumi.CustomResource):
            args.opts.protect = True
            args.opts.retain_on_delete = args.type_ != COMMAND
        label = f"{args.name} ({args.type_})"
        props = {key: _checked(value, values, f"{label}: {key}") for key, value in args.props.items()}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(check)


_SHORTEST, _LONG = 6, 16
_WORDS = re.compile(r"[A-Za-z]*([-_. /:]{1,3}[A-Za-z]+)*[-_. /:]{0,3}\d{0,11}")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)?[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?")


def tells_a_leak(value: str, clear: str) -> bool:
    """Whether a secret's value in an input can only come from the secret.

    Values such as `postgres`, `staging` and `https://app.example.com` are in many inputs for other reasons. So words,
    numbers and addresses without a password are searched for only if they are long and the stack file has them nowhere
    in clear. Other values are searched for from six characters on. Every secret is a Pulumi secret wherever it is
    referred to; this is the second line of defence, against values that somebody copied.
    """
    if len(value) < _SHORTEST:
        return False
    common = _WORDS.fullmatch(value) or (_ADDRESS.fullmatch(value) and ("." in value or "://" in value))
    return not common or (len(value) >= _LONG and value.rpartition("://")[2] not in clear)


def _checked(value: Any, secrets: Mapping[str, str], where: str) -> Any:
    """Return the same value. An output is checked when it is known.

    Raises:
        pulumi.RunError: the value holds a secret in clear.
    """
    if isinstance(value, pulumi.Output):
        return _watched(value, secrets, where)
    if isinstance(value, Mapping):
        return {key: _checked(inner, secrets, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_checked(inner, secrets, where) for inner in value]
    for secret, name in secrets.items() if isinstance(value, str) else ():
        if secret in value:
            raise pulumi.RunError(f"{where} holds the secret {name} in clear: refer to it with fromSecret: {name}")
    return value


def _watched(output: pulumi.Output[Any], secrets: Mapping[str, str], where: str) -> pulumi.Output[Any]:
    async def checked() -> Any:
        value = await output.future(with_unknowns=True)
        return value if await output.is_secret() else _checked(value, secrets, where)

    return pulumi.Output(output.resources(), asyncio.ensure_future(checked()), output.is_known(), output.is_secret())
