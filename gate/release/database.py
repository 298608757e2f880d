"""A way back for production's data before a release: a recovery point or an export at Render.

Facts (Render API reference, Postgres): GET /postgres/{id}/recovery says whether the database can be brought back to any
moment (paid plans); POST /postgres/{id}/export starts an export (202), and GET lists them, each with an address once it
is written.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from blueprint.errors import ApiError
from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.common.errors import StepFailed


class Database:
    """One database. Raises (all methods): RenderError.

    Args: hours: how old an export may be.
    """

    def __init__(self, session: Session, name: str, hours: int) -> None:
        self._session, self.name, self._hours = session, name, hours

    def way_back(self, budget: Budget) -> tuple[str, str]:
        """Make sure of one, and take an export where there is none.

        Returns: what there is; and what is wrong, where there is none.
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
        """The newest export that is written and young enough."""
        oldest = (datetime.now(UTC) - timedelta(hours=self._hours)).isoformat()
        listed = [one for one in self._session.client.get(f"{path}/export") or [] if one.get("url")]
        newest = max(listed, key=lambda one: str(one["createdAt"]), default=None)
        return newest if newest and str(newest["createdAt"]) >= oldest[:19] else None
