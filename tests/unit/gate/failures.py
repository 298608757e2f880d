"""What can go wrong around a release, row by row: the event, what is done about it, what serves then, and who is told.

`docs/RELEASE_MANAGEMENT_GUIDE.md` has the same table; test_failure_table executes every row and compares the two.
Each drill begins with v1.0.0 in production, released and good; `new` is what it releases as v1.1.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from blueprint.errors import Unreachable
from components.accounts.api import Api, VendorError
from gate.cli import main
from gate.release import environment as opening
from gate.smoke.watch import Watched
from rehearsal.vendor_api import github_actions, github_git
from tests.unit.gate.release_world import CONTEXT, FRONTEND, REPOSITORY, ReleaseWorld
from tests.unit.gate.test_release_command import Told
from tests.unit.gate.test_release_recovery import killed_at

BEFORE, NEW, AS_WAS = "what served before", "the release", "what served; nothing was changed"
HALF, BOTH = "the new backend with the earlier frontend", "the new release, at both"
RUN = "the run"
TEAM = f"chat, {RUN}"
RECORD = f"{TEAM}, deployment record"


@dataclass
class Drill:
    """One execution. good, new: commits. serves: what has to serve, where the row's own word is not enough."""

    world: ReleaseWorld
    told: Told
    patch: pytest.MonkeyPatch
    good: str = ""
    new: str = ""
    serves: tuple[str, str] | None = None
    during: list[Callable[[], None]] = field(default_factory=list)

    def begin(self) -> None:
        self.good = self.released("v1.0.0")
        real = self.world.sleep

        def sleep(seconds: float) -> None:
            real(seconds)
            while self.during:
                self.during.pop(0)()

        self.world.sleep = sleep  # type: ignore[method-assign]

    def released(self, tag: str) -> str:
        sha = self.world.tagged(tag)
        assert main(["release", tag]) == 0
        return sha

    def tag(self, **options: Any) -> str:
        self.new = self.world.tagged("v1.1.0", **options)
        return self.new

    def release(self, tag: str = "v1.1.0", *options: str) -> int:
        return main(["release", tag, *options])

    def killed(self, nth: int) -> None:
        """The run of v1.1.0 dies after so many writes, as GitHub ends it ten seconds after somebody canceled it."""
        self.tag()
        assert killed_at(self.patch, self.release, nth)  # type: ignore[arg-type, return-value]
        self.world.sleep(10)

    def build(self, state: str) -> None:
        with self.world.estate.edit("vercel") as objects:
            next(o for o in objects if o["type"] == "deployment" and o["sha"] == self.new)["state"] = state

    def project(self, **properties: Any) -> None:
        with self.world.estate.edit("vercel") as objects:
            next(o for o in objects if o["type"] == "project" and o["name"] == FRONTEND).update(properties)

    def fails(self, path: str, state: str = "") -> None:
        """A vendor refuses every change at paths with this text."""
        real = Api.send

        def send(api: Api, method: str, where: str, body: Any = None, **options: Any) -> Any:
            if path in where and state in ("", (body or {}).get("state")):
                raise VendorError("the vendor refuses it")
            return real(api, method, where, body, **options)

        self.patch.setattr(Api, "send", send)

    def watched(self, alarm: str) -> None:
        self.patch.setattr("gate.smoke.watch.watch_for", lambda *_arguments: Watched(alarm=alarm))


@dataclass(frozen=True)
class Row:
    """vendor, gate: what each does. code: of the command. chat: the beginning of the last message."""

    event: str
    vendor: str
    gate: str
    serves: str
    told: str
    code: int
    chat: str
    run: Callable[[Drill], int]


def not_on_main(drill: Drill) -> int:
    drill.tag()
    with drill.world.estate.edit("github") as objects:
        next(o for o in objects if o["type"] == "branch")["sha"] = "f" * 40
    return drill.release()


