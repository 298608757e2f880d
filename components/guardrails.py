"""Rules that every stack keeps, checked before anything is declared and while it is declared. Plan 1.1 to 2.4, 10.1.

A rule is a function from what is known to findings. A risk that somebody may take is a warning, and an error with
`marketedge:strict`; what nobody may do is an error at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from blueprint.sources import Sourced
from components import cost
from components import declared_rules as watch
from components import earlier_runs as rollout
from components.configuration import Loaded
from components.earlier_runs import Before
from components.observation import Observation
from components.outputs import secret_digests
from components.own_hosts import missing
from components.phases import Part
from components.render_settings import AnyService
from components.repository import Repository, Unavailable
from components.required_checks import Evidence, unreported
from components.settings import Settings
from components.vercel_project import Existing, overriding_records, shared_records


@dataclass(frozen=True)
class Finding:
    """level: `error`, `risk` (an error under strict) or `notice` (never one)."""

    level: str
    text: str


@dataclass(frozen=True)
class Facts:
    """What the rules look at.

    Attributes:
        evidence: of the required checks; None where GitHub cannot be asked.
        project: at Vercel; None where the stack has none, or it cannot be asked.
    """

    loaded: Loaded
    before: Before
    observed: Observation
    evidence: Evidence | None = None
    project: Existing | None = None

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def declared(self) -> frozenset[Part]:
        return self.settings.parts


def enforce(
    loaded: Loaded, before: Before, observed: Observation, environ: Mapping[str, str], project: Existing | None
) -> list[str]:
    """Check everything, then watch over what the program declares from now on.

    Returns: the warnings that were given.

    Raises: pulumi.RunError with every error at once; nothing was written by then.
    """
    found = findings(Facts(loaded, before, observed, gathered(loaded, environ), project))
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
    """What GitHub tells about the required checks; None without a token, or where GitHub is out of reach."""
    provider, settings, github = pulumi.Config("github"), loaded.settings, loaded.settings.github
    token = provider.get("token") or environ.get("GITHUB_TOKEN")
    if not token:
        return None
    base_url = provider.get("baseUrl") or environ.get("GITHUB_BASE_URL", "")
    required = github.protection_in(settings.phase).required_checks
    # A branch that this stack makes has the workflows of the one it is made from.
    reference = github.branch.source or github.branch.name
    try:
        repository = Repository(base_url, token, loaded.owner, github.repository)
        return repository.evidence(github.branch.name, reference, required, settings.release.smoke_context)
    except Unavailable as error:
        pulumi.log.info(f"the required checks were not compared with the repository's workflows: {error}")
        return None


def findings(facts: Facts) -> list[Finding]:
    """Everything that the rules find, in the order of `RULES`."""
    return [finding for rule in RULES for finding in rule(facts)]


def rollout_moves(facts: Facts) -> Iterator[Finding]:
    """Phases that are passed over, and ways back that would delete what runs."""
    for text in rollout.warnings(facts.before.phase, facts.settings):
        yield Finding("notice", text)
    for text in rollout.refusals(facts.before, facts.settings):
        yield Finding("error", text)


def production_is_quiet(facts: Facts) -> Iterator[Finding]:
    """No debugging and no switched-off protection in production (plan 2.4 has both for staging).

    What is kept at Render itself is not this stack's to change: there it is a risk.
    """
    if not facts.settings.live:
        return
    declared = set()
    for variable in facts.settings.render.variables:
        secret = facts.loaded.secrets.get(variable.from_secret or "")
        value = variable.value if variable.value is not None else secret
        if value is not None:
            declared.add(variable.key)
            if _forbidden(str(variable.key), value):
                path = f"marketedge:render, variable {variable.key}"
                yield Finding("error", f"{path}: {_show(variable.from_secret, value)} in production — {_EXPECTED}")
    for key, value in facts.observed.switches.items():
        if key not in declared and _forbidden(key, value):
            yield Finding("risk", f"Render, variable {key}: {_show(None, value)} in production — {_EXPECTED}")


_ON, _OFF = frozenset({"true", "t", "1", "yes", "y", "on"}), frozenset({"false", "f", "0", "no", "n", "off"})
_FORBIDDEN = {"DEBUG": _ON, "CSRF_ENABLED": _OFF, "LOG_LEVEL": frozenset({"debug", "trace", "notset"})}
_EXPECTED = "expected DEBUG false, CSRF_ENABLED true, LOG_LEVEL INFO or above"


def _forbidden(key: str, value: str) -> bool:
    return value.strip().lower() in _FORBIDDEN.get(key, ())


def _show(secret: str | None, value: str) -> str:
    return f"the value of the secret {secret} switches it" if secret else repr(value.strip().lower())


def secrets_are_kept_as_such(facts: Facts) -> Iterator[Finding]:
    """A secret that is written out stands in the repository, in every preview and in the state."""
    settings = facts.settings
    variables: dict[str, Sequence[Sourced]] = {
        "marketedge:render": settings.render.variables,
        "marketedge:vercel": settings.vercel.variables if settings.vercel else [],
        "marketedge:github.environment": settings.github.environment.variables,
    }
    for path, listed in variables.items():
        for variable in listed:
            if variable.value is not None and _looks_secret(str(variable.key), variable.value):
                yield Finding(
                    "error",
                    f"{path}, variable {variable.key}: a secret in clear; expected fromSecret, and the value where "
                    "`pulumi config set --secret --path 'marketedge:secrets.<NAME>'` puts it",
                )


_PUBLIC_NAME = re.compile(r"(NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|PUBLIC|GATSBY|VUE_APP)_")
"""What frameworks hand to browsers (Next.js, Vite, Create React App, Expo, Nuxt, SvelteKit, Gatsby, Vue)."""
_SECRET_NAME = re.compile(r".*(SECRET|SECRET_KEY|PASSWORD|PASSPHRASE|TOKEN|API_KEY|PRIVATE_KEY)")
_NO_SECRET = _ON | _OFF | {""}


def _looks_secret(key: str, value: str) -> bool:
    """By its name, where it is more than a switch or a number; or an address with a password in it."""
    named = (
        _SECRET_NAME.fullmatch(key)
        and not _PUBLIC_NAME.match(key)
        and value.lower() not in _NO_SECRET
        and not value.isdigit()
    )
    return bool(named or _PASSWORD.match(value))


_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@")


def no_wildcards(facts: Facts) -> Iterator[Finding]:
    """Anybody can have a host under vercel.app or onrender.com (plan 1.2, 1.3 list both for production)."""
    settings = facts.settings
    if not settings.live:
        return
    auth0 = settings.auth0
    lists = {
        "marketedge:auth0.callbacks": (auth0.callbacks, _CODES),
        "marketedge:auth0.logoutUrls": (auth0.logout_urls, "anybody with a host there can be the end of a logout"),
        "marketedge:auth0.webOrigins": (auth0.web_origins, "anybody with a host there can renew a session silently"),
        "marketedge:auth0.allowedOrigins": (auth0.allowed_origins or [], _ORIGIN),
        "marketedge:cors.origins": (settings.cors.origins, _ORIGIN),
    }
    for path, (entries, risk) in lists.items():
        if wildcards := [entry for entry in entries if "*" in entry]:
            expected = "name the hosts, and leave wildcards to staging's own application"
            yield Finding("risk", f"{path}: {', '.join(wildcards)} in production: {risk}; {expected}")


_CODES = "anybody with a host there can receive the login codes of your users"
_ORIGIN = "a page of anybody with a host there can call the backend as your users"


def own_hosts_are_allowed(facts: Facts) -> Iterator[Finding]:
    """A frontend whose own address is missing from one of the lists cannot log anybody in (plan 1.2, 1.3)."""
    for path, address, written in missing(facts.settings):
        told = f"{address} is missing, so logins from the frontend fail; add {written} to the list"
        yield Finding("error", f"{path}: {told}")


def secrets_differ(facts: Facts) -> Iterator[Finding]:
    """A token signed by staging must not open production (plan 2.4)."""
    for key, own in secret_digests(facts.loaded, facts.observed).items():
        for stack, outputs in facts.before.peers.items():
            if own == (outputs.get("secretDigests") or {}).get(key):
                yield Finding(
                    "error",
                    f"{key} is the same here and in stack {stack}: whoever signs tokens there can sign them here; "
                    "expected two values: give one environment a new one (fromSecret, or generateValue: true)",
                )


def belongs_to_one_stack(facts: Facts) -> Iterator[Finding]:
    """No object has two owners, and an adopted service is not taken for another one."""
    settings, before = facts.settings, facts.before
    services = facts.observed.services
    for stack, outputs in before.peers.items():
        for name, identity in services.items():
            if identity == outputs.get("renderServiceId"):
                told = f"service {name} belongs to stack {stack} already; expected another one"
                yield Finding("error", f"marketedge:render: {told}")
        for key, identity in settings.adopt.items():
            if identity == outputs.get("auth0ClientId"):
                yield Finding("error", f"marketedge:adopt: {key}: {identity} belongs to stack {stack} already")
    known, name = before.own.get("renderServiceId"), settings.render.backend.name if settings.render.backend else ""
    if settings.adopted and known and name and services.get(name, known) != known and known not in settings.give_up:
        yield Finding(
            "error",
            f"marketedge:render.service.name: {name} is {services[name]}, and this stack has adopted {known}; expected "
            f"that one's name, or {known} in marketedge:giveUp",
        )


def databases_that_expire(facts: Facts) -> Iterator[Finding]:
    """A free Postgres is deleted (Render documentation, Free instances)."""
    database = next((one for one in facts.settings.render.databases if one.plan == "free"), None)
    if database is None or database.plan != "free" or Part.BACKEND not in facts.declared:
        return
    when = facts.observed.expires.get(database.name)
    text = f"expires on {when[:10]}" if when else "expires 30 days after its creation"
    yield Finding(
        "notice",
        f"marketedge:render.database: the free database {database.name} {text} and is deleted some days later, with "
        "everything in it; basic_256mb ($6 a month) is the smallest that stays",
    )


def within_budget(facts: Facts) -> Iterator[Finding]:
    """What the gate adds to the monthly bill (plan 10.1)."""
    if Part.BACKEND not in facts.declared:
        return
    prices, budget = cost.monthly_usd(facts.settings.render), facts.settings.budget_usd
    known = {name: price for name, price in prices.items() if price is not None}
    listed = ", ".join(f"{name} ${price:g}" for name, price in known.items())
    if sum(known.values()) > budget:
        yield Finding(
            "error",
            f"marketedge:render adds ${sum(known.values()):g} a month ({listed}), over marketedge:budgetUsd {budget}: "
            "choose smaller plans, or raise the budget",
        )
    if unknown := sorted(prices.keys() - known.keys()):
        yield Finding("risk", f"no price is known for the plan of {', '.join(unknown)}: the budget is not checked")


def checks_that_report(facts: Facts) -> Iterator[Finding]:
    """A required check that nothing reports blocks every pull request (GitHub, Protected branches).

    On a branch that people work with already, adding one is refused.
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
        yield Finding("error" if locks else "risk", text)


