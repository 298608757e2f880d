"""The rehearsal's release chapters: a good release, one that fails its smoke tests and is taken back, a rollback."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from gate.upkeep.workflows import BRANCH as WORKFLOWS
from rehearsal import application
from rehearsal.application import Application
from rehearsal.engine import inhabit
from rehearsal.estate import PROJECT, World
from rehearsal.production import APPLICATION, SERVICE
from rehearsal.production import PROJECT as FRONTEND
from rehearsal.story import RehearsalFailed, Story
from rehearsal.vendor_api import github_git, vercel_deployments

_REPOSITORY = "MarketEdge-Platform"
_CONTEXT = "staging-smoke-tests"


class Releases:
    """What `python -m gate` does around releases, as processes of their own. For a production at cutover."""

    def __init__(self, story: Story) -> None:
        self._story, self._world = story, story.world
        self._app = Application(self._world.render, self._world.vendors, SERVICE, FRONTEND)

    def tell(self) -> None:
        """Raises: RehearsalFailed."""
        client = self._world.vendors.find("auth0", "client", name=APPLICATION) or {}
        with application.serve(self._app) as (backend, frontend):
            self._job = {"BACKEND_URL": backend, "FRONTEND_URL": frontend, "SMOKE_AUTH0_CLIENT_ID": client["clientId"]}
            good = self._chapter("v1.0.0", "release v1.0.0, a good one", 0, ["release", "v1.0.0"])
            bad = tag_release(self._world, "v1.1.0")
            self._app.unhealthy.add(bad)
            self._chapter(None, "release v1.1.0, whose smoke tests fail", 3, ["release", "v1.1.0"], serves=good)
            better = self._chapter("v1.2.0", "release v1.2.0", 0, ["release", "v1.2.0"])
            self._chapter(None, "rollback, to the last good release", 0, ["rollback"], serves=good)
            self._chapter(None, "rollback --to v1.2.0", 0, ["rollback", "--to", "v1.2.0"], serves=better)
            self._deliver()
            self._verify()
            self._chapter(None, "release one.two, which is no version", 1, ["release", "one.two"], serves=better)

    def _chapter(self, tag: str | None, title: str, status: int, command: list[str], serves: str = "") -> str:
        """Run one command. Args: tag: made before, of a new commit that then has to serve. Returns: what serves."""
        serves = tag_release(self._world, tag) if tag else serves
        with self._story.chapter(title) as note:
            ended = self._gate(*command)
            if ended != status:
                raise RehearsalFailed(f"gate {' '.join(command)} ended with {ended}, expected {status}")
            if (found := serving(self._world)) != (serves, serves):
                raise RehearsalFailed(f"after gate {' '.join(command)} {found} serve, expected {serves} at both")
            note(f"exit {ended}, {serves[:7]} serves at Render and Vercel")
        return serves

    def _deliver(self) -> None:
        """The workflows reach main by a pull request, which somebody merges."""
        with self._story.chapter("workflows sync --env production") as note:
            if ended := self._gate("workflows", "sync", "--env", "production"):
                raise RehearsalFailed(f"gate workflows sync ended with {ended}")
            github_git.merge_files(self._world.vendors, _REPOSITORY, WORKFLOWS, "main")
            if ended := self._gate("workflows", "check", "--env", "production"):
                raise RehearsalFailed(f"gate workflows check ended with {ended} after the merge")
            note("one pull request, merged: main has every workflow as it is delivered")
        for name in ("RENDER_API_KEY", "VERCEL_API_TOKEN"):  # a person sets what the jobs need and no stack knows
            self._world.vendors.seed(
                *("github", "environment_secret"),
                **{"repository": _REPOSITORY, "environment": "production", "secretName": name, "value": "by hand"},
            )

    def _verify(self) -> None:
        """Everything holds but the two required checks, of which the plan's names report nothing."""
        with self._story.chapter("verify --env production") as note:
            folder = self._world.folder / "verified"
            self._gate("verify", "--env", "production", "--report", str(folder))
            lines = json.loads((folder / "verify.json").read_text())["lines"]
            failed = [line["title"] for line in lines if line["verdict"]["outcome"] == "fail"]
            if failed != ["required checks are reported"]:
                raise RehearsalFailed(f"gate verify found wrong: {', '.join(failed) or 'nothing'}")
            held = sum(line["verdict"]["outcome"] == "pass" for line in lines)
            note(f"{held} of {len(lines)} hold; the plan's two required checks report nothing, as they do not")

    def _gate(self, *arguments: str) -> int:
        with inhabit(self._world):
            done = subprocess.run(
                [sys.executable, "-m", "gate", *arguments],
                cwd=self._world.project,
                env={**os.environ, **self._job, "PYTHONPATH": str(PROJECT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        self._story.console.print(done.stdout.rstrip(), highlight=False, markup=False)
        return done.returncode


def tag_release(world: World, name: str) -> str:
    """A commit that staging liked reaches main, is built by Vercel, and gets its tag. Returns: the commit."""
    sha = github_git.commit(world.vendors, _REPOSITORY, "main")
    vercel_deployments.build(world.vendors, FRONTEND, sha, "main")
    github_git.status(world.vendors, _REPOSITORY, sha, _CONTEXT)
    github_git.tag(world.vendors, _REPOSITORY, name, sha, annotated=True)
    return sha


def serving(world: World) -> tuple[str, str]:
    """The commits that Render and Vercel serve production with."""
    estate = world.render.estate
    with world.render.lock:
        world.render.settle()
        (service,) = estate.named(estate.services, SERVICE)
        live = estate.live_deploy(service["id"]) or {}
    project = world.vendors.find("vercel", "project", name=FRONTEND) or {}
    shown = world.vendors.find("vercel", "deployment", id=project.get("serving")) or {}
    return str((live.get("commit") or {}).get("id", "")), str(shown.get("sha", ""))
