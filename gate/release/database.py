"""The database of a release: a way back for its data, and the migrations that the release brings.

Facts (Render API reference, Postgres): GET /postgres/{id}/recovery says whether the database can be restored to any
time (paid plans); POST /postgres/{id}/export starts an export (202), and GET lists the exports, each with an address
once it is written.

The team says whether a migration can be undone, in the migration's file or in the command's line about it: a comment
`reversible: yes` or `reversible: no`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from blueprint.errors import ApiError
from blueprint.workspace import Session
from components.accounts.repository import ChangedFile, Repository
from gate.common.budget import Budget
from gate.common.errors import GateError, StepFailed
from gate.common.text import count
from gate.release.report import Migration
from gate.vendors.render import Jobs

_REVERSIBLE = re.compile(r"\breversible:\s*(yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True)
class DatabaseBackup:
    """One database.

    Attributes:
        hours: how old an export may be.
    """

    session: Session
    name: str
    hours: int

    def way_back(self, budget: Budget) -> tuple[str, str]:
        """Make sure that there is a way back, and take an export if there is none.

        Returns:
            What there is; or what is wrong, if there is none.

        Raises:
            RenderError: Render cannot be read.
        """
        found = self.session.find("/postgres", self.name)
        if found is None:
            return "", f"Render has no database {self.name}: correct marketedge:release.database"
        path = f"/postgres/{found['id']}"
        recovery = self.session.client.get(f"{path}/recovery")
        if recovery["recoveryStatus"] == "AVAILABLE":
            return f"recovery to any moment since {recovery.get('startsAt', 'its creation')}", ""
        if recent := self._exported(path):
            return f"an export of {recent['createdAt']}", ""
        budget.note(f"Render: exporting {self.name}")
        try:
            self.session.client.post(f"{path}/export", None)
            made = budget.wait_for(f"Render: the export of {self.name}", lambda: self._exported(path))
        except (ApiError, StepFailed) as error:
            return "", f"{error}. Take another backup, and set marketedge:release.backup: false for this release"
        return f"an export of {made['createdAt']}", ""

    def _exported(self, path: str) -> dict[str, Any] | None:
        """Return the newest export that is written and young enough."""
        oldest = (datetime.now(UTC) - timedelta(hours=self.hours)).isoformat()
        listed = [one for one in self.session.client.get(f"{path}/export") or [] if one.get("url")]
        newest = max(listed, key=lambda one: str(one["createdAt"]), default=None)
        return newest if newest and str(newest["createdAt"]) >= oldest[:19] else None


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
        except GateError as error:
            budget.note(f"the migrations are not listed: {error}")
        return []


def new_lines(before: Iterable[str], after: Iterable[str]) -> list[Migration]:
    """Return the migrations of the lines that were not there before."""
    known = set(before)
    new = [line.strip() for line in after if line.strip() and line not in known]
    return [Migration(_REVERSIBLE.sub("", line).rstrip(" #(-)").strip(), _reversible(line)) for line in new]


def new_files(now: str, sha: str, repository: Repository, folders: Sequence[str]) -> list[Migration] | None:
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

    new = sorted((file.name.rpartition("/")[2], file.patch) for file in files if is_new(file))
    return [Migration(name, _reversible(patch)) for name, patch in new]


def _reversible(text: str) -> bool | None:
    found = _REVERSIBLE.search(text)
    return None if found is None else found[1].lower() == "yes"


def summary(found: Sequence[Migration]) -> str:
    """Return what a report says of the migrations that a release brings."""
    if not found:
        return "it brings no migration"
    return f"it brings {count(len(found), 'migration')}, which no rollback undoes: {', '.join(map(str, found))}"
