"""The frontend at Vercel: builds of a commit, what serves, promoting a staged build, going back.

Facts: vercel.com/docs/rest-api. Vercel builds nothing for commits that did not change the frontend.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple

from components.accounts.api import VendorError, VendorForbidden
from components.accounts.repository import Repository
from components.accounts.vercel import FAILED, Vercel, commit_of, state_of
from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.release.records import Deployed

_UNDER_WAY = frozenset({"pending", "in-progress"})
_ENDED = FAILED | {"READY", "CANCELED"}
_PATIENCE = 60.0
"""Seconds that Vercel gets to start a build, and to end what was asked for another build before."""
_VERSIONS = {"promote": "v10", "rollback": "v9"}
_LISTED = 300
"""The most files that GitHub lists of a comparison. If there are this many, more may have changed."""
_MOST_LOOKS = 10
Kind = Literal["promote", "rollback"]


class Build(NamedTuple):
    """One build of the frontend.

    Attributes:
        id: at Vercel; empty if there is none.
        sha: the commit that it was made of.
        note: what is special about it; if there is no build, what is wrong.
    """

    id: str = ""
    sha: str = ""
    note: str = ""


class VercelProject:
    """The production of one project.

    Raises:
        VendorError: any method.
    """

    def __init__(self, vercel: Vercel, project: str) -> None:
        self._vercel, self.name = vercel, project
        self._id = vercel.require_project(project)

    def _read(self) -> dict[str, Any]:
        return self._vercel.project(self._id) or {}

    def serving(self) -> Deployed:
        """Return the deployment that production's domains point at.

        That is the one that the project names, unless it is only staged; else the target of the last promotion or
        rollback; else the newest that has served.
        """
        project = self._read()
        last = project.get("lastAliasRequest") or {}
        named = [((project.get("targets") or {}).get("production") or {}).get("id")]
        named += [last.get("toDeploymentId")] if last.get("jobStatus") == "succeeded" else []
        for identity in filter(None, named):
            found = self._vercel.get(f"/v13/deployments/{identity}")
            if found and found.get("readySubstate") != "STAGED":
                return Deployed(found.get("uid") or found["id"], commit_of(found))
        promoted = (one for one in self._builds(state="READY") if one.get("readySubstate") == "PROMOTED")
        return next((Deployed(one["uid"], commit_of(one)) for one in promoted), Deployed())

    def _builds(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Return production's builds, newest first."""
        sha = filters.get("sha")
        found = self._vercel.deployments(self._id, target="production", **filters)
        return (one for one in found if sha is None or commit_of(one) == sha)

    def wait_for_build(self, sha: str, repository: Repository, root: str, budget: Budget) -> Build:
        """Wait until Vercel has built a commit, because a release may follow the merge at once.

        Args:
            root: folder of the frontend in the repository.
        """
        try:
            state = _build_end(lambda: next(map(state_of, self._builds(sha=sha)), None), sha, budget)
        except StepFailed as error:
            return Build(note=str(error))
        if state in FAILED:
            return Build(note=f"it failed: see its log, {self.name}, Deployments. Repair it, and tag the repair")
        return self.build_of(sha, repository, root)

    def build_of(self, sha: str, repository: Repository, root: str) -> Build:
        """Return the ready production build of a commit. Without one, return that of an earlier, equal frontend."""
        if ready := next(self._builds(state="READY", sha=sha), None):
            return Build(ready["uid"], sha)
        missing = "Vercel has none that is ready"
        for found in islice(self._builds(state="READY"), _MOST_LOOKS):
            earlier = commit_of(found)
            files = repository.changed(earlier, sha) if earlier else None
            if files is None:
                continue
            names = [name for file in files for name in (file.name, file.before) if name]
            inside = [name for name in names if root in ("", ".") or name.startswith(f"{root.strip('/')}/")]
            if not inside and len(files) < _LISTED:
                note = f"the frontend did not change since {earlier[:7]}, whose build is used"
                return Build(found["uid"], earlier, note)
            missing = f"Vercel has none, although {inside[0] if inside else 'many files'} changed since {earlier[:7]}"
            break
        return Build(
            note=f"{missing}: push the commit with the Git integration on, or redeploy its build for production in the "
            f"dashboard of {self.name}, then run this again"
        )

    def by_hand(self, wanted: Deployed) -> str:
        """Return how a person goes back to a build."""
        return f"Vercel: the project's Deployments, {wanted.id or 'the last good one'}, Instant Rollback"

    def release(self, wanted: Deployed, budget: Budget) -> None:
        """Point production's domains at a build, unless they do. Nothing is built again.

        One that has served before may have to be rolled back to instead.

        Raises:
            StepFailed: Vercel refused, or the budget is used up.
        """
        self._either("promote", "rollback", wanted.id, budget)

    def roll_back(self, wanted: Deployed, budget: Budget) -> None:
        """Go back to a build that has served.

        If Vercel refuses (the Hobby plan goes back one step only), the build is promoted. That also lets later builds
        take the domains by themselves again, if the project says so.

        Raises:
            StepFailed: Vercel refused both, or the budget is used up.
        """
        self._either("rollback", "promote", wanted.id, budget)

    def _either(self, first: Kind, second: Kind, deployment: str, budget: Budget) -> None:
        settled = self._settled(deployment, budget)
        if settled and self.serving().id == deployment:
            budget.note(f"Vercel: {deployment} serves already")
            return
        try:
            self._point(first, deployment, budget)
        except VendorError as refused:
            if type(refused) not in (VendorError, VendorForbidden):  # only a refusal rules this way out
                raise
            budget.note(f"Vercel refused the {first} ({refused}): trying a {second} instead")
            try:
                self._point(second, deployment, budget)
            except VendorError:
                raise refused from None

    def _point(self, kind: Kind, deployment: str, budget: Budget) -> None:
        before, title = self._last(), f"Vercel: {kind} of {deployment}"
        if before.get("toDeploymentId") == deployment and before.get("jobStatus") in _UNDER_WAY:
            budget.note(f"{title} is under way")
            before = {}
        else:
            budget.note(title)
            try:  # sent again after a lost answer, it points the same domains at the same build
                self._vercel.change("POST", f"/{_VERSIONS[kind]}/projects/{self._id}/{kind}/{deployment}", {})
            except VendorError:
                if not self._since(before, deployment):  # 409 where the first of two was carried out
                    raise

        def done() -> str | None:
            status = str(self._since(before, deployment).get("jobStatus", "pending"))
            return None if status in _UNDER_WAY else status

        status = budget.wait_for(title, done)
        if status != "succeeded" and self.serving().id != deployment:
            raise StepFailed(f"{title} ended as {status}: see the project's Deployments")
        budget.note(f"Vercel: {deployment} serves production")

    def _settled(self, deployment: str, budget: Budget) -> bool:
        """Wait until a request for another build has ended, such as a promotion that is to be taken back.

        Until then, what serves is about to change.

        Returns:
            Whether it has ended.
        """
        until = budget.elapsed + _PATIENCE

        def ended() -> bool | None:
            last = self._last()
            if last.get("toDeploymentId") == deployment or last.get("jobStatus") not in _UNDER_WAY:
                return True
            return False if budget.elapsed >= until else None

        return budget.wait_for("Vercel: the request before", ended)

    def _last(self) -> dict[str, Any]:
        return self._read().get("lastAliasRequest") or {}

    def _since(self, before: dict[str, Any], deployment: str) -> dict[str, Any]:
        """Return the last request, if it is a newer one for this deployment."""
        last = self._last()
        newer = last.get("requestedAt") != before.get("requestedAt")
        return last if newer and last.get("toDeploymentId") == deployment else {}


