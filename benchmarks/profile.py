"""`make profile`: where the time goes: in the program's start, and in each operation on the whole staging stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pulumi.automation import CommandError

from benchmarks.tables import table
from rehearsal.engine import Engine
from rehearsal.estate import PROJECT, World, seed, world
from rehearsal.handwork import BREAKS, Desk

_ROUNDS = 5
_START = """
import json, sys, time
marks = {"the interpreter": time.process_time()}
def mark(part): marks[part] = time.process_time() - sum(marks.values())
import pulumi; mark("import pulumi")
import httpx, pydantic, tenacity; mark("import httpx, pydantic, tenacity")
way, *names = sys.argv[1:]
if way == "whole": import pulumi_auth0, pulumi_github, pulumiverse_vercel
import components.auth0, components.blueprint, components.github, components.guardrails, components.render
import components.adoption, components.outputs, components.vercel
for name in names: getattr(sys.modules[name.partition(":")[0]], name.partition(":")[2])
mark("the program's modules, and the SDKs")
if way != "whole": import gc; gc.freeze()
print(json.dumps(marks))
"""
"""A process that loads what the program loads, and says how long each part took: whole SDKs as Python loads them, or
what is declared of each."""
_PACKAGES = {"auth0": "pulumi_auth0", "github": "pulumi_github", "vercel": "pulumiverse_vercel"}
_LOG_LEVEL = ("{key: LOG_LEVEL, value: DEBUG}", "{key: LOG_LEVEL, value: INFO}")


def start() -> str:
    """CPU seconds of the program's start by part, as it is and with whole SDKs."""
    ours, whole = _measured("piecewise"), _measured("whole")
    rows = [(part, f"{ours[part]:.2f}", f"{whole[part]:.2f}") for part in ours]
    return table(("part of the program's start, CPU seconds", "now", "with whole SDKs"), rows, text=1)


def _measured(way: str) -> dict[str, float]:
    """The median of some rounds, by part."""
    rounds = []
    for _ in range(_ROUNDS):
        before = os.times()
        command = [sys.executable, "-c", _START, way, *_declared()]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        after = os.times()
        parts: dict[str, float] = json.loads(done.stdout)
        used = after.children_user + after.children_system - before.children_user - before.children_system
        rounds.append(parts | {"the end of the process": used - sum(parts.values()), "in all": used})
    return {part: median(one[part] for one in rounds) for part in rounds[0]}


def _declared() -> list[str]:
    """What the components use of each SDK, as package:name."""
    text = "".join(file.read_text() for file in (PROJECT / "components").glob("*.py"))
    used = re.findall(r"\b(auth0|github|vercel)\.([A-Z]\w+|get_\w+)\(", text)
    return sorted({f"{_PACKAGES[sdk]}:{name}" for sdk, name in used})


def operations(pulumi: Path) -> str:
    """Each operation on the whole staging stack: seconds, and what it asked Render and wrote at all vendors."""
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
        rows = [(name, *_cost(stage, step)) for name, step in steps]
    heads = ("operation on the staging stack", "seconds", "reads at Render", "writes at Render", "writes elsewhere")
    return table(heads, rows, text=1)


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
    with Desk.in_world(stage) as desk:
        BREAKS["variable"].edit(desk)
    engine.preview(refresh=True)


def _destroy(engine: Engine) -> None:
    engine.unprotect()
    engine.destroy()


def main() -> int:
    """Print both tables. Exit status: 0, 1 where an operation failed, 2 without a Pulumi CLI."""
    found = os.environ.get("MARKETEDGE_PULUMI") or shutil.which("pulumi")
    if not found:
        print("There is no Pulumi CLI. Run `make profile`, which finds or builds one.", file=sys.stderr)
        return 2
    print(start(), flush=True)
    try:
        print("\n" + operations(Path(found).resolve()))
    except CommandError as error:
        print(f"profile: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
