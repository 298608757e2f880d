"""Rules that every stack keeps, checked before anything is declared and while it is declared. Plan 1.1 to 2.4, 10.1.

A rule is a function from facts to findings. A risk that somebody may take is a warning, and an error with
`marketedge:strict`. What nobody may do is always an error.
"""

from collections.abc import Callable, Iterator, Mapping

import httpx
import pulumi

from blueprint.errors import RenderError
from blueprint.kinds import unsent
from blueprint.syncs import Sync, managing
from blueprint.workspace import connect
from components import cost, security_rules
from components import declared_rules as watch
from components import earlier_runs as rollout
from components.accounts import CredentialsMissing, VendorError, accounts_of_the_program
from components.configuration import Loaded
from components.earlier_runs import Before
from components.facts import Facts, RuleFinding
from components.observation import Observation
from components.phases import Part
from components.repository import read_evidence
from components.required_checks import Evidence, unreported
from components.vercel_project import ExistingProject, overriding_records, shared_records


def enforce(
    loaded: Loaded, before: Before, observed: Observation, environ: Mapping[str, str], project: ExistingProject | None
) -> list[str]:
    """Check everything, then check what the program declares from now on.

    Returns:
        The warnings that were given.

    Raises:
        pulumi.RunError: lists every error. Nothing was written.
    """
    found = findings(Facts(loaded, before, observed, gathered(loaded, environ), project, connected(loaded, environ)))
    strict = loaded.settings.strict
    errors = [one.text for one in found if one.level == "error" or (strict and one.level == "risk")]
    warned = [one.text for one in found if one.text not in errors]
    for text in warned:
        pulumi.log.warn(text)
    if errors:
        lines = "\n".join(f"  {text}" for text in errors)
        raise pulumi.RunError(f"stack {pulumi.get_stack()} breaks its guardrails; nothing was changed:\n{lines}")
    clear = loaded.settings.model_dump_json(by_alias=True)
    watch.register(keep_all=loaded.settings.adopted, secrets=loaded.secrets, clear=clear)
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


def findings(facts: Facts) -> list[RuleFinding]:
    """Return everything that the rules find, in the order of `RULES`."""
    return [finding for rule in RULES for finding in rule(facts)]


def rollout_moves(facts: Facts) -> Iterator[RuleFinding]:
    """Tell the phases that are skipped, and refuse ways back that would delete what runs."""
    for text in rollout.warnings(facts.before.phase, facts.settings):
        yield RuleFinding("notice", text)
    for text in rollout.refusals(facts.before, facts.settings):
        yield RuleFinding("error", text)


def belongs_to_one_stack(facts: Facts) -> Iterator[RuleFinding]:
    """Refuse an object with two owners, and an adopted service that is another one."""
    settings, before = facts.settings, facts.before
    services = facts.observed.services
    for stack, outputs in before.peers.items():
        for name, identity in services.items():
            if identity == outputs.get("renderServiceId"):
                told = f"service {name} belongs to stack {stack} already; expected another one"
                yield RuleFinding("error", f"marketedge:render: {told}")
        for key, identity in settings.adopt.items():
            if identity == outputs.get("auth0ClientId"):
                yield RuleFinding("error", f"marketedge:adopt: {key}: {identity} belongs to stack {stack} already")
    known, name = before.own.get("renderServiceId"), settings.render.backend.name if settings.render.backend else ""
    if settings.adopted and known and name and services.get(name, known) != known and known not in settings.give_up:
        yield RuleFinding(
            "error",
            f"marketedge:render.service.name: {name} is {services[name]}, and this stack has adopted {known}; expected "
            f"that one's name, or {known} in marketedge:giveUp",
        )


def databases_that_expire(facts: Facts) -> Iterator[RuleFinding]:
    """Warn about a free Postgres, which Render deletes (Render documentation, Free instances)."""
    database = next((one for one in facts.settings.render.databases if one.plan == "free"), None)
    if database is None or database.plan != "free" or Part.BACKEND not in facts.declared:
        return
    when = facts.observed.expires.get(database.name)
    text = f"expires on {when[:10]}" if when else "expires 30 days after its creation"
    yield RuleFinding(
        "notice",
        f"marketedge:render.database: the free database {database.name} {text} and is deleted some days later, with "
        "everything in it; basic_256mb ($6 a month) is the smallest that stays",
    )


