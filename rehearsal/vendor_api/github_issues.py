"""Comments on pull requests of a simulated repository (docs.github.com/en/rest/issues/comments)."""

from __future__ import annotations

from typing import Any

from ..plugins import Estate
from .github_git import not_found
from .wire import Answer, Request, page

Json = dict[str, Any]


class Comments:
    """The endpoints. Args: name: of the repository."""

    def __init__(self, estate: Estate, name: str) -> None:
        self._estate, self._name = estate, name

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """None where the path is not one of these."""
        match request.method, path:
            case "GET", ("issues", number, "comments"):
                found = self._estate.find_all("github", "comment", repository=self._name, issue=int(number))
                return Answer(200, page([_shown(c) for c in found], request, default=30, most=100, first=1))
            case "POST", ("issues", number, "comments"):
                return self._add(int(number), request.body["body"])
            case "PATCH", ("issues", "comments", identity):
                return self._change(int(identity), request.body["body"])
        return None

    def _add(self, issue: int, body: str) -> Answer:
        with self._estate.edit("github") as objects:
            number = 1 + max((o["id"] for o in objects if o["type"] == "comment"), default=0)
            made = {"type": "comment", "id": number, "repository": self._name, "issue": issue, "body": body}
            objects.append(made)
        return Answer(201, _shown(made))

    def _change(self, identity: int, body: str) -> Answer:
        with self._estate.edit("github") as objects:
            for found in objects:
                if found["type"] == "comment" and found["id"] == identity:
                    found["body"] = body
                    return Answer(200, _shown(found))
        return not_found()


def _shown(found: Json) -> Json:
    return {"id": found["id"], "body": found["body"]}