def variables_take_effect(facts: Facts) -> Iterator[Finding]:
    """What is kept at Vercel already neither refuses a declared variable nor wins over it."""
    vercel, project = facts.settings.vercel, facts.project
    if vercel is None or project is None:
        return
    branch = facts.settings.vercel_branch
    for text in shared_records(vercel, project.variables, branch):
        yield Finding("error", f"marketedge:vercel, variable {text}")
    for text in overriding_records(vercel, project.variables, branch):
        yield Finding("risk", f"marketedge:vercel, variable {text}")


def previews_use_no_live_data(facts: Facts) -> Iterator[Finding]:
    """A preview at Render copies every variable of its service, the database's address too (render.com/docs).

    So the code of an unreviewed pull request, and its migrations, would run on production's data.
    """
    if not facts.settings.live or Part.BACKEND not in facts.declared:
        return
    for service in facts.settings.render.services:
        if service.preview_generation != "off" and _holds_data(service):
            yield Finding(
                "error",
                f"marketedge:render, service {service.name}: previews are {service.preview_generation}, so pull "
                "requests would run on live data; expected generation off here, and previews at the environment that "
                "pull requests are merged to",
            )


def _holds_data(service: AnyService) -> bool:
    return service.is_adopted or any(
        variable.from_database or variable.from_key_value or variable.sync is False for variable in service.env_vars
    )


