"""Which database migrations a release brings: from the files of its commits, or from a command that lists them.

The team says whether one can be undone, in the migration's file or in the command's line about it: a comment
`reversible: yes` or `reversible: no`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blueprint.errors import RenderError
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.release.report import Migration
from gate.vendors.render_jobs import Jobs
from gate.vendors.repository import ChangedFile, Repository

_SAID = re.compile(r"\breversible:\s*(yes|no)\b", re.IGNORECASE)


def sentence(found: Sequence[Migration]) -> str:
    """Return what a report says of them."""
    if not found:
        return "it brings no migration"
    count = "1 migration" if len(found) == 1 else f"{len(found)} migrations"
    return f"it brings {count}, which no rollback undoes: {', '.join(map(str, found))}"


def of_the_files(now: str, sha: str, repository: Repository, folders: Sequence[str]) -> list[Migration] | None:
    """Return the migrations whose files are new since the commit that serves. A renamed or deleted one is not new.

    Returns:
        None if GitHub cannot compare the two.

    Raises:
        VendorError: GitHub cannot be read.
    """
    files = repository.changed(now, sha) if now else None
    if files is None:
        return None

    def inside(name: str) -> bool:
        return bool(set(name.split("/")[:-1]) & set(folders))

    def is_new(file: ChangedFile) -> bool:
        moved = file.status == "renamed" and inside(file.before)
        return inside(file.name) and not moved and file.status in ("added", "copied", "renamed")

    new = sorted((file for file in files if is_new(file)), key=lambda file: file.name.rpartition("/")[2])
    return [Migration(file.name.rpartition("/")[2], _said(file.patch)) for file in new]


@dataclass(frozen=True)
class MigrationList:
    """A command of the stack file that prints a line for each migration, run as a one-off job of the service.

    A job runs the build that serves. So lines that it prints only after a release are new migrations.
    """

    jobs: Jobs
    command: str

    def lines(self, budget: Budget) -> list[str]:
        """Return what it prints now; nothing if it cannot run, which stops no release."""
        try:
            job = self.jobs.run(self.command, budget)
            if job["status"] == "succeeded":
                return self.jobs.output(job, budget)
            budget.note(f"the migrations are not listed: {self.command}: {job['status']}")
        except (GateError, RenderError) as error:
            budget.note(f"the migrations are not listed: {error}")
        return []


def new_lines(before: Iterable[str], after: Iterable[str]) -> list[Migration]:
    """Return the migrations of the lines that were not there before."""
    known = set(before)
    new = [line.strip() for line in after if line.strip() and line not in known]
    return [Migration(_SAID.sub("", line).rstrip(" #(-)").strip(), _said(line)) for line in new]


def _said(text: str) -> bool | None:
    found = _SAID.search(text)
    return None if found is None else found[1].lower() == "yes"
