"""Looks at Render while the program runs, so that a preview shows what was changed there by hand.

pulumi-command has no read, so `pulumi refresh` cannot see Render. What is found here makes the object's command an
update that names the reasons; see `components.render`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pulumi

from blueprint import reconcile
from blueprint.errors import Refused, RenderError
from blueprint.fields import DriftKind
from blueprint.marker import Asked, Keys
from blueprint.spec import Document
from blueprint.workspace import connect
from components.render_documents import FoundDifference, Key
from components.stack import Applied

SWITCHES = ("DEBUG", "CSRF_ENABLED", "LOG_LEVEL")
"""Variables that are no secret, and that have to be right in production, whoever sets them."""


@dataclass(frozen=True)
class Observation:
    """What was found at Render.

    Attributes:
        drift: of objects that drifted, or that are missing.
        digests: of live values, by variable.
        switches: the live values of `SWITCHES`, by variable.
        expires: when a free database is deleted, as ISO 8601, by its name.
        services: ids of those that exist, by name.
        made: what the next apply of each existing object would report of it, such as its id and its address.
        renamed: the name that an object had when it was applied, if somebody gave it the declared name at Render.
    """

    drift: Mapping[Key, list[FoundDifference]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    expires: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)
    renamed: Mapping[Key, str] = field(default_factory=dict)


def observe(
    document: Document, environ: Mapping[str, str], digests: Keys, applied: Mapping[Key, Applied]
) -> Observation:
    """Compare every declared object with what was last applied. It only reads.

    Args:
        digests: variables whose values are compared between environments, by digest.
        applied: what the last apply of each object left.

    Returns:
        Nothing if there is no API key; the stack has warned about that already.

    Raises:
        pulumi.RunError: an object cannot become what is declared, such as a service in another region; or Render cannot
            be read, because a preview that looks clean must not hide that.
    """
    nothing_declared = not (document.databases or document.services or document.env_var_groups or document.projects)
    if nothing_declared or not environ.get("RENDER_API_KEY"):
        return Observation()
    before: reconcile.Report = {}
    for (section, name), one in applied.items():
        before.setdefault(section, {})[name] = dict(one.made)
    try:
        report = look(document, environ, digests, before)
        _refuse_what_is_not_ours(report)
    except Refused as error:
        raise pulumi.RunError(f"Render: {error}. Nothing was changed") from None
    except RenderError as error:
        raise pulumi.RunError(f"Render could not be read: {error}") from None
    found = {(section, name): one for section, objects in report.items() for name, one in objects.items()}
    seen = datetime.now(UTC).replace(microsecond=0)
    made = {key: one["made"] for key, one in found.items() if one.get("made")}
    return Observation(
        drift={
            key: list(_differences(one, seen))
            for key, one in found.items()
            if one["drift"] or (not one["exists"] and key in applied)
        },
        digests={key: value for one in found.values() for key, value in one.get("digests", {}).items()},
        switches={key: value for one in found.values() for key, value in one.get("values", {}).items()},
        expires={name: one["expiresAt"] for (_, name), one in found.items() if one.get("expiresAt")},
        services={name: one["id"] for (section, name), one in found.items() if section == "services" and one["exists"]},
        made=made,
        renamed=_renamed(made, applied),
    )


def _renamed(made: Mapping[Key, Mapping[str, Any]], applied: Mapping[Key, Applied]) -> dict[Key, str]:
    """Return the name under which the last apply reported an object, unless another object is declared under it."""
    before = {one.made.get("id"): name for (_, name), one in applied.items()}
    names = {(section, name): before.get(one["id"], name) for (section, name), one in made.items()}
    return {(section, name): old for (section, name), old in names.items() if (section, old) not in made}


def _refuse_what_is_not_ours(report: reconcile.Report) -> None:
    """Protect what somebody else made under a declared name: a preview tells it, and `up` stops before it is emptied.

    Raises:
        Refused: `up` would remove something.
    """
    for objects in report.values():
        for found in objects.values():
            if (reason := found.get("refused")) and not pulumi.runtime.is_dry_run():
                raise Refused(reason)
            if reason:
                pulumi.log.warn(f"Render: {reason}. `pulumi up` refuses it until then")


def _differences(found: Mapping[str, Any], seen: datetime) -> Iterator[FoundDifference]:
    missing = [] if found["exists"] else [{"kind": DriftKind.MISSING}]
    for one in [*missing, *found["drift"]]:
        yield FoundDifference.model_validate({**one, "since": found["updatedAt"], "seen": seen})


def look(document: Document, environ: Mapping[str, str], digests: Keys, applied: reconcile.Report) -> reconcile.Report:
    """Return what Render has. It gives up sooner than a command does, because somebody waits for the preview.

    Raises:
        RenderError: of any kind.
    """
    with connect(environ, pulumi.log.info, deadline=60.0) as session:
        return reconcile.observe(session, document, Asked(digests, SWITCHES), applied)
