"""GitHub's side: branches, protection, checks that report, environment, release tags (plan 1.4, 1.5, 3.3, 5.2)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from components.accounts.api import VendorError
from components.accounts.repository import Repository
from components.required_checks import read_evidence, unreported
from components.settings import Settings
from gate.checks.login import CLIENT, needed
from gate.checks.verdict import UP, Line, Verdict, failed, note, passed, unknown
from gate.verify.look import Check, Look, complete

_ADMIN = "Administration: read"


def checks(settings: Settings) -> Iterator[Check]:
    """Yield the checks of the repository."""
    github, name = settings.github, settings.github.branch.name
    yield Check("1.4", f"branch {name}", _branch)
    yield Check("1.5", f"protection of {name}", _protection)
    yield Check.of_one("5.2" if github.at_cutover else "1.5", "required checks are reported", _reported)
    yield Check("5.2", f"who writes {settings.release.smoke_context}", _status_writers)
    yield Check("3.3" if github.environment.tags else "3.1", f"environment {github.environment.name}", _environment)
    if github.release_tags:
        yield Check.of_one("3.3", f"tags {github.release_tags} cannot be moved", _release_tags)


def _branch(look: Look, check: Check) -> Iterator[Line]:
    branch, repository = look.settings.github.branch, look.repository
    head = repository.head(branch.name)
    yield check.line(passed(f"at {head[:7]}") if head else failed("does not exist", UP))
    if head and branch.source:
        found = repository.get(f"compare/{quote(branch.source, safe='')}...{quote(branch.name, safe='')}") or {}
        apart = failed("no common history", f"check what {branch.name} was made from")
        told = passed(f"{found.get('ahead_by')} ahead, {found.get('behind_by')} behind") if found else apart
        yield Line(check.plan, f"{check.title} came from {branch.source}", told)


def _protection(look: Look, check: Check) -> Iterator[Line]:
    github = look.settings.github
    wanted, branch = github.protection_in(look.settings.phase), quote(github.branch.name, safe="")
    rule = look.repository.get(f"branches/{branch}/protection", needs=_ADMIN)
    if rule is None:
        yield check.line(failed("there is none", UP))
        return
    reviews, required = rule.get("required_pull_request_reviews") or {}, rule.get("required_status_checks") or {}

    def on(key: str) -> bool:
        return bool((rule.get(key) or {}).get("enabled"))

    facts = [
        ("required approvals", reviews.get("required_approving_review_count", 0), wanted.required_approvals),
        ("dismissal of stale approvals", reviews.get("dismiss_stale_reviews", False), wanted.dismiss_stale_approvals),
        ("required checks", set(required.get("contexts", [])), set(wanted.required_checks)),
        ("up-to-date branches", required.get("strict", False), wanted.require_up_to_date),
        ("resolved conversations", on("required_conversation_resolution"), wanted.require_conversation_resolution),
        ("bypassing", not on("enforce_admins"), wanted.allow_bypass),
        ("force pushes", on("allow_force_pushes"), wanted.allow_force_pushes),
        ("deletion", on("allow_deletions"), wanted.allow_deletions),
    ]
    for what, found, declared in facts:
        yield check.compared(what, found, declared)


def _reported(look: Look) -> Verdict:
    """Check required checks, by the rule of the guardrail, with the same evidence."""
    settings, repository = look.settings, look.repository
    context, branch = settings.release.smoke_context, settings.github.branch.name
    required = settings.github.protection_in(settings.phase).required_checks
    try:
        evidence = read_evidence(repository, branch, branch, required, context)
    except VendorError as error:
        return unknown(f"what reports them cannot be read: {error}")
    found = unreported(required, evidence, branch, context)
    if not found:
        skipped = ", ".join(evidence.workflows.passed_over)
        return passed(f"{len(required)} of {len(required)}{skipped and f'; not understood: {skipped}'}")
    fix = "correct marketedge:github.protection.requiredChecks, then " + UP
    if context in {one.check for one in found}:
        fix = f"merge what gate workflows sync --env staging delivers; {fix}"
    return failed("; ".join(map(str, found)), fix)


def _status_writers(look: Look, check: Check) -> Iterator[Line]:
    """Check who can set the smoke tests' status.

    Anybody with write access can set one (docs.github.com/en/rest/commits/statuses).
    So main takes it from one app only, and a release counts it only if `release.smokeStatusBy` has its creator.
    """
    settings, release, repository = look.settings, look.settings.release, look.repository
    context, branch = release.smoke_context, settings.github.branch.name
    protection = settings.github.protection_in(settings.phase)
    if context in protection.required_checks:
        app = protection.bound_checks.get(context)
        yield check.line(_bound(repository, branch, context, app), f"{branch} takes it from")
    head = repository.head(branch)
    statuses = repository.statuses(head, context) if head else []
    trusted = " or ".join(release.smoke_status_by)
    if not statuses:
        verdict = unknown(f"the head of {branch} has none; a release counts that of {trusted}")
    elif statuses[0].creator in {*release.smoke_status_by, repository.viewer()}:
        verdict = passed(f"{statuses[0].creator} wrote the newest one of {branch}")
    else:
        writer = statuses[0].creator or "somebody who left"
        fix = "run the workflow that writes it again; where this writer is right, add it to release.smokeStatusBy"
        verdict = failed(f"{writer} wrote the newest one of {branch}, and a release counts that of {trusted}", fix)
    yield check.line(verdict, "a release counts")


def _bound(repository: Repository, branch: str, context: str, app: int | None) -> Verdict:
    """Check that the branch's rulesets bind the check to the declared app."""
    if app is None:
        fix = f"add {context}: 15368 (GitHub Actions) to marketedge:github.protection.checksBy, then {UP}"
        return note("whoever can write to the repository: it is bound to no app", fix)
    apps = set()
    for ruleset in _rulesets(repository, "branch", f"refs/heads/{branch}"):
        rules = [rule for rule in ruleset.get("rules", []) if rule["type"] == "required_status_checks"]
        checks = [check for rule in rules for check in rule["parameters"]["required_status_checks"]]
        apps |= {check.get("integration_id") for check in checks if check["context"] == context}
    if app in apps:
        return passed(f"the app {app} alone")
    return failed(f"whoever can write to the repository: no active ruleset of {branch} binds it to the app {app}", UP)


