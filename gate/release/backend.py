"""A service at Render: what serves, deploying a commit, going back. Facts: Render API reference, Deploys."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from blueprint.errors import ApiError
from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.release.records import Deployed
from gate.vendors.render import UNDER_WAY, commit_of, live_deploy, require_service

_LIVE = frozenset({"live"})
_BUILT = frozenset({"live", "deactivated"})
_BUILD_IS_GONE = frozenset({400, 404, 409, 410, 422})
"""The statuses of a refused rollback. Render keeps few builds, but lists the deploys of all of them."""
_LOOK_BACK = 100
"""How many deploys are searched for the one of a commit: one page."""


class Replaced(StepFailed):
    """Another deploy replaced the one that was waited for, before or after it started to serve."""


class RenderService:
    """One service.

    Raises:
        RenderError: any method.
    """

    def __init__(self, session: Session, service: str) -> None:
        self._session = session
        self._path = f"/services/{require_service(session, service)['id']}"
        self.name = service

    def serving(self) -> Deployed:
        """Return the deploy that serves."""
        live = live_deploy(self._session, self.name)
        return Deployed(live["id"], commit_of(live)) if live else Deployed()

    def knows(self, sha: str) -> bool:
        """Whether a commit serves, or is being deployed."""
        return bool(_first(self._deploys(), UNDER_WAY | _LIVE, lambda deploy: commit_of(deploy) == sha))

    def by_hand(self, wanted: Deployed) -> str:
        """Return how a person goes back to a deploy."""
        return f"Render: {self.name}, Deploys, {wanted.id or 'the last good one'}, Rollback"

    def release(self, wanted: Deployed, budget: Budget) -> None:
        """Make a commit serve, unless it does.

        If a deploy of the commit is running, from an earlier run or from Render itself, it is waited for.

        Raises:
            StepFailed: the deploy fails, or does not end within the budget.
        """
        sha, known = wanted.commit, self._deploys()
        if self._will_serve(known, lambda deploy: commit_of(deploy) == sha, sha, budget):
            return
        budget.note(f"Render: deploying {sha[:7]} to {self.name}")
        self._until_live(self._start("deploys", {"commitId": sha}, sha, known, budget), budget)

    def roll_back(self, wanted: Deployed, budget: Budget) -> None:
        """Go back to a deploy, or to the newest one of a commit.

        Render uses the build again. If it no longer has the deploy or its build, the commit is deployed anew.

        Raises:
            StepFailed: neither worked within the budget.
        """
        known, sha = self._deploys(), wanted.commit

        def fits(deploy: dict[str, Any]) -> bool:
            return deploy["id"] == wanted.id or (sha != "" and commit_of(deploy) == sha)

        later = [deploy for deploy in known if deploy["status"] in UNDER_WAY and not fits(deploy)]
        for deploy in later:
            budget.note(f"Render: canceling deploy {deploy['id']}, which would serve later")
            self._cancel(deploy)
        if later:  # one of them may have come to serve in the meantime
            known = self._deploys()
        if self._will_serve(known, fits, sha, budget):
            return
        built = _first(known, _BUILT, fits)
        if not built and not sha:
            raise StepFailed(f"Render: {self.name} has no deploy {wanted.id} any more, and its commit is not known")
        if not built:
            budget.note(f"Render: no build of {sha[:7]} is left: it is deployed anew")
            self.release(wanted, budget)
            return
        budget.note(f"Render: rolling {self.name} back to {sha[:7]} ({built['id']})")
        sha = sha or commit_of(built)
        try:
            begun = self._start("rollback", {"deployId": built["id"]}, sha, known, budget)
        except ApiError as refused:
            if refused.status not in _BUILD_IS_GONE or not sha:
                raise
            budget.note(f"Render refused the rollback ({refused.detail}): deploying {sha[:7]} anew")
            self.release(Deployed(commit=sha), budget)
        else:
            self._until_live(begun, budget)

    def _will_serve(
        self, known: list[dict[str, Any]], fits: Callable[[dict[str, Any]], bool], sha: str, budget: Budget
    ) -> bool:
        """Return whether a wanted deploy serves, after waiting for one that is under way."""
        live = _first(known, _LIVE)
        if live and fits(live):
            budget.note(f"Render: {self.name} serves {sha[:7]} already")
            return True
        if under_way := _first(known, UNDER_WAY, fits):
            self._until_live(under_way, budget)
        return bool(under_way)

    def _cancel(self, deploy: dict[str, Any]) -> None:
        try:
            self._session.create(f"{self._path}/deploys/{deploy['id']}/cancel", None, partial(self._ended, deploy))
        except ApiError:
            if not self._ended(deploy):  # what has ended by itself cannot be canceled
                raise

    def _ended(self, deploy: dict[str, Any]) -> str | None:
        """Return how a deploy ended; None while it is under way."""
        status = str(self._session.client.get(f"{self._path}/deploys/{deploy['id']}")["status"])
        return None if status in UNDER_WAY else status

    def _deploys(self) -> list[dict[str, Any]]:
        listed = self._session.client.get(f"{self._path}/deploys", limit=_LOOK_BACK)
        return [entry["deploy"] for entry in listed]

    def _start(
        self, action: str, body: dict[str, str], sha: str, known: list[dict[str, Any]], budget: Budget
    ) -> dict[str, Any]:
        """Start a deploy and return it.

        It is looked up if it is queued, because then the answer is empty, and if the answer was lost.
        """
        seen = {deploy["id"] for deploy in known}

        def made() -> dict[str, Any] | None:
            return next((d for d in self._deploys() if d["id"] not in seen and commit_of(d) == sha), None)

        answer = self._session.create(f"{self._path}/{action}", body, made)
        return answer or budget.wait_for(f"Render: the deploy of {sha[:7]}", made)

    def _until_live(self, deploy: dict[str, Any], budget: Budget) -> None:
        name = f"Render: deploy {deploy['id']}"
        status = budget.wait_for(name, partial(self._ended, deploy))
        if status in ("deactivated", "canceled"):
            raise Replaced(f"{name} of {self.name} ended as {status}: another deploy took its place")
        if status != "live":
            raise StepFailed(f"{name} of {self.name} ended as {status}: see its log in the dashboard")
        budget.note(f"{name} is {status}")


def _first(
    deploys: list[dict[str, Any]],
    states: Collection[str],
    fits: Callable[[dict[str, Any]], bool] = lambda _deploy: True,
) -> dict[str, Any] | None:
    """Return the newest deploy in one of these states that fits."""
    return next((deploy for deploy in deploys if deploy["status"] in states and fits(deploy)), None)
