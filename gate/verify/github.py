"""GitHub's side: branches, protection, checks that report, environment, release tags (plan 1.4, 1.5, 3.3, 5.2)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from components.accounts.api import VendorError
from components.accounts.repository import Repository
from components.repository import read_evidence
from components.required_checks import unreported
from gate.checks.login_test import CLIENT, needed
from gate.checks.verdict import UP, Group, Line, Verdict, compared, complete, failed, note, passed, unknown
from gate.stack.target import Target

_ADMIN = "Administration: read"
_CONVERSATIONS = "required_conversation_resolution"


def groups(
    target: Target,
    repository: Callable[[], Repository],
    undelivered: Callable[[Target, Repository], Sequence[str]],
) -> Iterator[Group]:
    """Check the repository. Each look may raise.

    Args:
        repository: opens it.
        undelivered: files that the branch does not have as they are delivered.

    Raises:
        VendorError: GitHub cannot be read.
    """
    github, name = target.settings.github, target.settings.github.branch.name
    yield Group("1.4", f"branch {name}", lambda: _branch(target, repository()))
    yield Group("1.5", f"protection of {name}", lambda: _protection(target, repository()))
    plan = "5.2" if github.at_cutover else "1.5"
    reported = "required checks are reported"
    yield Group.of_one(plan, reported, lambda: _reported(target, repository()))
    writers = f"who writes {target.settings.release.smoke_context}"
    yield Group("5.2", writers, lambda: _status_writers(target, repository(), writers))
    where = f"environment {github.environment.name}"
    yield Group("3.3" if github.environment.tags else "3.1", where, lambda: _environment(target, repository()))
    if pattern := github.release_tags:
        limited = github.release_managers is not None
        tags = f"tags {pattern} cannot be moved"
        yield Group.of_one("3.3", tags, lambda: _release_tags(repository(), pattern, limited))
    delivered = f"workflows, template and CONTRIBUTING of {name}"
    yield Group.of_one("5.3", delivered, lambda: _delivered(target, undelivered(target, repository())))


def _branch(target: Target, repository: Repository) -> Iterator[Line]:
    branch = target.settings.github.branch
    head = repository.head(branch.name)
    yield Line("1.4", f"branch {branch.name}", passed(f"at {head[:7]}") if head else failed("does not exist", UP))
    if head and branch.source:
        found = repository.get(f"compare/{quote(branch.source, safe='')}...{quote(branch.name, safe='')}") or {}
        ahead, behind = found.get("ahead_by"), found.get("behind_by")
        apart = failed("no common history", f"check what {branch.name} was made from")
        told = passed(f"{ahead} ahead, {behind} behind") if found else apart
        yield Line("1.4", f"branch {branch.name} came from {branch.source}", told)


def _protection(target: Target, repository: Repository) -> Iterator[Line]:
    wanted = target.settings.github.protection_in(target.settings.phase)
    name = f"protection of {target.settings.github.branch.name}"
    branch = quote(target.settings.github.branch.name, safe="")
    rule = repository.get(f"branches/{branch}/protection", needs=_ADMIN)
    if rule is None:
        yield Line("1.5", name, failed("there is none", UP))
        return
    reviews, checks = rule.get("required_pull_request_reviews") or {}, rule.get("required_status_checks") or {}
    facts = [
        ("required approvals", reviews.get("required_approving_review_count", 0), wanted.required_approvals),
        ("dismissal of stale approvals", reviews.get("dismiss_stale_reviews", False), wanted.dismiss_stale_approvals),
        ("required checks", set(checks.get("contexts", [])), set(wanted.required_checks)),
        ("up-to-date branches", checks.get("strict", False), wanted.require_up_to_date),
        ("resolved conversations", _on(rule, _CONVERSATIONS), wanted.require_conversation_resolution),
        ("bypassing", not _on(rule, "enforce_admins"), wanted.allow_bypass),
        ("force pushes", _on(rule, "allow_force_pushes"), wanted.allow_force_pushes),
        ("deletion", _on(rule, "allow_deletions"), wanted.allow_deletions),
    ]
    for what, found, declared in facts:
        yield compared("1.5", name, what, found, declared)


def _on(rule: dict[str, Any], key: str) -> bool:
    return bool((rule.get(key) or {}).get("enabled"))


def _reported(target: Target, repository: Repository) -> Verdict:
    """Check required checks, by the rule of the guardrail, with the same evidence."""
    github, context = target.settings.github, target.settings.release.smoke_context
    required, branch = github.protection_in(target.settings.phase).required_checks, github.branch.name
    try:
        reported = read_evidence(repository, branch, branch, required, context)
    except VendorError as error:
        return unknown(f"what reports them cannot be read: {error}")
    found = unreported(required, reported, branch, context)
    if not found:
        skipped = reported.workflows.passed_over
        return passed(
            f"{len(required)} of {len(required)}" + (f"; not understood: {', '.join(skipped)}" if skipped else "")
        )
    fix = "correct marketedge:github.protection.requiredChecks, then " + UP
    if context in {one.check for one in found}:
        fix = f"merge what gate workflows sync --env staging delivers; {fix}"
    return failed("; ".join(map(str, found)), fix)


def _status_writers(target: Target, repository: Repository, title: str) -> Iterator[Line]:
    """Check who can set the smoke tests' status.

    Anybody with write access can set one (docs.github.com/en/rest/commits/statuses).
    So main takes it from one app only, and a release counts it only if `release.smokeStatusBy` has its creator.
    """
    github, release = target.settings.github, target.settings.release
    context, branch = release.smoke_context, github.branch.name
    protection = github.protection_in(target.settings.phase)
    if context in protection.required_checks:
        yield Line(
            "5.2", f"{title}: {branch} takes it from", _bound(repository, branch, context, protection.bound_checks)
        )
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
    yield Line("5.2", f"{title}: a release counts", verdict)


def _bound(repository: Repository, branch: str, context: str, declared: Mapping[str, int]) -> Verdict:
    """Check that the branch's rulesets bind the check to the declared app."""
    app = declared.get(context)
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


