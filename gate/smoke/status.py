"""Tells GitHub the result of the smoke tests: a commit status, which branch protection can require."""

from collections.abc import Mapping

from components.accounts import Accounts
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.smoke.report import SmokeReport
from gate.stack.target import Target


def post(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str], serving: str | None) -> None:
    """Set the status `settings.release.smoke_context` of a commit.

    Args:
        serving: the commit that was tested, if it is known. A status of a commit that does not serve yet would let it
            pass untested.

    Raises:
        GateError: GitHub refused, or another commit was tested.
    """
    if serving not in (None, sha):
        name, served = target.settings.render.service.name, str(serving)[:7] or "nothing"
        raise GateError(f"{name} serves {served}, not {sha[:7]}: wait for its deploy")
    with Accounts(environ, target.config) as accounts:
        accounts.repository(target.repository).set_status(
            sha,
            target.settings.release.smoke_context,
            "success" if report.passed else "failure",
            f"{target.environment}: {report.headline}",
            workflow_run(environ),
        )
