"""The release chapters of a rehearsal: a good release, one that fails its smoke tests and rolls back, a rollback."""

from __future__ import annotations

import json
from functools import partial

from rehearsal.application import Application
from rehearsal.plugins import Estate
from rehearsal.production import APPLICATION, FRONTEND, REPOSITORY, SERVICE
from rehearsal.render_api import RenderSimulator
from rehearsal.story import Chapter, RehearsalFailed, Story
from rehearsal.vendor_api import github_git, vercel_deployments

_CONTEXT = "staging-smoke-tests"


class Releases:
    """Runs what `python -m gate` does around releases, for a production that is cut over.

    Args:
        application: the application that serves.
        backend: its address.
        frontend: its address.
    """

    def __init__(self, story: Story, application: Application, addresses: tuple[str, str]) -> None:
        self._story, self._world, self._application = story, story.world, application
        self._addresses = addresses
        self._good = self._before = ""
        """The commits of the last good release, and of the one before."""

    @property
    def job(self) -> dict[str, str]:
        """Return the environment variables that a job of the application's workflows has."""
        client = self._world.vendors.find("auth0", "client", name=APPLICATION) or {}
        backend, frontend = self._addresses
        return {"BACKEND_URL": backend, "FRONTEND_URL": frontend, "SMOKE_AUTH0_CLIENT_ID": client.get("clientId", "")}

    def good_and_bad(self) -> list[Chapter]:
        """Return the short way: one release that succeeds, and one that fails."""
        return [
            Chapter("Release v1.0.0, a good one", partial(self._release, "v1.0.0")),
            Chapter("Release v1.1.0 fails its smoke tests and rolls back", partial(self._fail, "v1.1.0")),
        ]

    def everything(self) -> list[Chapter]:
        """Return these two, and what else is done around releases."""
        return [
            *self.good_and_bad(),
            Chapter("Release v1.2.0", partial(self._release, "v1.2.0")),
            Chapter("Rollback, to the last good release", self._roll_back),
            Chapter("Rollback --to v1.2.0", partial(self._run, ["rollback", "--to", "v1.2.0"])),
            Chapter("Workflows check: main has what was delivered", self._check_workflows),
            Chapter("Verify: the plan's acceptance checks", self._verify),
            Chapter("Release one.two, which is no version, is refused", partial(self._run, ["release", "one.two"], 1)),
        ]

    def _release(self, tag: str) -> str:
        """Release a new commit, which then serves."""
        self._before, self._good = self._good, tag_release(self._world.vendors, tag)
        return self._run(["release", tag])

    def _fail(self, tag: str) -> str:
        """Release a commit that deploys well and does not work. What served before serves again."""
        self._application.unhealthy.add(tag_release(self._world.vendors, tag))
        return self._run(["release", tag], 3)

    def _roll_back(self) -> str:
        forward, self._good = self._good, self._before
        told = self._run(["rollback"])
        self._good = forward
        return told

    def _run(self, command: list[str], expected: int = 0) -> str:
        """Run one command, after which the good commit serves at both vendors."""
        self._story.gate(*command, expected=expected, job=self.job)
        if (found := serving(self._world.render, self._world.vendors)) != (self._good, self._good):
            raise RehearsalFailed(f"after gate {' '.join(command)} {found} serve, expected {self._good} at both")
        return f"exit code {expected}; {self._good[:7]} serves at Render and Vercel"

    def _check_workflows(self) -> str:
        """Check the workflows. They were delivered before the cutover, so main has them."""
        self._story.gate("workflows", "check", "--env", "production", job=self.job)
        for name in ("RENDER_API_KEY", "VERCEL_API_TOKEN"):  # a person sets what the jobs need and no stack knows
            self._world.vendors.seed(
                *("github", "environment_secret"),
                **{"repository": REPOSITORY, "environment": "production", "secretName": name, "value": "by hand"},
            )
        return "main has the current version of every workflow"

    def _verify(self) -> str:
        """Verify production. Two required checks fail: nothing reports under the names that the plan gives them."""
        folder = self._world.folder / "verified"
        arguments = ("verify", "--env", "production", "--report", str(folder))
        self._story.gate(*arguments, expected=2, job=self.job)
        lines = json.loads((folder / "verify.json").read_text())["lines"]
        failed = [line["title"] for line in lines if line["verdict"]["outcome"] == "fail"]
        if failed != ["required checks are reported"]:
            raise RehearsalFailed(f"gate verify found wrong: {', '.join(failed) or 'nothing'}")
        held = sum(line["verdict"]["outcome"] == "pass" for line in lines)
        return f"{held} of {len(lines)} hold; no workflow reports under the two names that the plan requires"


def tag_release(vendors: Estate, name: str) -> str:
    """Bring a commit to main and tag it.

    It has passed staging, and Vercel has built it.

    Returns:
        The commit.
    """
    sha = github_git.commit(vendors, REPOSITORY, "main")
    vercel_deployments.build(vendors, FRONTEND, sha, "main")
    github_git.status(vendors, REPOSITORY, sha, _CONTEXT)
    github_git.tag(vendors, REPOSITORY, name, sha, annotated=True)
    return sha


def serving(render: RenderSimulator, vendors: Estate) -> tuple[str, str]:
    """Return the commits that Render and Vercel serve production with."""
    live, project = render.running(SERVICE), vendors.find("vercel", "project", name=FRONTEND) or {}
    shown = vendors.find("vercel", "deployment", id=project.get("serving")) or {}
    return live[0] if live else "", str(shown.get("sha", ""))
