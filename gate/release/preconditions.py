"""What has to hold before a release changes anything (plan 3.3, 4.2). Every precondition is checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from components.accounts.repository import Repository
from gate.common.budget import Budget
from gate.common.errors import ReleaseRefused
from gate.common.version import parse, problem_with
from gate.release.database import new_files, summary
from gate.release.environment import Environment
from gate.release.frontend import Build
from gate.release.records import BACKEND, Record
from gate.release.report import Condition, Migration
from gate.stack.target import Target


@dataclass
class Candidate:
    """What is to be released.

    Attributes:
        build: the frontend's; empty if the environment has no frontend.
        migrations: that it brings to the database.
    """

    tag: str
    sha: str
    conditions: list[Condition]
    build: Build = field(default_factory=Build)
    migrations: list[Migration] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether every precondition holds."""
        return not any(condition.problem for condition in self.conditions)


def check_preconditions(
    tag: str, env: Environment, records: Sequence[Record], budget: Budget, hotfix: str = ""
) -> Candidate:
    """Check every precondition of a release.

    If everything else holds, it waits for the frontend's build within the budget. If that holds too, it makes sure
    that the database has a way back.

    Args:
        hotfix: why staging's smoke tests are skipped; empty for a normal release.

    Raises:
        ReleaseRefused: the tag is no version, so that nothing else can be checked.
    """
    target, repository = env.target, env.repository
    if problem := problem_with(tag):
        raise ReleaseRefused(problem)
    sha = repository.commit_of(tag)
    if sha is None:
        raise ReleaseRefused(f"tag {tag} does not exist at GitHub: git tag -a {tag} -m {tag} && git push origin {tag}")
    branch = target.settings.github.branch.name
    on_branch = "" if repository.is_on(branch, sha) else f"it is not: merge it to {branch}, and tag the merge"
    conditions = [
        Condition(f"{tag} is {sha[:7]}"),
        Condition(f"{sha[:7]} is on {branch}", on_branch),
        newer(tag, sha, records),
        _past_staging(_smoked(target, repository, sha), hotfix),
    ]
    found = Candidate(tag, sha, conditions)
    if frontend := env.frontend:
        root = target.settings.frontend_folder
        found.build = build = frontend.wait_for_build(sha, repository, root, budget if found.ready else Budget(0))
        special = f" ({build.note})" if build.id and build.note else ""
        title = f"the frontend has a production build of {sha[:7]}{special}"
        found.conditions.append(Condition(title, "" if build.id else build.note))
    if found.ready:
        _check_data(found, env, budget)
    return found


def _check_data(found: Candidate, env: Environment, budget: Budget) -> None:
    """Find the migrations, and make sure that the data has a way back while nothing has changed."""
    settings, now = env.target.settings.release, env.serving()[BACKEND].commit
    brought = new_files(now, found.sha, env.repository, settings.migrations)
    if brought is not None:
        found.migrations = brought
        found.conditions.append(Condition(summary(brought)))
    if settings.backup and env.database is None:
        budget.note("the database's backup is not checked: name the database in marketedge:release.database")
    elif settings.backup and env.database:
        there, problem = env.database.way_back(budget)
        found.conditions.append(Condition(f"the database has a way back{there and f': {there}'}", problem))


def _past_staging(smoked: Condition, hotfix: str) -> Condition:
    """Check that a hotfix skips something. If staging's tests have passed, a normal release is enough."""
    if not hotfix:
        return smoked
    if not smoked.problem:
        return Condition("a hotfix is needed", "staging has passed its smoke tests: use gate release")
    return Condition(f"skipped: {smoked.title}, hotfix: {hotfix}")


def newer(tag: str, sha: str, records: Sequence[Record]) -> Condition:
    """Check that a tag is newer than the last good release. The same tag on the same commit continues a run."""
    released = [(version, r) for r in records if r.good and r.task == "deploy" and (version := parse(r.tag))]
    last = max(released, key=lambda pair: pair[0], default=None)
    version, title = parse(tag), "newer than the last release"
    if last is None or version is None or last[0] < version:
        return Condition(title)
    if (last[1].tag, last[1].sha) != (tag, sha):
        return Condition(title, f"{last[1].tag} is: to roll back run gate rollback --to {tag}")
    if earlier := _gone_back_from(sha, records):  # a workflow that runs again must not bring it back
        return Condition(title, f"it was rolled back to {earlier}: to serve it again run gate rollback --to {tag}")
    return Condition(f"{tag} was released before: every step is checked again")


def _gone_back_from(sha: str, records: Sequence[Record]) -> str:
    """Return the tag that a rollback has put in place of a commit since its last release; empty if none has."""
    for record in records:
        if record.good and record.sha == sha:
            return ""
        if record.good and record.task == "rollback" and record.replaced == sha:
            return record.tag
    return ""


def _smoked(target: Target, repository: Repository, sha: str) -> Condition:
    """Check staging's tests on this commit or, if main got it by a merge that added nothing, on the merged commit."""
    context, trusted = target.settings.release.smoke_context, target.settings.release.smoke_status_by
    title = f"staging passed its smoke tests ({context})"
    statuses = repository.statuses(sha, context)
    if not statuses and (merged := repository.merged_head(sha)):
        statuses = repository.statuses(merged, context)
    mine = [status for status in statuses if status.creator in trusted]
    if statuses and not mine:
        viewer = repository.viewer()
        mine = [status for status in statuses if viewer and status.creator == viewer]
    if mine and mine[0].state == "success":
        return Condition(title)
    found = "neither it nor what it merged has this status"
    if mine:
        found = f"its status is {mine[0].state}{mine[0].description and f' ({mine[0].description})'}"
    elif statuses:  # anybody who may push can set one
        found = f"{statuses[0].creator or 'somebody who left'} has set it, but only that of {' or '.join(trusted)}"
        found += " counts (release.smokeStatusBy)"
    return Condition(title, f"{found}: deploy it to staging and let gate smoke --env staging pass there")
