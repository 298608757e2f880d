"""`make rehearse`: the whole program on the real engine against simulators on loopback, without an account."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from pulumi.automation import CommandError
from rich.console import Console

from rehearsal.engine import Engine
from rehearsal.estate import seed, world
from rehearsal.production import Living, seed_production
from rehearsal.releases import Releases
from rehearsal.rollout import Rollout
from rehearsal.story import RehearsalFailed, Story

_SECONDS = 2.0
"""How long a database or a deploy takes here; minutes at Render."""


def main() -> int:
    """Exit status: 0 all is as it should be, 1 a chapter failed, 2 there is no Pulumi CLI."""
    parser = argparse.ArgumentParser(prog="make rehearse", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave out destroy and stay, to play with what is there")
    arguments = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=160)
    pulumi = os.environ.get("MARKETEDGE_PULUMI") or shutil.which("pulumi")
    if not pulumi:
        console.print("there is no Pulumi CLI: run `make rehearse`, which finds or builds one")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
        world(Path(folder), Path(pulumi).resolve(), provisioning_seconds=_SECONDS) as stage,
    ):
        seed(stage.vendors)
        before = seed_production(stage)
        story = Story(stage, console)
        failure = _tell(story, before, keep=arguments.keep)
        story.summarise()
        if failure:
            console.print(f"[bold red]failed:[/] {failure}", highlight=False)
        elif arguments.keep:
            _stay(story)
    return 1 if failure else 0


def _tell(story: Story, before: Living, *, keep: bool) -> Exception | None:
    try:
        staging = story.stack("staging")
        story.converge(staging)
        story.drift(staging)
        rollout = Rollout(story, before)
        rollout.tell()
        rollout.cut_over()
        Releases(story).tell()
        if not keep:
            story.destroy(staging)
    except (RehearsalFailed, CommandError) as error:
        return error
    return None


def _stay(story: Story) -> None:
    """Preview on every Enter until Ctrl-C or Ctrl-D."""
    stage, environment = story.world, story.world.folder / "environment"
    environment.touch(mode=0o600)
    environment.write_text("".join(f"export {k}={shlex.quote(v)}\n" for k, v in stage.environment.items()))
    story.console.print(
        f"Still running. Vendors: edit the files in {stage.vendors.folder}.\n"
        f'Render: `. {environment}`, then curl -H "Authorization: Bearer $RENDER_API_KEY" $RENDER_HOST/services\n'
        "Enter previews the staging stack again, Ctrl-C ends.",
        highlight=False,
    )
    staging = Engine(stage, "staging", print)
    try:
        while True:
            input()
            staging.preview(refresh=True, diff=True)
    except (KeyboardInterrupt, EOFError):
        story.console.print("ending")


if __name__ == "__main__":
    sys.exit(main())
