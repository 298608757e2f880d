"""A repository at GitHub, as one request or one push sees it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..plugins import Estate
from ..plugins.catalog import resource_type
from .wire import Account, Json, Refused

_DOCS = "https://docs.github.com/rest"


@dataclass(kw_only=True, eq=False)
class Repository(Account):
    """The objects of one repository.

    Attributes:
        writer: the login that the request's token writes as.
    """

    name: str
    owner: str = "zebra-devops"
    writer: str = "octocat"

    def all(self, type: str, **properties: Any) -> list[Json]:
        return self.objects.all(type, repository=self.name, **properties)

    def find(self, type: str, **properties: Any) -> Json | None:
        return self.objects.find(type, repository=self.name, **properties)

    def add(self, type: str, **properties: Any) -> Json:
        return self.objects.add(type, repository=self.name, **properties)

    def drop(self, type: str, **properties: Any) -> bool:
        return self.objects.drop(type, repository=self.name, **properties)

    def one(self, type: str, **properties: Any) -> Json:
        """Return the first object of this type with these properties, or answer 404."""
        if found := self.find(type, **properties):
            return found
        raise not_found()

    def seed(self, type: str, **properties: Any) -> Json:
        """Add an object as GitHub does when the plugin asks for it."""
        return resource_type("github", type).add_to(self.objects, {"repository": self.name, **properties})

    def page(self, items: list[Any], default: int = 30, most: int = 100) -> list[Any]:
        """Return the page of a list that the request asks for."""
        return self.request.page(items, default=default, most=most)

    def listed(self, kind: str, items: list[Any], default: int = 30, most: int = 100) -> Json:
        """Return a page as an object that also tells how many items there are."""
        return {"total_count": len(items), kind: self.page(items, default, most)}

    def web_page(self, kind: str, number: int | str) -> str:
        """Return the page of a pull request, an issue or a release at GitHub."""
        return f"https://github.com/{self.owner}/{self.name}/{kind}/{number}"


@contextmanager
def editing(estate: Estate, repository: str) -> Iterator[Repository]:
    """Open a repository for changes while the block runs."""
    with estate.edit("github") as objects:
        yield Repository(objects=objects, name=repository)


def now() -> str:
    """Return the time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_of(*parts: str) -> int:
    """Return a stable number for an object that the estate gives none."""
    return zlib.crc32(":".join(parts).encode())


def user(login: str | None) -> Json:
    """Return a user as GitHub shows one."""
    login = login or "octocat"
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def refused(status: int, message: str, **more: Any) -> Refused:
    """Return a refusal in GitHub's form."""
    return Refused(status, {"message": message, **more, "documentation_url": _DOCS, "status": str(status)})


def not_found() -> Refused:
    """Return the 404 that GitHub gives also for what a token may not see."""
    return refused(404, "Not Found")


def invalid(resource: str, **error: str) -> Refused:
    """Return the 422 for a body that breaks a rule of GitHub's."""
    return refused(422, "Validation Failed", errors=[{"resource": resource, **error}])
