"""Imports a Blueprint into a stack's file, exports one from it, and disconnects those that still sync."""

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from blueprint.syncs import disconnect, managing
from blueprint.workspace import connect
from components.accounts import Accounts
from components.configuration import set_secret
from components.configuration_errors import problems_of, untagged
from components.render_settings import Render
from gate.blueprints.document import Json, read
from gate.blueprints.exporting import blueprint_of, text_of
from gate.blueprints.importing import translate
from gate.blueprints.living import living
from gate.blueprints.stack_file import SECTION, as_yaml, with_section
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import escaped
from gate.stack.target import load_settings, read_config, stack_file

Environ = Mapping[str, str]
Tell = Callable[[str], None]


class ImportReport(Report):
    """The result of an import.

    Attributes:
        stack: whose file it is.
        written: whether the file was changed.
        commands: set the secrets that the file refers to.
    """

    stack: str
    written: bool
    section: str
    notes: list[str]
    commands: list[str]

    def lines(self) -> Iterator[str]:
        if not self.written:
            yield self.section
        yield f"Pulumi.{self.stack}.yaml: {'written' if self.written else 'not written (--dry-run)'}"
        yield from (f"- {note}" for note in self.notes)
        if self.commands:
            yield "Set the secrets that it refers to:"
            yield from (f"  {command}" for command in self.commands)

    def markdown(self) -> str:
        lines = [f"### Blueprint imported into {self.stack}", *(f"- {escaped(note)}" for note in self.notes)]
        return "\n".join([*lines, "", "```", *self.commands, "```", ""])


class ExportReport(Report):
    """The result of an export.

    Attributes:
        blueprint: the file's text.
        place: where it was written; empty for nowhere.
    """

    blueprint: str
    place: str
    notes: list[str]

    def lines(self) -> Iterator[str]:
        yield f"{self.place}: written" if self.place else self.blueprint.rstrip()

    def markdown(self) -> str:
        return "\n".join(["### Blueprint", *(f"- {escaped(note)}" for note in self.notes), ""])


class Disconnected(Report):
    """The result of a search for Blueprints that still sync our objects.

    Attributes:
        blueprints: one line each.

    As JSON: `{schema, blueprints: [text], disconnected}`.
    """

    blueprints: list[str]
    disconnected: bool

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.blueprints and not self.disconnected else ExitCode.DONE

    def lines(self) -> Iterator[str]:
        if not self.blueprints:
            yield "No Blueprint manages an object of this environment."
            return
        yield from self.blueprints
        if self.disconnected:
            yield "Disconnected. Remove the file, so that nobody connects it again: docs/RENDER_YAML_MIGRATION.md"
        else:
            yield "Disconnect it with --yes; Render keeps everything that it manages as it is."


class Origin(NamedTuple):
    """Where a Blueprint comes from.

    Attributes:
        source: file, repository or account.
        path: of the Blueprint.
        ref: of the Blueprint in the repository.
    """

    source: str
    path: Path
    ref: str


def disconnect_all(names: Collection[str], environ: Environ, tell: Tell, *, change: bool) -> Disconnected:
    """Look for Blueprints that manage one of the named objects, and disconnect them.

    Args:
        change: whether to disconnect them, or only to look.

    Raises:
        RenderError: of any kind.
    """
    with connect(environ, tell) as session:
        found = managing(session, names)
        for one in found if change else ():
            disconnect(session, one)
    return Disconnected(blueprints=[str(one) for one in found], disconnected=change and bool(found))


def import_into(
    stack: str, origin: Origin, environ: Environ, tell: Tell, *, replace: bool, dry_run: bool, **how: Any
) -> ImportReport:
    """Translate a Blueprint, and write it as the section of a stack's file.

    Args:
        how: see `importing.translate`.

    Raises:
        GateError, RenderError: nothing was written.
    """
    file = stack_file(stack)
    config = read_config(file)
    text = file.read_text(encoding="utf-8")
    if SECTION in config and not (replace or dry_run):
        raise GateError(f"{file} has a {SECTION} already: see the new one with --dry-run, or replace it with --replace")
    found = translate(_content(origin, config, environ, tell), **how)
    _check(found.section)
    changed = with_section(text, found.section)
    if not dry_run:
        file.write_text(changed, encoding="utf-8")
    commands = [set_secret(stack, name) for name in sorted(found.secrets)]
    section = as_yaml(found.section)
    return ImportReport(stack=stack, written=not dry_run, section=section, notes=found.notes, commands=commands)


def export_from(env: str, stack: str | None, environ: Environ, output: Path | None) -> ExportReport:
    """Write the Blueprint of a stack's section.

    Raises:
        GateError: it cannot be written.
    """
    settings, _ = load_settings(env, stack, environ)
    content, notes = blueprint_of(settings.render)
    text = text_of(content)
    if output:
        output.write_text(text, encoding="utf-8")
    return ExportReport(blueprint=text, place=str(output or ""), notes=notes)


def _content(origin: Origin, config: Mapping[str, str], environ: Environ, tell: Tell) -> Json:
    source, path, ref = origin
    if source == "account":
        with connect(environ, tell) as session:
            return living(session)
    if source == "repository":
        return read(_in_repository(path, ref, config, environ))
    try:
        return read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GateError(f"there is no {path} here: name the Blueprint, or say --from repository") from None
    except UnicodeDecodeError as error:
        raise GateError(f"{path} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from None


def _in_repository(path: Path, ref: str, config: Mapping[str, str], environ: Environ) -> str:
    """Return a file of the application's repository (repos/contents)."""
    name = json.loads(config.get("marketedge:github") or "{}").get("repository")
    if not name:
        raise GateError("marketedge:github.repository is not set: it says which repository the Blueprint is in")
    with Accounts(environ, config) as accounts:
        repository = accounts.repository(name)
        found = repository.get(f"contents/{path.as_posix()}", **({"ref": ref} if ref else {}))
    if not found:
        raise GateError(f"{repository.full_name} has no {path}{f' at {ref}' if ref else ''}")
    return base64.b64decode(found["content"]).decode()


def _check(section: Json) -> None:
    """Read the section as the stack's settings are read: exactly as it is written."""
    try:
        Render.model_validate(section, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        details = [untagged({**one, "loc": ("render", *one["loc"])}) for one in error.errors()]
        lines = "\n".join(f"  {problem}" for problem in problems_of(details))
        raise GateError(f"the Blueprint cannot be declared here, and nothing was written:\n{lines}") from None
