"""`make profile`: measures where the time of the program's start and of each operation on the staging stack goes."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from pulumi.automation import CommandError

from components import stack_file
from gate.common.text import markdown_table
from rehearsal.engine import Engine
from rehearsal.estate import PROJECT, STACKS, World, seed, world
from rehearsal.shell import BREAKS, Desk

_ROUNDS = 5
_LOG_LEVEL = ("{key: LOG_LEVEL, value: DEBUG}", "{key: LOG_LEVEL, value: INFO}")


def start(stage: World) -> str:
    """Return the CPU seconds of the program's start by part: as it is, and as it would be by itself.

    Each is the median of some runs. The two ways take turns, so that other work on the machine slows both. The first
    run only writes Python's bytecode.
    """
    runs = [(start_once(stage, "now"), start_once(stage, "plain")) for _ in range(_ROUNDS + 1)][1:]
    rows = [
        (part, *(f"{median(run[part] for run in way):.2f}" for way in zip(*runs, strict=True))) for part in runs[0][0]
    ]
    heads = ("part of the program's run, CPU seconds", "now", "without `sdk.py` and `gc`")
    return markdown_table(heads, rows, texts=1)


def start_once(stage: World, way: str) -> dict[str, float]:
    """Run the program in a process of its own, and return the CPU seconds by part. For WAY see `benchmarks.start`."""
    config = {**stack_file.read(STACKS / "Pulumi.staging.yaml"), "marketedge:secrets": json.dumps(stage.secrets.stack)}
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.start", way],
        cwd=PROJECT,
        env={**os.environ, **stage.environment, "PYTHONDONTWRITEBYTECODE": ""},
        input=json.dumps(config),
        capture_output=True,
        text=True,
        check=True,
    )
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    parts: dict[str, float] = json.loads(done.stdout)
    declared = sum(parts.values())
    parts |= {"**until the last resource is declared**": declared, "the end of the process": used - declared}
    return parts | {"**in all**": used}


def measured(pulumi: Path) -> Iterator[str]:
    """Measure each operation on the whole staging stack, and the program's start while the stack is up.

    Yields:
        One table for the start, and one with each operation's seconds, requests at Render and writes at all vendors.
    """
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), pulumi, rate_limits=False) as stage:
        seed(stage.vendors)
        engine = Engine(stage, "staging", lambda _line: None)
        engine.set_secrets(stage.secrets.stack)
        engine.preview()  # loads the program once; what that takes is in the table of the start
        steps: list[tuple[str, Callable[[], object]]] = [
            ("first preview", engine.preview),
            ("cold up", engine.up),
            ("preview, no changes", lambda: engine.preview(expect_no_changes=True)),
            ("preview --refresh, no changes", lambda: engine.preview(refresh=True, expect_no_changes=True)),
            ("up with one variable changed", lambda: _change(stage, engine)),
            ("preview --refresh after an edit at Render", lambda: _edit(stage, engine)),
            ("up heals it", engine.up),
            ("destroy", lambda: _destroy(engine)),
        ]
        rows = [(name, *_cost(stage, step)) for name, step in steps[:-1]]
        yield start(stage)
        rows += [(name, *_cost(stage, step)) for name, step in steps[-1:]]
    heads = ("operation on the staging stack", "seconds", "reads at Render", "writes at Render", "writes elsewhere")
    yield markdown_table(heads, rows, texts=1)


def _cost(stage: World, step: Callable[[], object]) -> tuple[str, ...]:
    before, asked, written = time.monotonic(), len(stage.render.requests), len(stage.vendors.log)
    step()
    seconds, requests = time.monotonic() - before, stage.render.requests[asked:]
    writes = sum(request.method != "GET" for request in requests)
    elsewhere = sum(entry["operation"] not in ("read", "invoke") for entry in stage.vendors.log[written:])
    return f"{seconds:.1f}", str(len(requests) - writes), str(writes), str(elsewhere)


def _change(stage: World, engine: Engine) -> None:
    file = stage.project / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace(*_LOG_LEVEL))
    engine.up()


def _edit(stage: World, engine: Engine) -> None:
    with Desk.opened(stage.environment) as desk:
        BREAKS["variable"].edit(desk)
    engine.preview(refresh=True)


def _destroy(engine: Engine) -> None:
    engine.unprotect()
    engine.destroy()


def main() -> int:
    """Print both tables. Exit code: 0, 1 if an operation failed, 2 without a Pulumi CLI."""
    found = os.environ.get("MARKETEDGE_PULUMI") or shutil.which("pulumi")
    if not found:
        print("There is no Pulumi CLI. Run `make profile`, which finds or builds one.", file=sys.stderr)
        return 2
    try:
        for text in measured(Path(found).resolve()):
            print(f"{text}\n", flush=True)
    except CommandError as error:
        print(f"profile: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