def stranger(drill: Drill) -> int:
    github_git.status(drill.world.estate, REPOSITORY, drill.tag(smoked=False), CONTEXT, by="stranger")
    return drill.release()


def building(drill: Drill) -> int:
    drill.tag()
    drill.build("BUILDING")
    drill.during.append(lambda: drill.build("READY"))
    return drill.release()


def ends_as(state: str) -> Callable[[Drill], int]:
    def run(drill: Drill) -> int:
        drill.tag()
        drill.build(state)
        return drill.release()

    return run


def skipped(drill: Drill) -> int:
    drill.new = drill.world.push(build=False, files=("app/main.py",))
    github_git.tag(drill.world.estate, REPOSITORY, "v1.1.0", drill.new)
    drill.serves = (drill.new, drill.good)
    return drill.release()


def bad_commit(drill: Drill) -> int:
    drill.world.render.estate.bad_commits.add(drill.tag())
    return drill.release()


def hangs(drill: Drill) -> int:
    drill.tag()

    def never() -> None:
        for deploy in drill.world.render.estate.deploys.values():
            if (deploy["commit"] or {}).get("id") == drill.new:
                deploy["_phases"] = [("build_in_progress", 1e9)]

    drill.during.append(never)
    return drill.release()


def by_hand_at_render(drill: Drill) -> int:
    drill.tag()

    def deploy() -> None:
        simulator = drill.world.render
        service = simulator.estate.find_service("marketedge-platform")
        commit = {"id": "a" * 40, "message": "work", "createdAt": service["createdAt"]}
        simulator.deploys.start(service, "manual", commit=commit)

    drill.during.append(deploy)
    return drill.release()


def promotion_fails(drill: Drill) -> int:
    drill.tag()
    drill.project(failNextAlias=True)
    return drill.release()


def unhealthy(drill: Drill) -> int:
    drill.world.unhealthy.add(drill.tag())
    return drill.release()


def interrupted(drill: Drill) -> int:
    drill.tag()

    def interrupt() -> None:
        raise KeyboardInterrupt

    drill.during.append(interrupt)
    return drill.release()


def canceled(nth: int) -> Callable[[Drill], int]:
    def run(drill: Drill) -> int:
        drill.killed(nth)
        drill.serves = (drill.good, drill.good)
        return main(["rollback", "--from", "v1.1.0"])

    return run


def again(drill: Drill) -> int:
    drill.killed(6)
    return drill.release()


def next_tag(drill: Drill) -> int:
    drill.killed(6)
    drill.new = drill.world.tagged("v1.2.0")
    return drill.release("v1.2.0")


def taken_over(drill: Drill) -> int:
    drill.patch.setenv("GITHUB_RUN_ID", "7")
    drill.patch.setenv("GITHUB_REPOSITORY", f"zebra-devops/{REPOSITORY}")
    github_actions.run(drill.world.estate, REPOSITORY, 7, status="in_progress")
    drill.killed(6)
    drill.patch.delenv("GITHUB_RUN_ID")
    assert main(["rollback"]) == 1
    github_actions.run(drill.world.estate, REPOSITORY, 7, status="completed", conclusion="cancelled")
    return main(["rollback"])


def locked(drill: Drill) -> int:
    drill.tag()
    with drill.world.environment() as environment:
        environment.lock.take(3600)
    return drill.release()


def build_is_gone(drill: Drill) -> int:
    drill.new = drill.released("v1.1.0")
    drill.world.render.estate.builds_kept = 1
    return main(["rollback"])


def cannot_be_built(drill: Drill) -> int:
    drill.world.render.estate.bad_commits.add(drill.good)
    return build_is_gone(drill)


def hobby(drill: Drill) -> int:
    drill.new = drill.released("v1.1.0")
    drill.fails("/rollback/")
    return main(["rollback"])


def refused_by_vercel(drill: Drill) -> int:
    drill.new = drill.released("v1.1.0")
    drill.fails("/projects/")
    return main(["rollback"])


