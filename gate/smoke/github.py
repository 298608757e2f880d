"""What GitHub is told of smoke tests: the status of a commit, and a comment on a pull request's previews (plan 4.1).

Both vendors make a preview of a pull request. The frontend's calls the backend of the branch that the pull request
targets, so it is tested against that one. The backend's is tested by itself. Facts: vercel.com/docs/rest-api
(deployments); Render documentation, Service previews: one is called `<service> PR #<number>` and names its base service
as `serviceDetails.parentServer`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from blueprint.workspace import Session, connect
from components.accounts import Accounts
from components.accounts.vercel import FAILED, Vercel, state_of
from gate.common.budget import Budget
from gate.common.errors import GateError, StepFailed
from gate.common.notifications import workflow_run
from gate.common.progress import ProgressDisplay
from gate.smoke import run as smoke_tests
from gate.smoke.report import Outcome, Result, SmokeReport
from gate.stack.target import Target
from gate.vendors.issues import LIMIT, IssueTracker, cut, marker
from gate.vendors.render import UNDER_WAY, commit_of, live_deploy, require_service

BUDGET = 900.0
"""Seconds that the builds of the previews may take."""
_BEGINS = 120.0
"""Seconds in which a vendor starts to build what was pushed."""
_LOGIN = "login from"
_ELSEWHERE = frozenset({"suite", "version", "health of"})
"""Checks that are not made of a preview: the team's own tests write data, and the commit is known from the vendor."""


@dataclass(frozen=True)
class Half:
    """One vendor's preview.

    Attributes:
        url: without a final slash; empty if there is none.
        said: what is known of it.
    """

    vendor: str
    url: str
    said: str
    outcome: Outcome = Outcome.PASSED

    def as_result(self) -> Result:
        failed = self.outcome is Outcome.FAILED
        what_to_do = ("a preview of the newest commit", f"read the build's log at {self.vendor}") if failed else ()
        return Result(f"preview at {self.vendor}", "4.1 preview", self.outcome, 0, self.said, *what_to_do)


def tested(target: Target, pull: Mapping[str, Any], environ: Mapping[str, str], tell: ProgressDisplay) -> SmokeReport:
    """Wait for the previews of a pull request, and test them.

    Args:
        pull: as GitHub has it.

    Raises:
        GateError: it targets another environment's branch.
        VendorError, RenderError: a vendor cannot be read.
    """
    settings, number, sha, base = target.settings, pull["number"], pull["head"]["sha"], pull["base"]["ref"]
    if base != settings.github.branch.name:
        wanted = settings.github.branch.name
        raise GateError(f"#{number} targets {base}, not {wanted}: name the environment of that one")
    budget, halves = Budget(BUDGET, tell.line, tell), []
    with Accounts(environ, target.config) as accounts, connect(environ, tell.line, deadline=BUDGET) as session:
        if settings.vercel:
            halves.append(at_vercel(accounts.vercel, settings.vercel.project, sha, budget))
        halves.append(at_render(session, settings.render.service.name, number, sha, budget))
        return smoked(target, environ, halves, f"pull request {number}")


def at_vercel(vercel: Vercel, project: str, sha: str, budget: Budget) -> Half:
    """Return the frontend's: the newest deployment of a commit that is not production's.

    Raises:
        VendorError: Vercel cannot be read.
    """
    identity = vercel.require_project(project)

    def look() -> Half | None:
        listed = vercel.deployments(identity, sha=sha)
        found = next((one for one in listed if one.get("target") != "production"), None)
        if found is None:
            return _none("Vercel", f"Vercel built nothing of {sha[:7]}") if budget.elapsed > _BEGINS else None
        state = state_of(found)
        if state == "READY":
            return Half("Vercel", f"https://{found['url']}", f"https://{found['url']}, commit {sha[:7]}")
        if state == "CANCELED":
            return _none("Vercel", f"the build of {sha[:7]} was skipped or canceled")
        if state in FAILED:
            return Half("Vercel", "", f"the build of {sha[:7]} ended as {state}", Outcome.FAILED)
        return None

    return _waited("Vercel", look, budget)


