"""`make bench`: measure, print the tables, and with --write renew docs/PERFORMANCE.md and its picture."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import tables
from benchmarks.scenarios import BenchFailed, Measure, measure_comparable, measure_size
from blueprint.errors import RenderError

SIZES = (1, 10, 50, 200)
DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- written by `make bench ARGS=--write`: begin -->\n", "<!-- end -->\n"


def main(argv: Sequence[str] | None = None, docs: Path = DOCS) -> int:
    """Measure and print. Exit code: 0, or 1 if a measured run failed."""
    arguments = _arguments(argv)
    began = time.monotonic()
    try:
        measures: list[Measure] = []
        for size in sorted(set(arguments.sizes)):
            print(f"measuring {size} service{'s' if size != 1 else ''}", file=sys.stderr, flush=True)
            measures += measure_size(size)
        text = _text(measures, began)
        print(text)
        if arguments.write:
            from benchmarks.plot import plot  # it loads matplotlib

            _write(docs, text, plot(measures))
    except (BenchFailed, RenderError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _write(docs: Path, text: str, picture: str) -> None:
    page = docs / "PERFORMANCE.md"
    page.write_text(renewed(page.read_text(encoding="utf-8"), text), encoding="utf-8")
    (docs / "performance.svg").write_text(picture, encoding="utf-8")


def renewed(page: str, text: str) -> str:
    """Return a page with new text between its marks.

    Raises:
        BenchFailed: it has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchFailed(
            f"the page has no place for the measurements: a line {BEGIN.strip()}, and a line {END.strip()}"
        )
    return f"{before}{begin}\n{text}\n\n{end}{after}"


def _text(measures: Sequence[Measure], began: float) -> str:
    parts = [tables.costs(measures)]
    if len({measure.services for measure in measures}) > 1:
        parts += ["What each further service adds:", tables.growth(measures)]
    parts += ["One service with its database and group, beside Render's official Terraform provider:"]
    parts += [tables.comparison(measure_comparable())]
    took = f"in {time.monotonic() - began:.0f} s of real time"
    return "\n\n".join([*parts, f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {took}."])


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew docs/PERFORMANCE.md and docs/performance.svg")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="numbers of web services")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
