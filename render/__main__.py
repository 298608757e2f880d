"""The command line: a document on standard input, a report as JSON on standard output, progress on standard error.

    python -m render apply|observe|destroy < document.json

Environment: RENDER_API_KEY; RENDER_OWNER_ID where the key sees several workspaces; RENDER_HOST for another base
address (the name that Render's own tools use); PULUMI_COMMAND_STDOUT (set by pulumi-command) holds what the last
apply reported. Exit status: 0 done, 1 failed (a rerun continues), 2 refused before anything was changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import TextIO

import httpx
from pydantic import TypeAdapter, ValidationError

from render import reconcile
from render.client import BASE_URL, RenderClient
from render.errors import InvalidSpec, Refused, RenderError
from render.session import Session
from render.spec import Document, parse


def main(argv: list[str] | None = None, stdin: TextIO = sys.stdin, transport: httpx.BaseTransport | None = None) -> int:
    """Run one command; see the module's text."""
    arguments = _arguments(argv)
    document = Document()
    try:
        document = parse(stdin.read())
        report = run(arguments.command, document, os.environ, transport)
    except RenderError as error:
        print(f"render {arguments.command}: {_without_values(str(error), document)}", file=sys.stderr)
        return 2 if isinstance(error, InvalidSpec | Refused) else 1
    print(json.dumps(report, sort_keys=True))
    return 0


def run(
    command: str, document: Document, environ: Mapping[str, str], transport: httpx.BaseTransport | None = None
) -> reconcile.Report:
    """Raises: RenderError."""
    key = environ.get("RENDER_API_KEY", "")
    if not key:
        raise Refused("RENDER_API_KEY is not set: make a key at Account Settings, API Keys, and export it")
    url = environ.get("RENDER_HOST", BASE_URL)
    with RenderClient(key, base_url=url, notify=_progress, transport=transport) as client:
        session, made = Session(client, environ.get("RENDER_OWNER_ID") or None, _progress), _made(environ)
        before = [one for section in made.values() for one in section.values()]
        for owner_id in (document.known.owner_id, *(one.get("ownerId") for one in before)):
            if owner_id:
                session.expect_owner(owner_id)
        if command == "destroy":
            return reconcile.destroy(session, document, made)
        return (reconcile.apply if command == "apply" else reconcile.observe)(session, document)


def _without_values(text: str, document: Document) -> str:
    """Render's own messages may quote what was sent; a variable's value may be a secret."""
    groups = [variable for group in document.env_var_groups for variable in group.env_vars]
    own = [variable for service in document.web_services for variable in service.env_vars]
    for variable in groups + own:
        if variable.value and len(variable.value) >= 8:
            text = text.replace(variable.value, f"[value of {variable.key}]")
    return text


def _made(environ: Mapping[str, str]) -> reconcile.Report:
    """What the last apply reported; nothing where that is not such a report."""
    try:
        return TypeAdapter(reconcile.Report).validate_json(environ.get("PULUMI_COMMAND_STDOUT") or "{}")
    except ValidationError:
        return {}


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m render", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("command", choices=("apply", "observe", "destroy"), help="what to do with the document")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
