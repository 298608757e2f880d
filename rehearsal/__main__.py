"""`make rehearse`: the whole program on the real engine against simulators on loopback, without an account."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from rehearsal import application
from rehearsal.application import Application
from rehearsal.estate import PROJECT, World, seed, world
from rehearsal.plugins.estate import FOLDER_VARIABLE
from rehearsal.production import FRONTEND, SERVICE, seed_production
from rehearsal.releases import Releases, tag_release
from rehearsal.rollout import Rollout
from rehearsal.shell import BREAKS, Desk, stay
from rehearsal.staging import Staging
from rehearsal.story import Chapter, Story

_SECONDS = 1.0
"""How many seconds a database or a deploy takes here. At Render it takes minutes."""
_LOG = PROJECT / ".cache" / "rehearsal" / "engine.log"


def main() -> int:
    """Run the rehearsal.

    Returns:
        The exit status: 0 when every chapter ended well, 1 when a chapter failed, 2 when the rehearsal could not begin.
    """
    parser = argparse.ArgumentParser(prog="make rehearse", description=__doc__)
    parser.add_argument("--all", action="store_true", help="tell everything: each phase of production, destroy")
    parser.add_argument("--keep", action="store_true", help="open a shell in that world at the end, to try things")
    commands = parser.add_subparsers(title="in the shell of --keep", dest="command")
    breaking = commands.add_parser("break", help="edit something by hand at a vendor")
    breaking.add_argument("what", nargs="?", choices=BREAKS, help="without it, list what can be edited")
    tagging = commands.add_parser("tag", help="let a new commit reach main and get a tag")
    tagging.add_argument("name", help="such as v1.2.0")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    if arguments.command:
        return _in_shell(arguments, console)
    pulumi = os.environ.get("MARKETEDGE_PULUMI") or shutil.which("pulumi")
    if not pulumi:
        console.print("There is no Pulumi CLI. Run `make rehearse`, which finds or builds one.")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
        world(Path(folder), Path(pulumi).resolve(), provisioning_seconds=_SECONDS) as stage,
    ):
        return _rehearse(stage, console, everything=arguments.all, keep=arguments.keep)


def _rehearse(stage: World, console: Console, *, everything: bool, keep: bool) -> int:
    seed(stage.vendors)
    before = seed_production(stage)
    _LOG.parent.mkdir(parents=True, exist_ok=True)
    _LOG.write_text("")
    story = Story(stage, console, _LOG)
    serving = Application(stage.render, stage.vendors, SERVICE, FRONTEND)
    with application.serve(serving) as addresses:
        releases = Releases(story, serving, addresses)
        rollout, staging = Rollout(story, before), Staging(story)
        chapters = [*staging.from_nothing(), *staging.review(), *staging.drift()]
        if everything:
            chapters += [*rollout.every_phase(), *rollout.cut_over(), *releases.everything()]
            chapters += [] if keep else staging.destroy()
        else:
            chapters += [*rollout.adopted(), *releases.good_and_bad()]
        _announce(console, chapters, everything=everything)
        whole = story.tell(chapters)
        story.summarise()
        if whole and keep:
            stay(stage, console, addresses)
        elif whole:
            console.print(
                "Next: `make rehearse ARGS=--keep` ends in a shell to try things in, `make rehearse ARGS=--all` shows "
                "each phase of production.\nWith accounts: docs/GETTING_STARTED.md."
            )
    return 0 if whole else 1


def _announce(console: Console, chapters: list[Chapter], *, everything: bool) -> None:
    """Print what the rehearsal will show, and how long it takes."""
    log = _LOG.relative_to(PROJECT)
    console.print(
        f"{len(chapters)} chapters, about {'three minutes' if everything else 'a minute'}: staging is made from "
        "nothing, a change is reviewed, edits by hand are found and healed, the living production is adopted, and a "
        "release that fails rolls back.\nThe real program runs on the real Pulumi engine. GitHub, Auth0, Render and "
        f"Vercel are simulated on this machine; nothing leaves it. The engine's own lines go to {log}.",
    )


def _in_shell(arguments: argparse.Namespace, console: Console) -> int:
    """Run `break` or `tag` against the world of a rehearsal that was kept open."""
    if FOLDER_VARIABLE not in os.environ:
        console.print("This works in the shell that `make rehearse ARGS=--keep` opens.")
        return 2
    with Desk.opened(os.environ) as desk:
        if arguments.command == "tag":
            sha = tag_release(desk.vendors, arguments.name)
            console.print(f"{sha[:7]} is on main, passed staging, is built by Vercel and tagged {arguments.name}.")
        elif arguments.what:
            BREAKS[arguments.what].edit(desk)
            console.print(f"Done: {BREAKS[arguments.what].says}.")
        else:
            for name, one in BREAKS.items():
                console.print(f"{name:<14} {one.says}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
