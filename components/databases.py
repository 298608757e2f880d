"""Asks Render what is lost with a database, only if a preview deletes one."""

from collections.abc import Callable, Mapping
from typing import Any

from blueprint.errors import RenderError
from blueprint.workspace import Session, connect


def described(environ: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that tells a database's size and last backup by its name; nothing if Render does not tell."""

    def describe(name: str) -> str:
        try:
            with connect(environ, lambda _line: None, deadline=20.0) as session:
                return _told(session, name)
        except RenderError:
            return ""

    return describe


def _told(session: Session, name: str) -> str:
    if (found := session.find("/postgres", name)) is None:
        return ""
    size = found.get("diskSizeGB")
    return ", ".join([*([f"{size} GB"] if size else []), _last_backup(session, found["id"])])


def _last_backup(session: Session, database_id: str) -> str:
    """Return the newest export. One that is not written yet has no address (Render API reference, List exports)."""
    exports: list[dict[str, Any]] = session.client.get(f"/postgres/{database_id}/export") or []
    times = sorted(one["createdAt"] for one in exports if one.get("url"))
    return f"last backup {times[-1][:16].replace('T', ' ')} UTC" if times else "no backup"