def alarm(text: str) -> Callable[[Drill], int]:
    def run(drill: Drill) -> int:
        drill.tag()
        drill.watched(text)
        return drill.release("v1.1.0", "--watch")

    return run


def broken_later(drill: Drill) -> int:
    drill.tag()
    drill.watched("")
    drill.told.heard["release v1.1.0: done"] = lambda: drill.world.unhealthy.add(drill.new)
    return drill.release("v1.1.0", "--watch")


def old_workflow(drill: Drill) -> int:
    drill.new = drill.released("v1.1.0")
    return drill.release("v1.0.0")


def rolled_back_workflow(drill: Drill) -> int:
    drill.released("v1.1.0")
    assert main(["rollback"]) == 0
    return drill.release()


def old_rollback(drill: Drill) -> int:
    drill.released("v1.1.0")
    drill.new = drill.released("v1.2.0")
    return main(["rollback", "--from", "v1.1.0"])


def old_rollback_tag(drill: Drill) -> int:
    drill.released("v1.1.0")
    assert drill.release("v1.0.0-rollback") == 0
    drill.new = drill.released("v1.2.0")
    return drill.release("v1.0.0-rollback")


def success_not_recorded(drill: Drill) -> int:
    drill.tag()
    drill.fails("/statuses", "success")
    return drill.release()


def failure_not_recorded(drill: Drill) -> int:
    drill.world.unhealthy.add(drill.tag())
    drill.fails("/statuses", "failure")
    return drill.release()


def nobody_hears(drill: Drill) -> int:
    drill.tag()
    drill.told.refuses = True
    return drill.release()


def render_is_away(drill: Drill) -> int:
    drill.tag()

    def connect(*_arguments: object, **_options: object) -> None:
        raise Unreachable("no answer from Render")

    drill.patch.setattr(opening, "connect", connect)
    return drill.release()


def no_login_test(drill: Drill) -> int:
    """As where the stack file declares `auth0.loginTest`."""
    drill.patch.setattr("components.settings.Settings.login_required", True)
    drill.tag()
    return drill.release()


def no_token(drill: Drill) -> int:
    drill.tag()
    drill.patch.delenv("VERCEL_API_TOKEN")
    return drill.release()


def both_bad(drill: Drill) -> int:
    drill.world.unhealthy |= {drill.tag(), drill.good}
    return drill.release()


