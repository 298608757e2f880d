"""The backend at Render: what serves, deploying a commit, going back. Facts: Render API reference, Deploys."""

from functools import partial
from typing import Any

from blueprint.errors import ApiError
from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.release.errors import Replaced, StepFailed
from gate.vendors.render import UNDER_WAY, commit_of, require_service

_BUILT = frozenset({"live", "deactivated"})
_BUILD_IS_GONE = frozenset({400, 404, 409, 410, 422})
"""The statuses of a refused rollback. Render keeps few builds, but lists the deploys of all of them."""
_LOOK_BACK = 100
"""How many deploys are searched for the one of a commit: one page."""


class RenderService:
    """One service.

    Raises:
        RenderError: any method.
    """

    def __init__(self, session: Session, service: str) -> None:
        self._session = session
        self._path = f"/services/{require_service(session, service)['id']}"
        self.name = service

    def live(self) -> dict[str, Any] | None:
        """Return the deploy that serves."""
        return next((deploy for deploy in self._deploys() if deploy["status"] == "live"), None)

    def knows(self, sha: str) -> bool:
        """Whether a commit serves, or is being deployed."""
        return any(d["status"] in UNDER_WAY | {"live"} and commit_of(d) == sha for d in self._deploys())

    def deploy(self, sha: str, budget: Budget) -> str:
        """Make a commit serve, unless it does. Returns the deploy's id.

        If a deploy of the commit is running, from an earlier run or from Render itself, it is waited for.

        Raises:
            StepFailed: the deploy fails, or does not end within the budget.
        """
        known = self._deploys()
        live = next((deploy for deploy in known if deploy["status"] == "live"), None)
        if live and commit_of(live) == sha:
            budget.note(f"Render: {self.name} serves {sha[:7]} already")
            return str(live["id"])
        under_way = next((d for d in known if d["status"] in UNDER_WAY and commit_of(d) == sha), None)
        if under_way is None:
            budget.note(f"Render: deploying {sha[:7]} to {self.name}")
            under_way = self._start("deploys", {"commitId": sha}, sha, {deploy["id"] for deploy in known}, budget)
        return self._until_live(under_way["id"], budget)

    def roll_back(self, sha: str, budget: Budget, deploy_id: str = "") -> str:
        """Go back to a deploy, by default the newest of a commit.

        Render uses the build again. If it no longer has the deploy or its build, the commit is deployed anew.

        Raises:
            StepFailed: neither worked within the budget.
        """
        known = self._deploys()
        later = [d for d in known if d["status"] in UNDER_WAY and d["id"] != deploy_id and commit_of(d) != sha]
        for deploy in later:
            budget.note(f"Render: canceling deploy {deploy['id']}, which would serve later")
            self._cancel(deploy)
        if later:  # one of them may have come to serve in the meantime
            known = self._deploys()
        live = next((deploy for deploy in known if deploy["status"] == "live"), None)

        def wanted(found: dict[str, Any]) -> bool:
            return found["id"] == deploy_id or (sha != "" and commit_of(found) == sha)

        if live and wanted(live):
            budget.note(f"Render: {self.name} serves {sha[:7]} already")
            return str(live["id"])
        if under_way := next((d for d in known if d["status"] in UNDER_WAY and wanted(d)), None):
            return self._until_live(under_way["id"], budget)
        built = [deploy for deploy in known if deploy["status"] in _BUILT and wanted(deploy)]
        if not built and not sha:
            raise StepFailed(f"Render: {self.name} has no deploy {deploy_id} any more, and its commit is not known")
        if not built:
            budget.note(f"Render: no build of {sha[:7]} is left: it is deployed anew")
            return self.deploy(sha, budget)
        budget.note(f"Render: rolling {self.name} back to {sha[:7]} ({built[0]['id']})")
        seen, commit = {deploy["id"] for deploy in known}, sha or commit_of(built[0])
        try:
            begun = self._start("rollback", {"deployId": built[0]["id"]}, commit, seen, budget)
        except ApiError as refused:
            if refused.status not in _BUILD_IS_GONE or not commit:
                raise
            budget.note(f"Render refused the rollback ({refused.detail}): deploying {commit[:7]} anew")
            return self.deploy(commit, budget)
        return self._until_live(begun["id"], budget)

    def _cancel(self, deploy: dict[str, Any]) -> None:
        try:
            self._session.create(f"{self._path}/deploys/{deploy['id']}/cancel", None, partial(self._ended, deploy))
        except ApiError:
            if not self._ended(deploy):  # what has ended by itself cannot be canceled
                raise

    def _ended(self, deploy: dict[str, Any]) -> bool:
        now = self._session.client.get(f"{self._path}/deploys/{deploy['id']}")
        return now["status"] not in UNDER_WAY

    def _deploys(self) -> list[dict[str, Any]]:
        listed = self._session.client.get(f"{self._path}/deploys", limit=_LOOK_BACK)
        return [entry["deploy"] for entry in listed]

    def _start(self, action: str, body: dict[str, str], sha: str, seen: set[str], budget: Budget) -> dict[str, Any]:
        """Return the deploy. A queued one is answered without a body, and an answer can be lost, so it is looked up."""

        def made() -> dict[str, Any] | None:
            return next((d for d in self._deploys() if d["id"] not in seen and commit_of(d) == sha), None)

        answer = self._session.create(f"{self._path}/{action}", body, made)
        return answer or budget.wait_for(f"Render: the deploy of {sha[:7]}", made)

    def _until_live(self, deploy_id: str, budget: Budget) -> str:
        def ended() -> str | None:
            status = str(self._session.client.get(f"{self._path}/deploys/{deploy_id}")["status"])
            return None if status in UNDER_WAY else status

        status = budget.wait_for(f"Render: deploy {deploy_id}", ended)
        if status != "live":
            replaced = status in ("deactivated", "canceled")
            told = "another deploy took its place" if replaced else "see its log in the dashboard"
            error = Replaced if replaced else StepFailed
            raise error(f"Render: deploy {deploy_id} of {self.name} ended as {status}: {told}")
        budget.note(f"Render: deploy {deploy_id} is {status}")
        return deploy_id