def releases_have_an_author(facts: Facts) -> Iterator[Finding]:
    """Whoever may create a release tag releases; whoever may set the status that a merge needs opens the gate."""
    github, release = facts.settings.github, facts.settings.release
    if Part.RELEASE_TAGS in facts.declared and github.release_managers is None:
        yield Finding(
            "notice",
            f"marketedge:github.releaseManagers: nobody is named, so everybody who can write to {github.repository} "
            "can release; name a team or a role",
        )
    protection = github.protection_in(facts.settings.phase)
    if release.smoke_context in protection.required_checks and release.smoke_context not in protection.checks_by:
        yield Finding(
            "notice",
            f"marketedge:github.protection.checksBy: {release.smoke_context} is bound to no app, so everybody who can "
            f"write to {github.repository} can set it; add {release.smoke_context}: 15368 (GitHub Actions)",
        )


def public_variables(facts: Facts) -> Iterator[Finding]:
    """A framework puts variables with its public prefix into pages that everybody can read."""
    settings = facts.settings
    for variable in (*settings.render.variables, *(settings.vercel.variables if settings.vercel else ())):
        if variable.from_secret and _PUBLIC_NAME.match(str(variable.key)):
            told = f"{variable.key} is public by its prefix: browsers get the secret {variable.from_secret}"
            yield Finding("notice", f"{told}; rename the variable, or write the value out if it is no secret")


RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    rollout_moves,
    production_is_quiet,
    secrets_are_kept_as_such,
    no_wildcards,
    own_hosts_are_allowed,
    secrets_differ,
    belongs_to_one_stack,
    previews_use_no_live_data,
    databases_that_expire,
    within_budget,
    checks_that_report,
    variables_take_effect,
    releases_have_an_author,
    public_variables,
)