def promoted_by_hand(drill: Drill) -> int:
    drill.tag()
    other = drill.world.push()
    real = Api.send

    def send(api: Api, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        answer = real(api, method, path, *arguments, **options)
        if "/promote/" in path:
            with drill.world.estate.edit("vercel") as objects:
                build = next(o for o in objects if o["type"] == "deployment" and o["sha"] == other)
                build["served"] = True
                mine = next(o for o in objects if o["type"] == "project")
                mine["serving"] = build["id"]
        return answer

    drill.patch.setattr(Api, "send", send)
    return drill.release()


def overtaken(drill: Drill) -> int:
    next(iter(drill.world.render.estate.services.values()))["autoDeploy"] = "yes"
    first = drill.world.push(smoked=False)

    def push() -> None:
        drill.new = drill.world.push(smoked=False)

    drill.during.append(push)
    code = main(["deploy", first, "--env", "production"])
    drill.world.sleep(120)
    drill.serves = (drill.new, drill.good)
    return code


WAITS = "waits, at most for the release's budget"
ROLLS_BACK = "rolls back, and tests what serves"
LOOKS = "refuses before the first change"
DONE, REFUSED, ROLLED = "release v1.1.0: done", "release v1.1.0: refused", "release v1.1.0: rolled back"
BACK = "rollback v1.0.0: done"

ROWS = [
    Row("the commit is not on `main`", "-", LOOKS, AS_WAS, TEAM, 1, REFUSED, not_on_main),
    Row(
        "somebody sets `staging-smoke-tests` by hand",
        "GitHub takes it from everybody who may push",
        "counts only what a workflow, the releasing account or somebody named has set",
        AS_WAS,
        TEAM,
        1,
        REFUSED,
        stranger,
    ),
    Row("the tag is pushed right after the merge", "Vercel is still building", WAITS, NEW, RECORD, 0, DONE, building),
    Row("Vercel's build fails", "the deployment ends as ERROR", LOOKS, AS_WAS, TEAM, 1, REFUSED, ends_as("ERROR")),
    Row(
        "a commit leaves the frontend as it was",
        "Vercel skips the build",
        "uses the build of the last commit with the same frontend",
        "the release, whose frontend is the earlier one",
        RECORD,
        0,
        DONE,
        skipped,
    ),
    Row(
        "somebody cancels the build of a changed frontend",
        "the deployment ends as CANCELED",
        LOOKS,
        AS_WAS,
        TEAM,
        1,
        REFUSED,
        ends_as("CANCELED"),
    ),
    Row("a token is missing", "-", LOOKS, AS_WAS, TEAM, 1, REFUSED, no_token),
    Row("the required login test lacks its secrets", "-", LOOKS, AS_WAS, TEAM, 1, REFUSED, no_login_test),
    Row("Render cannot be reached at the start", "no answer", LOOKS, AS_WAS, TEAM, 1, REFUSED, render_is_away),
    Row(
        "another release is in progress", "-", "refuses, and says who holds the lock", AS_WAS, TEAM, 1, REFUSED, locked
    ),
    Row(
        "Render's build fails",
        "the deploy ends as build_failed, the earlier one serves on",
        f"{ROLLS_BACK}; Vercel was not touched",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        bad_commit,
    ),
    Row(
        "Render's deploy does not end",
        "it stays update_in_progress",
        f"cancels it at the end of the budget; {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        hangs,
    ),
    Row(
        "somebody deploys at Render meanwhile",
        "the newer deploy cancels the release's",
        f"cancels it; {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        by_hand_at_render,
    ),
    Row(
        "Vercel's promotion fails",
        "lastAliasRequest ends as failed",
        ROLLS_BACK,
        BEFORE,
        RECORD,
        3,
        ROLLED,
        promotion_fails,
    ),
    Row(
        "somebody promotes another build meanwhile",
        "the domains point there",
        f"sees that another build serves; {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        promoted_by_hand,
    ),
    Row("a smoke test fails", "-", ROLLS_BACK, BEFORE, RECORD, 3, ROLLED, unhealthy),
    Row("Ctrl-C", "-", f"{ROLLS_BACK}; further interruptions do not stop it", BEFORE, RECORD, 3, ROLLED, interrupted),
    Row(
        "the workflow is canceled while Render deploys",
        "GitHub ends the step after ten seconds",
        "the next step rolls back, in its five minutes",
        BEFORE,
        RECORD,
        0,
        BACK,
        canceled(5),
    ),
    Row(
        "the workflow is canceled before anything was changed",
        "GitHub ends the step after ten seconds",
        "the next step finds nothing to roll back",
        AS_WAS,
        TEAM,
        1,
        "rollback of v1.1.0: refused (v1.0.0 serves",
        canceled(1),
    ),
    Row("a run was killed, and the workflow runs again", "-", "goes on where it was", NEW, RECORD, 0, DONE, again),
    Row(
        "a run was killed, and the next tag is released",
        "-",
        "releases it, and ends the record of the first",
        NEW,
        RECORD,
        0,
        "release v1.2.0: done",
        next_tag,
    ),
    Row(
        "a canceled run left its lock",
        "GitHub says that the run is completed",
        "a person's `gate rollback` takes the lock over at once",
        BEFORE,
        RECORD,
        0,
        BACK,
        taken_over,
    ),
    Row(
        "Render no longer has the build to roll back to",
        "it refuses the rollback",
        "deploys the commit anew",
        BEFORE,
        RECORD,
        0,
        BACK,
        build_is_gone,
    ),
    Row(
        "nor can it be built any more",
        "the deploy ends as build_failed",
        "says which half serves what, and the command that finishes it",
        HALF,
        RECORD,
        4,
        "rollback v1.0.0: failed",
        cannot_be_built,
    ),
    Row(
        "Vercel refuses to roll back to this build",
        "the Hobby plan goes back one step",
        "promotes it instead",
        BEFORE,
        RECORD,
        0,
        BACK,
        hobby,
    ),
    Row(
        "Vercel refuses every change",
        "4xx",
        "leaves the backend as well, and says which half serves what",
        BOTH,
        RECORD,
        4,
        "rollback v1.0.0: failed",
        refused_by_vercel,
    ),
    Row(
        "the earlier release does not work either",
        "-",
        "says so, with the steps by hand",
        BEFORE,
        RECORD,
        4,
        "release v1.1.0: failed",
        both_bad,
    ),
    Row(
        "health is down for four minutes after a release",
        "-",
        f"`--watch` {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        alarm("down for 4 min: health: status 503"),
    ),
    Row(
        "a tenth of the answers are server errors after it",
        "Render counts them",
        f"`--watch` {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        alarm("20 % of 100 requests were server errors"),
    ),
    Row(
        "it breaks while it is watched",
        "-",
        f"the tests at the end of the watch fail; {ROLLS_BACK}",
        BEFORE,
        RECORD,
        3,
        ROLLED,
        broken_later,
    ),
    Row(
        "the workflow of an older release runs again",
        "GitHub allows it for 30 days",
        LOOKS,
        AS_WAS,
        TEAM,
        1,
        "release v1.0.0: refused",
        old_workflow,
    ),
    Row(
        "the workflow of a release that was rolled back runs again",
        "GitHub allows it for 30 days",
        LOOKS,
        AS_WAS,
        TEAM,
        1,
        REFUSED,
        rolled_back_workflow,
    ),
    Row(
        "an old rollback workflow runs again",
        "GitHub allows it for 30 days",
        "sees that another release serves",
        AS_WAS,
        TEAM,
        1,
        "rollback of v1.1.0: refused (v1.2.0 serves",
        old_rollback,
    ),
    Row(
        "the workflow of a tag `v1.0.0-rollback` runs again",
        "GitHub allows it for 30 days",
        "sees that it was carried out before",
        AS_WAS,
        TEAM,
        1,
        "rollback v1.0.0-rollback: refused",
        old_rollback_tag,
    ),
    Row(
        "GitHub does not take the record of the success",
        "4xx",
        f"{ROLLS_BACK}: not recorded is not released",
        BEFORE,
        TEAM,
        3,
        ROLLED,
        success_not_recorded,
    ),
    Row(
        "GitHub does not take the record of the rollback",
        "4xx",
        "says so; the next run settles it",
        BEFORE,
        TEAM,
        3,
        ROLLED,
        failure_not_recorded,
    ),
    Row(
        "the chat does not answer",
        "the webhook answers 404",
        "says so in the run",
        NEW,
        f"{RUN}, deployment record",
        0,
        DONE,
        nobody_hears,
    ),
    Row(
        "two merges to staging in quick succession",
        "the newer deploy cancels the older",
        '`gate deploy` of the older says "overtaken by"; no failure',
        "the newer commit",
        f"{RECORD}, pull request, commit status",
        0,
        "deploy ",
        overtaken,
    ),
]
"""The order is that of a release's life."""


def table() -> str:
    """As Markdown."""
    lines = [
        "| event | the vendor | the gate | serves afterwards | exit code | told |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {r.event} | {r.vendor} | {r.gate} | {r.serves} | {r.code} | {r.told} |" for r in ROWS]
    return "\n".join(lines)
