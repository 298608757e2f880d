"""The command line: a document on standard input, a report as JSON on standard output, progress on standard error.

    python -m blueprint apply|observe|destroy < document.json

It reads these environment variables, besides those of `blueprint.workspace.connect`:

- RENDER_KNOWN: what is known of objects that the document refers to, as JSON.
- the variables that the document names with `fromEnvironment`: they hold the values.
- PULUMI_COMMAND_STDOUT: what the last apply reported (set by pulumi-command).

Exit status: 0 done, 1 failed (run it again to continue), 2 refused before anything was changed, 130 interrupted.
"""

import argparse
import json
import os
import sys
from typing import TextIO

import httpx

from blueprint import reconcile
from blueprint.errors import InvalidSpec, Refused, RenderError
from blueprint.spec import KNOWN_VARIABLE, Document, fill_in, parse
from blueprint.workspace import Session, connect


def main(argv: list[str] | None = None, stdin: TextIO = sys.stdin, transport: httpx.BaseTransport | None = None) -> int:
    """Run one command. The module's docstring describes it."""
    parser = argparse.ArgumentParser(prog="python -m blueprint", description=str(__doc__).partition("\n")[0])
    parser.add_argument("command", choices=("apply", "observe", "destroy"), help="what to do with the document")
    command = parser.parse_args(argv).command
    try:
        document = parse(stdin.read(), os.environ.get(KNOWN_VARIABLE, ""))
        if command == "apply":
            document = fill_in(document, os.environ)
        with connect(os.environ, _progress, transport) as session:
            report = _run(command, document, session)
    except RenderError as error:
        print(f"render {command}: {error}", file=sys.stderr)
        return 2 if isinstance(error, InvalidSpec | Refused) else 1
    except KeyboardInterrupt:  # Ctrl-C at a `pulumi up` reaches its commands
        print(f"render {command}: interrupted. What was done stays; rerun to continue", file=sys.stderr)
        return 130
    print(json.dumps(report, sort_keys=True))
    return 0


def _run(command: str, document: Document, session: Session) -> reconcile.Report:
    made = reconcile.parse_report(os.environ.get("PULUMI_COMMAND_STDOUT"))
    before = [one.get("ownerId") for section in made.values() for one in section.values()]
    for owner_id in filter(None, (document.known.owner_id, *before)):
        session.expect_owner(owner_id)
    if command == "observe":
        return reconcile.observe(session, document)
    return (reconcile.apply if command == "apply" else reconcile.destroy)(session, document, made)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
