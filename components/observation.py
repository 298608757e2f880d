"""Looks at Render while the program runs, so that preview shows what was changed there by hand.

pulumi-command has no read: `pulumi refresh` cannot see Render. What is found here makes the object's command an
update, with the reasons in it; see `components.render`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from render import reconcile
from render.errors import RenderError
from render.session import connect
from render.spec import Document

MISSING = "does not exist at Render"


@dataclass(frozen=True)
class Change:
    """What happened to one object. updated_at: Render's time of its last change, where Render keeps one."""

    reasons: list[str]
    updated_at: str | None = None


Drift = Mapping[tuple[str, str], Change]
"""By the object's section of the document and its name; only objects that drifted, or are missing."""


def observe(document: Document, environ: Mapping[str, str]) -> Drift:
    """Compare every declared object with what was last applied. Reads only.

    Returns: nothing where there is no API key; the stack has warned of that already.

    Raises: pulumi.RunError when Render cannot be read: a preview that looks clean must not hide that.
    """
    if not environ.get("RENDER_API_KEY"):
        return {}
    try:
        report = look(document, environ)
    except RenderError as error:
        raise pulumi.RunError(f"Render could not be observed: {error}") from None
    return {
        (section, name): Change(found["drift"] if found["exists"] else [MISSING], found["updatedAt"])
        for section, objects in report.items()
        for name, found in objects.items()
        if found["drift"] or not found["exists"]
    }


def look(document: Document, environ: Mapping[str, str]) -> reconcile.Report:
    """Raises: RenderError, sooner than a command does: somebody waits for a preview."""
    with connect(environ, pulumi.log.info, deadline=60.0) as session:
        return reconcile.observe(session, document)
