"""Tells GitHub the result of the smoke tests: a commit status, which branch protection can require."""

from collections.abc import Mapping

from blueprint.workspace import connect
from components.accounts import Accounts
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.smoke.report import SmokeReport
from gate.stack.target import Target
from gate.vendors.render import commit_of, live_deploy


def post(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str]) -> None:
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
