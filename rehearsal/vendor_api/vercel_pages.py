"""Vercel's lists: newest first, and each page says at which moment the next one begins (vercel.com/docs/rest-api)."""

from __future__ import annotations

from typing import Any

from .wire import Answer, Request

_MOST = 100


def paged(
    name: str, items: list[dict[str, Any]], request: Request, moment: str = "created", begins: str = "until"
) -> Answer:
    """Return one page of a list.

    Args:
        items: newest first.
        moment: the field by which they are sorted.
        begins: the query that names the moment at which the page begins.
    """
    until, limit = request.number(begins, 0), min(request.number("limit", 20), _MOST)
    left = [one for one in items if not until or one[moment] < until]
    more = len(left) > limit
    pagination = {"count": len(left[:limit]), "next": left[limit - 1][moment] if more else None, "prev": None}
    return Answer(200, {name: left[:limit], "pagination": pagination})