def _environment(look: Look, check: Check) -> Iterator[Line]:
    settings, declared, repository = look.settings, look.settings.github.environment, look.repository
    path = f"environments/{quote(declared.name, safe='')}"
    found = repository.get(path, needs=_ADMIN)
    if found is None:
        yield check.line(failed("does not exist", f"{UP} at phase infrastructure"))
        return
    listed = repository.pages(f"{path}/deployment-branch-policies", _ADMIN, item="branch_policies")
    policies = {f"{policy.get('type', 'branch')} {policy['name']}" for policy in listed}
    wanted = f"tag {declared.tags}" if declared.tags else f"branch {settings.github.branch.name}"
    others = ", ".join(sorted(policies - {wanted}))
    # What lived before is not deleted by an up.
    advice = f"delete {others} (Settings, Environments, {declared.name}), then {UP}" if others else UP
    yield check.compared("who may deploy", policies, {wanted}, advice)
    named, reviewers = {*declared.reviewers.users, *declared.reviewers.teams}, _reviewers(found)
    # Where none are named, those of an adopted environment stay.
    yield check.compared("reviewers", reviewers, reviewers if settings.adopted and not named else named)
    of_a_login = set(needed(settings)) if settings.login_required else set()
    variables = repository.pages(f"{path}/variables", "Environments: read", item="variables", size=30)
    expected = [*(v.key for v in declared.variables), *(of_a_login & {CLIENT})]
    yield check.line(complete(expected, {one["name"] for one in variables}, _BY_HAND), "variables")
    expected = [*(secret.key for secret in declared.secrets), "RENDER_API_KEY", *(of_a_login - {CLIENT})]
    expected += ["VERCEL_API_TOKEN"] if declared.tags and settings.vercel else []
    yield check.line(complete(expected, _secrets(repository, path), _BY_HAND), "secrets")


_BY_HAND = f"{UP}; what the stack does not declare: gh secret set <name> --env <environment>"


def _secrets(repository: Repository, environment: str) -> set[str]:
    """Return the names that a job of the environment can read: its own, the repository's and the organization's."""
    found: set[str] = set()
    for path in (f"{environment}/secrets", "actions/secrets", "actions/organization-secrets"):
        listed = repository.pages(path, "Environments and Secrets: read", item="secrets")
        found |= {secret["name"] for secret in listed}
    return found


def _reviewers(environment: dict[str, Any]) -> set[str]:
    rules = [rule for rule in environment.get("protection_rules", []) if rule["type"] == "required_reviewers"]
    people = [one["reviewer"] for rule in rules for one in rule["reviewers"]]
    return {str(one.get("login") or one.get("slug")) for one in people}


def _release_tags(look: Look) -> Verdict:
    """Check the ruleset of release tags; it has to name who may create such tags if the stack does."""
    pattern, limited = look.settings.github.release_tags, look.settings.github.release_managers is not None
    wanted = {"deletion", "update"} | ({"creation"} if limited else set())
    for ruleset in _rulesets(look.repository, "tag", f"refs/tags/{pattern}"):
        if {rule["type"] for rule in ruleset.get("rules", [])} >= wanted:
            if limited and not ruleset.get("bypass_actors"):
                return failed(f"{ruleset['name']} lets nobody create tags {pattern}", UP)
            creators = "its release managers create them" if limited else "whoever can write creates them"
            return passed(f"{ruleset['name']}; {creators}")
    return failed(f"no active ruleset protects tags {pattern} from {', '.join(sorted(wanted))}", UP)


def _rulesets(repository: Repository, target: str, ref: str) -> Iterator[dict[str, Any]]:
    """Return the active rulesets of a ref, each in full.

    The list has neither conditions nor rules (docs.github.com/en/rest/repos/rules).
    """
    for one in repository.pages("rulesets", _ADMIN):
        if (one["target"], one["enforcement"]) == (target, "active"):
            ruleset = repository.get(f"rulesets/{one['id']}", needs=_ADMIN) or {}
            included = ((ruleset.get("conditions") or {}).get("ref_name") or {}).get("include", [])
            if {"~ALL", ref} & set(included):
                yield {"name": one["name"], **ruleset}