def _environment(target: Target, repository: Repository) -> Iterator[Line]:
    declared = target.settings.github.environment
    plan, path = "3.3" if declared.tags else "3.1", f"environments/{quote(declared.name, safe='')}"
    name = f"environment {declared.name}"
    found = repository.get(path, needs=_ADMIN)
    if found is None:
        yield Line(plan, name, failed("does not exist", f"{UP} at phase infrastructure"))
        return
    listed = repository.pages(f"{path}/deployment-branch-policies", _ADMIN, item="branch_policies")
    policies = {(policy.get("type", "branch"), policy["name"]) for policy in listed}
    wanted = ("tag", declared.tags) if declared.tags else ("branch", target.settings.github.branch.name)
    others = ", ".join(sorted(" ".join(policy) for policy in policies - {wanted}))
    # What lived before is not deleted by an up.
    advice = f"delete {others} (Settings, Environments, {declared.name}), then {UP}" if others else UP
    yield compared(plan, name, "who may deploy", {" ".join(p) for p in policies}, {" ".join(wanted)}, advice)
    approve, found_reviewers = {*declared.reviewers.users, *declared.reviewers.teams}, _reviewers(found)
    # Where none are named, those of an adopted environment stay.
    expected = approve or (found_reviewers if target.settings.adopted else approve)
    yield compared(plan, name, "reviewers", found_reviewers, expected)
    variables = repository.pages(f"{path}/variables", "Environments: read", item="variables", size=30)
    present = {variable["name"] for variable in variables}
    of_a_login = needed(target.settings) if target.settings.login_required else []
    named = [*(v.key for v in declared.variables), *(n for n in of_a_login if n == CLIENT)]
    yield Line(plan, f"{name}: variables", complete(named, present, _BY_HAND))
    secrets = [str(secret.key) for secret in declared.secrets]
    secrets += ["RENDER_API_KEY", *(["VERCEL_API_TOKEN"] if declared.tags and target.settings.vercel else [])]
    secrets += [name for name in of_a_login if name != CLIENT]
    yield Line(plan, f"{name}: secrets", complete(secrets, _secrets(repository, path), _BY_HAND))


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


def _release_tags(repository: Repository, pattern: str, limited: bool) -> Verdict:
    """Check the ruleset of release tags.

    Args:
        limited: whether the stack names who may create such tags.
    """
    wanted = {"deletion", "update"} | ({"creation"} if limited else set())
    for ruleset in _rulesets(repository, "tag", f"refs/tags/{pattern}"):
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


def _delivered(target: Target, found: Sequence[str]) -> Verdict:
    fix = f"merge what gate workflows sync --env {target.environment} delivers"
    return failed(", ".join(found), fix) if found else passed("as delivered")
