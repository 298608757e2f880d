"""A way back for production's data before a release: a recovery point or an export at Render.

Facts (Render API reference, Postgres): GET /postgres/{id}/recovery says whether the database can be restored to any
time (paid plans); POST /postgres/{id}/export starts an export (202), and GET lists the exports, each with an address
once it is written.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from blueprint.errors import ApiError
from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.common.errors import StepFailed


class DatabaseBackup:
    """One database.

    Args:
        hours: how old an export may be.

    Raises:
        RenderError: any method.
    """

    def __init__(self, session: Session, name: str, hours: int) -> None:
        self._session, self.name, self._hours = session, name, hours

    def way_back(self, budget: Budget) -> tuple[str, str]:
        """Make sure that there is a way back, and take an export if there is none.

        Returns:
            What there is; or what is wrong, if there is none.
        """
        found = self._session.find("/postgres", "postgres", self.name)
        if found is None:
            return "", f"Render has no database {self.name}: correct marketedge:release.database"
        path = f"/postgres/{found['id']}"
        recovery = self._session.client.get(f"{path}/recovery")
        if recovery["recoveryStatus"] == "AVAILABLE":
            return f"recovery to any moment since {recovery.get('startsAt', 'its creation')}", ""
        if recent := self._exported(path):
            return f"an export of {recent['createdAt']}", ""
        budget.note(f"Render: exporting {self.name}")
        try:
            self._session.client.post(f"{path}/export", None)
            made = budget.wait_for(f"Render: the export of {self.name}", lambda: self._exported(path))
        except (ApiError, StepFailed) as error:
            return "", f"{error}. Take another backup, and set marketedge:release.backup: false for this release"
        return f"an export of {made['createdAt']}", ""

    def _exported(self, path: str) -> dict[str, Any] | None:
        """Return the newest export that is written and young enough."""
        oldest = (datetime.now(UTC) - timedelta(hours=self._hours)).isoformat()
        listed = [one for one in self._session.client.get(f"{path}/export") or [] if one.get("url")]
        newest = max(listed, key=lambda one: str(one["createdAt"]), default=None)
        return newest if newest and str(newest["createdAt"]) >= oldest[:19] else None