def only_in_blueprints(facts: Facts) -> Iterator[RuleFinding]:
    """Warn about preview environments, for which Render's REST API has no field."""
    for one in facts.settings.render.objects if Part.BACKEND in facts.declared else ():
        if keys := unsent(one):
            text = f"{one.name}: {', '.join(keys)}: only a Blueprint synced by Render has this; kept for `gate export`"
            yield RuleFinding("notice", f"marketedge:render, {text}")


def within_budget(facts: Facts) -> Iterator[RuleFinding]:
    """Warn if the monthly cost is over the budget (plan 10.1)."""
    if Part.BACKEND not in facts.declared:
        return
    prices, budget = cost.monthly_usd(facts.settings.render), facts.settings.budget_usd
    known = {name: price for name, price in prices.items() if price is not None}
    listed = ", ".join(f"{name} ${price:g}" for name, price in known.items())
    if sum(known.values()) > budget:
        yield RuleFinding(
            "error",
            f"marketedge:render adds ${sum(known.values()):g} a month ({listed}), over marketedge:budgetUsd {budget}: "
            "choose smaller plans, or raise the budget",
        )
    if unknown := sorted(prices.keys() - known.keys()):
        yield RuleFinding("risk", f"no price is known for the plan of {', '.join(unknown)}: the budget is not checked")


def checks_that_report(facts: Facts) -> Iterator[RuleFinding]:
    """Find required checks that nothing reports, which block every pull request (GitHub, Protected branches).

    It is an error to add one to a branch that people work with already.
    """
    settings, evidence = facts.settings, facts.evidence
    if evidence is None:
        return
    if evidence.workflows.passed_over:
        pulumi.log.info(f"workflows that are not understood: {', '.join(evidence.workflows.passed_over)}")
    protection, ours = settings.github.protection_in(settings.phase), settings.release.smoke_context
    path, required = "marketedge:github.protection", protection.required_checks
    for found in unreported(required, evidence, settings.github.branch.name, ours):
        advice = "; or deliver the workflow that sets it: gate workflows sync" if found.check == ours else ""
        text = f"{path}.requiredChecks: {found}{advice}"
        locks = settings.adopted and not protection.force and found.check not in (evidence.required or ())
        if locks:
            text += f". To add it to {settings.github.branch.name} all the same: {path}.force: true"
        yield RuleFinding("error" if locks else "risk", text)


def variables_take_effect(facts: Facts) -> Iterator[RuleFinding]:
    """Find variables at Vercel that refuse a declared one, or whose value wins over it."""
    vercel, project = facts.settings.vercel, facts.project
    if vercel is None or project is None:
        return
    branch = facts.settings.vercel_branch
    for text in shared_records(vercel, project.variables, branch):
        yield RuleFinding("error", f"marketedge:vercel, variable {text}")
    for text in overriding_records(vercel, project.variables, branch):
        yield RuleFinding("risk", f"marketedge:vercel, variable {text}")


def no_blueprint_syncs(facts: Facts) -> Iterator[RuleFinding]:
    """Find Blueprints, which set variables, plan and automatic deploys again at each push (Render, Blueprints)."""
    for one in facts.blueprints:
        advice = f"gate disconnect --env {facts.settings.environment} ends it, and nothing is restarted"
        yield RuleFinding("error" if one.active else "notice", f"Render: {one}; {advice}")


RULES: tuple[Callable[[Facts], Iterator[RuleFinding]], ...] = (
    rollout_moves,
    security_rules.production_is_quiet,
    security_rules.secrets_are_kept_as_such,
    security_rules.no_wildcards,
    security_rules.own_hosts_are_allowed,
    security_rules.secrets_differ,
    belongs_to_one_stack,
    security_rules.previews_use_no_live_data,
    databases_that_expire,
    only_in_blueprints,
    within_budget,
    checks_that_report,
    variables_take_effect,
    no_blueprint_syncs,
    security_rules.releases_have_an_author,
    security_rules.public_variables,
)