def at_render(session: Session, service: str, number: int, sha: str, budget: Budget) -> Half:
    """Return the backend's: the instance that a pull request has of a service.

    Raises:
        RenderError: of any kind.
    """
    base = require_service(session, service)

    def look() -> Half | None:
        listed = session.client.pages("/services", includePreviews="true")
        found = next((one for one in listed if _is_preview(one, base["id"], number)), None)
        late = budget.elapsed > _BEGINS
        if found is None:
            return _none("Render", f"{service} has no preview of the pull request") if late else None
        deploys = list(session.client.pages(f"/services/{found['id']}/deploys"))
        mine = next((one for one in deploys if commit_of(one) == sha), None)
        if mine is None and late:  # nothing was changed of what it is built of
            mine = next((one for one in deploys if one["status"] == "live"), None)
        if mine is None or mine["status"] in UNDER_WAY:
            return None
        if mine["status"] == "live":
            url = str(found["serviceDetails"]["url"]).rstrip("/")
            return Half("Render", url, f"{url}, commit {commit_of(mine)[:7]}")
        return Half("Render", "", f"the deploy of {commit_of(mine)[:7]} ended as {mine['status']}", Outcome.FAILED)

    return _waited("Render", look, budget)


def smoked(target: Target, environ: Mapping[str, str], halves: list[Half], title: str, **options: Any) -> SmokeReport:
    """Test the previews that exist.

    Args:
        title: shown in place of the environment.
        options: of `gate.smoke.run.run`.
    """
    url = {half.vendor: half.url for half in halves}
    frontend, backend = url.get("Vercel", ""), url.get("Render", "")
    pages = tuple(row for row in smoke_tests.TABLE if row.at_frontend or row.name == _LOGIN)
    others = tuple(row for row in smoke_tests.TABLE if row not in pages and row.name not in _ELSEWHERE)
    runs = []
    if frontend:
        there = replace(target, frontend_url=frontend)
        runs.append(smoke_tests.run(there, environ, preview=frontend, table=pages, **options))
    if backend:
        runs.append(smoke_tests.run(replace(target, backend_url=backend), environ, table=others, **options))
    return SmokeReport(
        environment=title,
        frontend_url=frontend,
        backend_url=backend,
        started_at=datetime.now(UTC),
        seconds=sum(run.seconds for run in runs),
        checks=[half.as_result() for half in halves] + [check for run in runs for check in run.checks],
    )


def comment(tracker: IssueTracker, number: int, report: SmokeReport, workflow: str) -> str:
    """Write the pull request's one comment, or renew it.

    Args:
        workflow: address of the run; empty outside of one.

    Returns:
        What was done, in a line.

    Raises:
        VendorError: GitHub refused.
    """
    mark = marker("pull request's previews")
    text = f"{mark}\n{report.markdown()}" + (f"\n[The run]({workflow})\n" if workflow else "")
    address, done = tracker.comment(number, mark, cut(text, LIMIT, "{lines} more lines are in the workflow's summary."))
    return f"comment {done}: {address}"


def _waited(vendor: str, look: Callable[[], Half | None], budget: Budget) -> Half:
    try:
        half = budget.wait_for(f"{vendor}: the preview", look)
    except StepFailed as error:
        return Half(vendor, "", str(error), Outcome.FAILED)
    budget.note(f"{vendor}: {half.said}")
    return half


def _is_preview(service: Mapping[str, Any], base: str, number: int) -> bool:
    parent = service["serviceDetails"].get("parentServer") or {}
    return parent.get("id") == base and str(service["name"]).endswith(f" PR #{number}")


def _none(vendor: str, why: str) -> Half:
    return Half(vendor, "", why, Outcome.SKIPPED)


def set_status(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """Set the status `settings.release.smoke_context` of a commit.

    With a key for Render it is set only on the commit that serves: another one would pass untested.

    Raises:
        GateError: GitHub refused, or another commit was tested.
        RenderError: Render cannot be read.
    """
    if environ.get("RENDER_API_KEY"):
        name = target.settings.render.service.name
        with connect(environ, lambda _line: None) as session:
            serving = commit_of(live_deploy(session, name) or {})
        if serving != sha:
            raise GateError(f"{name} serves {serving[:7] or 'nothing'}, not {sha[:7]}: wait for its deploy")
    with Accounts(environ, target.config) as accounts:
        accounts.repository(target.repository).set_status(
            sha,
            target.settings.release.smoke_context,
            "success" if report.passed else "failure",
            f"{target.environment}: {report.headline}",
            workflow_run(environ),
        )
