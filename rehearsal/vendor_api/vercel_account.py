"""A user or a team at Vercel, as one request sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .wire import Account, Json, Refused, table

_PLAIN = table("vercel_plain")
_MOST = 100


@dataclass(kw_only=True, eq=False)
class VercelAccount(Account):
    """What the token's owner sees.

    Attributes:
        team: the id of the team that the request is about; None for what belongs to no team.
        teams: ids of the teams that the token's owner belongs to, by slug.
    """

    team: str | None
    teams: dict[str, str]

    def one(self, type: str, missing: str, **properties: Any) -> Json:
        """Return the first object of this type with these properties, or answer 404.

        Args:
            missing: what Vercel says if there is none.
        """
        if found := self.objects.find(type, **properties):
            return found
        raise refused(404, "not_found", missing)

    def project(self, asked: str) -> Json:
        """Return the project with this id or name."""
        for found in self.objects.all("project", teamId=self.team):
            if asked in (found["id"], found["name"]):
                return found
        raise refused(404, "not_found", "Project not found.")

    def paged(self, name: str, items: list[Json], moment: str = "created", begins: str = "until") -> Json:
        """Return one page of a list. Each says at which moment the next one begins (vercel.com/docs/rest-api).

        Args:
            items: newest first.
            moment: the field by which they are sorted.
            begins: the query that names the moment at which the page begins.
        """
        until, limit = self.request.number(begins, 0), min(self.request.number("limit", 20), _MOST)
        left = [one for one in items if not until or one[moment] < until]
        following = left[limit - 1][moment] if len(left) > limit else None
        return {name: left[:limit], "pagination": {"count": len(left[:limit]), "next": following, "prev": None}}


def shown(kind: str, found: Json) -> Json:
    """Return an object as Vercel shows it: what the estate has of it, and a plain value for every other field."""
    return {name: found.get(name, value) for name, value in _PLAIN[kind].items()}


def refused(status: int, code: str, message: str, **details: Any) -> Refused:
    """Return a refusal in Vercel's form."""
    return Refused(status, {"error": {"code": code, "message": message, **details}})
