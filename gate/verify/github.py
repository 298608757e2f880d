"""GitHub's side: branches, protection, checks that report, environment, release tags (plan 1.4, 1.5, 3.3, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from components.required_checks import Unavailable, explain, fetch, jobs
from gate.release.repository import Repository
from gate.target import Target
from gate.verify.verdict import UP, Line, Verdict, expect, failed, passed, unknown

_ADMIN = "Administration: read"


def lines(target: Target, repository: Repository, base_url: str, token: str) -> Iterator[Line]:
    """Raises: VendorError."""
    github, branch = target.settings.github, target.settings.github.branch
    head = repository.get(f"git/ref/heads/{quote(branch.name)}")
    there = passed(f"at {head['object']['sha'][:7]}") if head else failed("does not exist", UP)
    yield Line("1.4", f"branch {branch.name}", there)
    rule = repository.get(f"branches/{quote(branch.name, safe='')}/protection", needs=_ADMIN)
    yield from _protection(target, rule)
    yield Line("5.2" if github.at_cutover else "1.5", "required checks are reported", _reported(
        target, repository, base_url, token
    ))  # fmt: skip
    yield from _environment(target, repository)
    if github.release_tags:
        yield Line("3.3", f"tags {github.release_tags} cannot be moved", _release_tags(repository))


def _protection(target: Target, rule: dict[str, Any] | None) -> Iterator[Line]:
    wanted = target.settings.github.protection_in(target.settings.phase)
    name = f"protection of {target.settings.github.branch.name}"
    if rule is None:
        yield Line("1.5", name, failed("there is none", UP))
        return
    reviews, checks = rule.get("required_pull_request_reviews") or {}, rule.get("required_status_checks") or {}
    facts = [
        ("required approvals", reviews.get("required_approving_review_count", 0), wanted.required_approvals),
        ("dismissal of stale approvals", reviews.get("dismiss_stale_reviews", False), wanted.dismiss_stale_approvals),
        ("required checks", set(checks.get("contexts", [])), set(wanted.required_checks)),
        ("up-to-date branches", checks.get("strict", False), wanted.require_up_to_date),
        (
            "resolved conversations",
            _on(rule, "required_conversation_resolution"),
            wanted.require_conversation_resolution,
        ),
        ("bypassing", not _on(rule, "enforce_admins"), wanted.allow_bypass),
        ("force pushes", _on(rule, "allow_force_pushes"), wanted.allow_force_pushes),
        ("deletion", _on(rule, "allow_deletions"), wanted.allow_deletions),
    ]
    for what, found, declared in facts:
        yield Line("1.5", f"{name}: {what}", expect(what, found, declared, UP))


def _on(rule: dict[str, Any], key: str) -> bool:
    return bool((rule.get(key) or {}).get("enabled"))


def _reported(target: Target, repository: Repository, base_url: str, token: str) -> Verdict:
    """From the workflow files, and from what was reported lately."""
    github = target.settings.github
    required = github.protection_in(target.settings.phase).required_checks
    seen = {target.settings.release.smoke_context}
    runs = repository.get(
        f"commits/{quote(github.branch.name, safe='')}/check-runs", needs="Checks: read", per_page=100
    )
    seen |= {run["name"] for run in (runs or {}).get("check_runs", [])}
    try:
        reference = github.branch.source or github.branch.name
        files = fetch(base_url, token, target.owner, github.repository, reference)
    except Unavailable as error:
        return unknown(f"the workflows cannot be read: {error}")
    found = explain(required, jobs(files), github.branch.name, seen)
    if not found:
        return passed(f"{len(required)} of {len(required)}")
    return failed("; ".join(map(str, found)), "correct marketedge:github.protection.requiredChecks, then " + UP)


def _environment(target: Target, repository: Repository) -> Iterator[Line]:
    declared = target.settings.github.environment
    path = f"environments/{quote(declared.name, safe='')}"
    if repository.get(path, needs=_ADMIN) is None:
        yield Line("3.1", f"environment {declared.name}", failed("does not exist", f"{UP} at phase infrastructure"))
        return
    listed = repository.get(f"{path}/deployment-branch-policies", needs=_ADMIN) or {}
    policies = {(policy.get("type", "branch"), policy["name"]) for policy in listed.get("branch_policies", [])}
    wanted = ("tag", declared.tags) if declared.tags else ("branch", target.settings.github.branch.name)
    others = ", ".join(sorted(" ".join(policy) for policy in policies - {wanted}))
    # What lived before is not deleted by an up.
    advice = f"delete {others} (Settings, Environments, {declared.name}), then {UP}" if others else UP
    verdict = expect("who may deploy", {" ".join(p) for p in policies}, {" ".join(wanted)}, advice)
    yield Line("3.3" if declared.tags else "3.1", f"environment {declared.name}: who may deploy", verdict)
    variables = repository.get(f"{path}/variables", needs="Environments: read", per_page=30) or {}
    missing = {str(v.key) for v in declared.variables} - {v["name"] for v in variables.get("variables", [])}
    names = passed(f"{len(declared.variables)} variables") if not missing else failed(
        f"missing: {', '.join(sorted(missing))}", UP
    )  # fmt: skip
    yield Line("3.1", f"environment {declared.name}: variables", names)


def _release_tags(repository: Repository) -> Verdict:
    found = repository.get("rulesets", needs=_ADMIN) or []
    active = [one["name"] for one in found if (one["target"], one["enforcement"]) == ("tag", "active")]
    return passed(", ".join(active)) if active else failed("no active ruleset protects tags", UP)
