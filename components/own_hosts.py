"""Replaces `{frontend}` and `{aliases}` in lists of addresses, so that a stack file names its frontend's host once.

`{frontend}/callback` stands for `https://<vercel.domain>/callback` (or `smoke.frontendUrl`). An entry with `{aliases}`
stands for one entry for each of `vercel.aliases`. The sections are still as written here, and are checked afterwards.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from blueprint.kinds_of_text import HOST

if TYPE_CHECKING:
    from components.settings import Settings

UNKNOWN = "https://frontend-that-is-not-declared.invalid"
"""Replaces a frontend that the file does not declare, so that this is one problem and not one for each list."""
_LISTS = {"auth0": ("callbacks", "logoutUrls", "webOrigins", "allowedOrigins"), "cors": ("origins",)}


def expanded(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections with real addresses in their lists."""
    found = dict(sections)
    hosts = _hosts(sections)
    for section, keys in _LISTS.items():
        if isinstance(content := sections.get(section), dict):
            lists = {key: content[key] for key in keys if isinstance(content.get(key), list)}
            found[section] = content | {key: list(_entries(listed, hosts)) for key, listed in lists.items()}
    return found


def _hosts(sections: Mapping[str, Any]) -> dict[str, list[str]]:
    vercel, smoke = (part if isinstance(part := sections.get(key), dict) else {} for key in ("vercel", "smoke"))
    domain, aliases, other = vercel.get("domain"), vercel.get("aliases"), smoke.get("frontendUrl")
    # One that is no host is one problem, where it stands.
    frontend = f"https://{domain}" if isinstance(domain, str) and HOST.fullmatch(domain) else other
    listed = (
        [one for one in aliases if isinstance(one, str) and HOST.fullmatch(one)] if isinstance(aliases, list) else []
    )
    return {
        "{frontend}": [frontend if isinstance(frontend, str) else UNKNOWN],
        "{aliases}": [f"https://{alias}" for alias in listed] if vercel else [UNKNOWN],
    }


def _entries(listed: list[Any], hosts: Mapping[str, list[str]]) -> Iterator[Any]:
    for entry in listed:
        placeholder = next(
            (p for p in hosts if isinstance(entry, str) and re.match(rf"{re.escape(p)}($|[/:])", entry)), None
        )
        if placeholder is None:
            yield entry
        else:
            yield from (host + entry.removeprefix(placeholder) for host in hosts[placeholder])


def missing(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Find the lists that a login from the frontend's own host needs and that do not have it.

    Yields:
        The list's path in the stack file, the address that is missing, and how to write it.
    """
    own, auth0 = settings.frontend_url, settings.auth0
    if own is None:
        return
    path = settings.smoke.callback_path
    needed = {
        "auth0.callbacks": (auth0.callbacks, path),
        "auth0.logoutUrls": (auth0.logout_urls, ""),
        "auth0.webOrigins": (auth0.web_origins, ""),
        "cors.origins": (settings.cors.origins, ""),
    }
    for key, (listed, ending) in needed.items():
        if not any(fnmatch.fnmatchcase(own + ending, entry) for entry in listed):
            yield f"marketedge:{key}", own + ending, f"'{{frontend}}{ending}'"
