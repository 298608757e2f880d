"""What the guardrails look at, and the rules about owners, phases, costs and other people's settings. See `guardrails`.

A rule is a function from facts to findings. It sends no request.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pulumi

from blueprint.kinds import unsent
from blueprint.syncs import Sync
from components import cost
from components.configuration import Loaded
from components.observation import Observation
from components.phases import Part, gives_up_infrastructure, skipped
from components.required_checks import Evidence, unreported
from components.settings import Settings
from components.stack import Before
from components.vercel_project import ExistingProject, conflicts


@dataclass(frozen=True)
class RuleFinding:
    """What a rule says.

    Attributes:
        level: `error`, `risk` (an error under strict) or `notice` (never an error).
    """

    level: str
    text: str


error, risk, notice = (partial(RuleFinding, level) for level in ("error", "risk", "notice"))


@dataclass(frozen=True)
class Facts:
    """What the rules look at.

    Attributes:
        evidence: of the required checks; None if GitHub cannot be asked.
        project: at Vercel; None if the stack has none, or if it cannot be asked.
        blueprints: those at Render that manage an adopted object, from the phase on in which they would undo something.
    """

    loaded: Loaded
    before: Before
    observed: Observation
    evidence: Evidence | None = None
    project: ExistingProject | None = None
    blueprints: tuple[Sync, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings of the stack."""
        return self.loaded.settings

    @property
    def declared(self) -> frozenset[Part]:
        """What the stack declares in its phase."""
        return self.settings.parts


def rollout_moves(facts: Facts) -> Iterator[RuleFinding]:
    """Tell the phases that are skipped, and refuse to leave one whose objects would go without being named."""
    settings, before = facts.settings, facts.before
    for passed in skipped(before.phase, settings.phase):
        yield notice(
            f"marketedge:phase goes from {before.phase or 'nothing'} to {settings.phase}: {passed} is skipped, so "
            "nobody has seen it work"
        )
    missing = [name for name in _lost(before, settings) if name not in settings.give_up]
    if missing and settings.phase == "foundation":
        left = before.phase if gives_up_infrastructure(before.phase, settings.phase) else "infrastructure"
        back = left if left == "infrastructure" else f"{left} or infrastructure"
        yield error(
            f"marketedge:phase: leaving {left} for foundation removes {', '.join(missing)} from this stack, and "
            f"deletes what the stack has made; expected marketedge:phase {back}, or all these names in "
            "marketedge:giveUp (databases and everything of production stay protected until `pulumi state unprotect`)"
        )


def _lost(before: Before, settings: Settings) -> list[str]:
    """Return the databases and services that only an earlier phase has, or that an interrupted run has made."""
    render = settings.render
    declared = [one.name for one in (*render.databases, *render.key_values, *render.services)]
    lost = declared if gives_up_infrastructure(before.phase, settings.phase) else []
    kept = {service.name for service in render.services if service.is_adopted}
    kept |= {group.name for group in render.env_groups}
    return [*lost, *sorted(before.made - kept - set(lost))]


def belongs_to_one_stack(facts: Facts) -> Iterator[RuleFinding]:
    """Refuse an object with two owners, and an adopted service that is another one."""
    settings, before, services = facts.settings, facts.before, facts.observed.services
    for stack, outputs in before.peers.items():
        for name, identity in services.items():
            if identity == outputs.get("renderServiceId"):
                yield error(f"marketedge:render: service {name} belongs to stack {stack} already; expected another one")
        for key, identity in settings.adopt.items():
            if identity == outputs.get("auth0ClientId"):
                yield error(f"marketedge:adopt: {key}: {identity} belongs to stack {stack} already")
    known, name = before.own.get("renderServiceId"), settings.render.backend.name if settings.render.backend else ""
    if settings.adopted and known and name and services.get(name, known) != known and known not in settings.give_up:
        yield error(
            f"marketedge:render.service.name: {name} is {services[name]}, and this stack has adopted {known}; expected "
            f"that one's name, or {known} in marketedge:giveUp"
        )


def databases_that_expire(facts: Facts) -> Iterator[RuleFinding]:
    """Warn about a free Postgres, which Render deletes (Render documentation, Free instances)."""
    database = next((one for one in facts.settings.render.databases if one.plan == "free"), None)
    if database and Part.BACKEND in facts.declared:
        when = facts.observed.expires.get(database.name)
        text = f"expires on {when[:10]}" if when else "expires 30 days after its creation"
        yield notice(
            f"marketedge:render.database: the free database {database.name} {text} and is deleted some days later, "
            "with everything in it; basic_256mb ($6 a month) is the smallest that stays"
        )


def only_in_blueprints(facts: Facts) -> Iterator[RuleFinding]:
    """Warn about preview environments, for which Render's REST API has no field."""
    for one in facts.settings.render.objects if Part.BACKEND in facts.declared else ():
        if keys := unsent(one):
            text = f"{one.name}: {', '.join(keys)}: only a Blueprint synced by Render has this; kept for `gate export`"
            yield notice(f"marketedge:render, {text}")


def within_budget(facts: Facts) -> Iterator[RuleFinding]:
    """Refuse a monthly cost over the budget (plan 10.1)."""
    if Part.BACKEND not in facts.declared:
        return
    prices, budget = cost.monthly_usd(facts.settings.render), facts.settings.budget_usd
    known = {name: price for name, price in prices.items() if price is not None}
    total = sum(known.values())
    if total > budget:
        listed = ", ".join(f"{name} ${price:g}" for name, price in known.items())
        yield error(
            f"marketedge:render adds ${total:g} a month ({listed}), over marketedge:budgetUsd {budget}: "
            "choose smaller plans, or raise the budget"
        )
    if unknown := sorted(prices.keys() - known.keys()):
        yield risk(f"no price is known for the plan of {', '.join(unknown)}: the budget is not checked")


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
    path, branch = "marketedge:github.protection", settings.github.branch.name
    for found in unreported(protection.required_checks, evidence, branch, ours):
        advice = "; or deliver the workflow that sets it: gate workflows sync" if found.check == ours else ""
        text = f"{path}.requiredChecks: {found}{advice}"
        if settings.adopted and not protection.force and found.check not in (evidence.required or ()):
            yield error(f"{text}. To add it to {branch} all the same: {path}.force: true")
        else:
            yield risk(text)


def variables_take_effect(facts: Facts) -> Iterator[RuleFinding]:
    """Find variables at Vercel that refuse a declared one, or whose value wins over it."""
    vercel, project, branch = facts.settings.vercel, facts.project, facts.settings.vercel_branch
    if vercel and project:
        for one in conflicts(vercel, project.variables, branch):
            yield (error if one.refuses else risk)(f"marketedge:vercel, variable {one.text}")


def no_blueprint_syncs(facts: Facts) -> Iterator[RuleFinding]:
    """Find Blueprints, which set variables, plan and automatic deploys again at each push (Render, Blueprints)."""
    for one in facts.blueprints:
        advice = f"gate disconnect --env {facts.settings.environment} ends it, and nothing is restarted"
        yield RuleFinding("error" if one.active else "notice", f"Render: {one}; {advice}")