@dataclass(frozen=True)
class PreviewBuilds:
    """The builds of one branch of one project, which Vercel deploys by itself to the branch's domain."""

    vercel: Vercel
    project: str
    branch: str

    def wait_for(self, sha: str, budget: Budget) -> None:
        """Wait until the branch's domain serves the build of a commit, or until it is clear that there is none.

        Raises:
            StepFailed: the build failed.
            VendorError: Vercel cannot be read.
        """
        project = self.vercel.require_project(self.project)

        def state() -> str | None:
            listed = (one for one in self.vercel.deployments(project, sha=sha) if commit_of(one) == sha)
            own = (one for one in listed if one["meta"].get("githubCommitRef") == self.branch)
            return next(map(state_of, own), None)

        ended = _build_end(state, sha, budget)
        if ended in FAILED:
            raise StepFailed(f"Vercel: the build of {sha[:7]} failed: see its log, the project's Deployments")
        told = {"READY": "is ready", "CANCELED": "was skipped: the one before it serves"}
        budget.note(f"Vercel: the build of {sha[:7]} {told.get(ended, 'did not begin: the one before it serves')}")


def _build_end(state: Callable[[], str | None], sha: str, budget: Budget) -> str:
    """Wait for the end of a build.

    Args:
        state: of the build now; None if there is none.

    Returns:
        READY, CANCELED or a state of a failure; `none` if Vercel did not start one.

    Raises:
        StepFailed: the budget is used up.
    """
    until = budget.elapsed + _PATIENCE

    def ended() -> str | None:
        now = state()
        if now is None and budget.elapsed >= until:
            return "none"
        return now if now in _ENDED else None

    return budget.wait_for(f"Vercel: the build of {sha[:7]}", ended)
