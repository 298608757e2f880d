"""Fills in the two stack files from the answers and from what exists, and loads them before they are written."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from components.configuration import load
from components.configuration_errors import SettingsError
from components.documents import templates
from components.vendors import SECRETS
from gate.checks.verdict import CheckReport, Line
from gate.common.errors import GateError
from gate.common.report import Report
from gate.setup.existing import VendorAccounts
from gate.stack.target import read_config

STACKS = ("staging", "production")
_TEMPLATES = Path(__file__).parent / "templates"
_WIRED = {
    "AUTH0_DOMAIN": "auth0.domain",
    "AUTH0_CLIENT_ID": "auth0.clientId",
    "AUTH0_CLIENT_SECRET": "auth0.clientSecret",
    "AUTH0_AUDIENCE": "auth0.audience",
    "CORS_ORIGINS": "cors.origins",
    "ENVIRONMENT": "environment",
}
"""Variables whose value another part of the stack makes, by their usual names, with the output that has it."""
_OF_THE_DATABASE = ("DATABASE_URL", "POSTGRES_URL")
_MADE_ANEW = ("SECRET_KEY", "SESSION_SECRET", "JWT_SECRET")
"""The ends of names of secrets that Render can generate, so that staging has its own."""


def texts(answers: Mapping[str, str], existing: VendorAccounts) -> dict[str, str]:
    """Return the text of each stack file by its name.

    Args:
        existing: has the answers already.

    Raises:
        GateError: a file would not load. The text says what is wrong with the answers.
    """
    existing.answers = dict(answers)
    owner, _, repository = answers["repository"].partition("/")
    service = existing.service()
    facts: dict[str, Any] = {
        **answers,
        "owner": owner,
        "repository": repository,
        "main": existing.default_branch(),
        "login": _with_the_frontend(existing.login(), f"https://{answers['domain']}"),
        "service": service,
        "details": (details := service.get("serviceDetails", {})),
        "commands": details.get("envSpecificDetails", {}),
        "root": existing.root_directory() if answers["vercel_project"] else "",
        "variables": [_variable(name) for name in existing.variables()],
    }
    made = templates(_TEMPLATES, quoted=partial(json.dumps, ensure_ascii=False))
    return {f"Pulumi.{name}.yaml": made.get_template(f"{name}.yaml.jinja").render(facts) for name in STACKS}


def _with_the_frontend(login: Mapping[str, list[str]], frontend: str) -> dict[str, list[str]]:
    """Return production's addresses. Those of its own frontend are written as a reference, and always exist."""
    own = {"callbacks": "{frontend}/callback", "logoutUrls": "{frontend}", "webOrigins": "{frontend}"}
    written = {ours: own[ours].replace("{frontend}", frontend) for ours in own}
    return {ours: [own[ours], *(one for one in there if one != written[ours])] for ours, there in login.items()}


def _variable(name: str) -> dict[str, str]:
    """Return where staging's variable gets its value. Production's value is neither read nor copied."""
    if name in _WIRED:
        return {"key": name, "kind": "fromOutput", "source": _WIRED[name]}
    if name in _OF_THE_DATABASE:
        return {"key": name, "kind": "database", "source": ""}
    if name.endswith(_MADE_ANEW):
        return {"key": name, "kind": "generated", "source": ""}
    return {"key": name, "kind": "fromSecret", "source": name}


def write(made: Mapping[str, str], folder: Path, *, replace: bool) -> list[str]:
    """Write the files when both load.

    Returns:
        The names of the secrets that staging refers to, which have to be set.

    Raises:
        GateError: a file exists already, or would not load. Nothing is written then.
    """
    there = [name for name in made if (folder / name).exists()]
    if there and not replace:
        raise GateError(f"{' and '.join(there)} exist already: add --replace to overwrite them. Nothing was written")
    drafts = {name: folder / f".{name}.new" for name in made}
    try:
        for name, text in made.items():
            drafts[name].write_text(text, encoding="utf-8")
        secrets = [name for stack in STACKS for name in _loaded(stack, drafts[f"Pulumi.{stack}.yaml"])]
        for name, draft in drafts.items():
            os.replace(draft, folder / name)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return secrets


def _loaded(stack: str, file: Path) -> list[str]:
    try:
        settings = load(stack, read_config(file), frozenset({SECRETS}), {}, check_secrets=False).settings
    except SettingsError as error:
        raise GateError(f"{error}\nThe answers do not make a valid stack file; nothing was written") from None
    return sorted({variable.from_secret for variable in settings.render.variables if variable.from_secret})


class InitReport(Report):
    """What `gate init` did, and what a person does next.

    As JSON: `schema`, `written` (file names), `notes`, `secrets` (names to set), `checks` (doctor's lines).
    """

    written: list[str]
    notes: list[str]
    secrets: list[str]
    checks: list[Line]

    @property
    def exit_code(self) -> int:
        """Return what doctor's checks end with."""
        return self._doctor.exit_code

    @property
    def _doctor(self) -> CheckReport:
        return CheckReport(title="Doctor", checks=self.checks)

    def lines(self) -> Iterator[str]:
        """Return what was found and written, and the commands to run next."""
        yield from (f"not seen: {note}" for note in self.notes)
        yield from (str(line) for line in self._doctor.lines())
        yield f"written: {', '.join(self.written)}. Read both files before you go on"
        yield "next:"
        yield "  pulumi stack init staging"
        for name in self.secrets:
            yield f"  pulumi config set --stack staging --secret --path 'marketedge:secrets.{name}'"
        yield "  pulumi preview --stack staging"

    def markdown(self) -> str:
        """Return the same as a list."""
        return "\n".join(["## gate init", "", *(f"- {line.strip()}" for line in self.lines()), ""])
