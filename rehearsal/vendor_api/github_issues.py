"""Pull requests of a simulated repository and their comments (docs.github.com/en/rest: pulls, issues/comments)."""

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
            case "GET", ("pulls",):
                return Answer(200, page(self._pulls(request), request, default=30, most=100, first=1))
            case "POST", ("pulls",):
                return self._open(request.body)
            case "PATCH", ("issues", "comments", identity):
                return self._change(int(identity), request.body["body"])
        return None

    def _pulls(self, request: Request) -> list[Json]:
        """Of `pull_request`, which names branches, and of `pull`, which names commits: its base is any branch."""
        state, head = request.query.get("state", "open"), request.query.get("head", "").rpartition(":")[2]
        base = request.query.get("base")
        named = self._estate.find_all("github", "pull_request", repository=self._name)
        branches = {b["branch"]: b["sha"] for b in self._estate.find_all("github", "branch", repository=self._name)}
        found = [
            _pull({**p, "sha": branches.get(p["head"], "")})
            for p in named
            if head in ("", p["head"]) and base in (None, p["base"])
        ]
        if not head:
            commits = self._estate.find_all("github", "pull", repository=self._name)
            found += [_pull({**p, "sha": p["head"], "head": "", "base": base, "title": ""}) for p in commits]
        return [pull for pull in found if state in ("all", pull["state"])]

    def _add(self, issue: int, body: str) -> Answer:
        with self._estate.edit("github") as objects:
            number = 1 + max((o["id"] for o in objects if o["type"] == "comment"), default=0)
            made = {"type": "comment", "id": number, "repository": self._name, "issue": issue, "body": body}
            objects.append(made)
        return Answer(201, _shown(made))

    def _open(self, body: Json) -> Answer:
        with self._estate.edit("github") as objects:
            number = 1 + sum(o["type"] == "pull_request" for o in objects)
            made = {"type": "pull_request", "id": f"{self._name}!{number}", "repository": self._name, "number": number}
            made |= {"state": "open", "head": body["head"], "base": body["base"], "title": body["title"]}
            objects.append(made)
        return Answer(201, _pull({**made, "sha": ""}))

    def _change(self, identity: int, body: str) -> Answer:
        with self._estate.edit("github") as objects:
            for found in objects:
                if found["type"] == "comment" and found["id"] == identity:
                    found["body"] = body
                    return Answer(200, _shown(found))
        return not_found()


def _pull(found: Json) -> Json:
    address = f"https://github.com/zebra-devops/{found['repository']}/pull/{found['number']}"
    shown = {"number": found["number"], "state": found["state"], "html_url": address}
    return {
        **shown,
        "head": {"ref": found["head"], "sha": found["sha"]},
        "base": {"ref": found["base"]},
        "title": found["title"],
    }


def _shown(found: Json) -> Json:
    return {"id": found["id"], "body": found["body"]}
