"""Issues and pull requests of a simulated repository and their comments (docs.github.com/en/rest: issues, pulls)."""

from __future__ import annotations

from typing import Any

from ..plugins import Estate
from .github_git import not_found, now
from .wire import Answer, Request, page

Json = dict[str, Any]
_LONGEST = 65_536
_FIELDS = {"body": "body", "title": "title", "state": "state", "state_reason": "stateReason"}
"""What can be changed, by the API's name: the estate's."""
_PULLS = ("pull", "pull_request")
"""What a test made, and what a request opened."""


class Issues:
    """The endpoints. Args: name: of the repository. writer: the login that the request's token writes as."""

    def __init__(self, estate: Estate, name: str, writer: str) -> None:
        self._estate, self._name, self._writer = estate, name, writer

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        if request.method in ("POST", "PATCH") and len((request.body or {}).get("body") or "") > _LONGEST:
            return _invalid("body is too long (maximum is 65536 characters)")
        match request.method, path:
            case "GET", ("issues",):
                return Answer(200, page(self._listed(request), request, default=30, most=100, first=1))
            case "POST", ("issues",):
                return self._open_issue(request.body)
            case "PATCH", ("issues", number) if number.isdigit():
                return self._change("issue", "number", int(number), request.body)
            case "GET", ("issues", number, "comments"):
                found = self._estate.find_all("github", "comment", repository=self._name, issue=int(number))
                return Answer(200, page([_comment(c) for c in found], request, default=30, most=100, first=1))
            case "POST", ("issues", number, "comments"):
                return self._add(int(number), request.body["body"])
            case "PATCH", ("issues", "comments", identity):
                return self._change("comment", "id", int(identity), request.body)
            case "GET", ("pulls",):
                return Answer(200, page(self._pulls(request), request, default=30, most=100, first=1))
            case "GET", ("pulls", number) if number.isdigit():
                found = [one for one in self._pulls(request, "all") if one["number"] == int(number)]
                return Answer(200, found[0]) if found else not_found()
            case "POST", ("pulls",):
                return self._open_pull(request.body)
        return None

    def _listed(self, request: Request) -> list[Json]:
        """Pull requests are issues too; the newest come first unless the request says otherwise."""
        state = request.query.get("state", "open")
        found = [_issue(one) for one in self._estate.find_all("github", "issue", repository=self._name)]
        for kind in _PULLS:
            pulls = self._estate.find_all("github", kind, repository=self._name)
            found += [_pull_as_issue(one) for one in pulls]
        kept = [one for one in found if state in ("all", one["state"])]
        return sorted(kept, key=lambda one: int(one["number"]), reverse=request.query.get("direction") != "asc")

    def _open_issue(self, body: Json) -> Answer:
        if not body.get("title"):
            return _invalid("title can't be blank")
        with self._estate.edit("github") as objects:
            number = self._next_number(objects)
            made = {"type": "issue", "id": f"{self._name}#{number}", "repository": self._name, "number": number}
            made |= {"state": "open", "title": body["title"], "body": body.get("body"), "user": self._writer}
            made |= {"created": now(), "stateReason": None}
            objects.append(made)
        return Answer(201, _issue(made))

    def _pulls(self, request: Request, state: str = "") -> list[Json]:
        """Of `pull_request`, which names branches, and of `pull`, which names commits: its base is any branch."""
        state, head = state or request.query.get("state", "open"), request.query.get("head", "").rpartition(":")[2]
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
            found += [_pull({**p, "sha": p["head"], "head": "", "base": base or "main", "title": ""}) for p in commits]
        return [pull for pull in found if state in ("all", pull["state"])]

    def _add(self, issue: int, body: str) -> Answer:
        with self._estate.edit("github") as objects:
            if not any(_is_at(o, self._name, issue) for o in objects):
                return not_found()
            number = 1 + max((o["id"] for o in objects if o["type"] == "comment"), default=0)
            made = {"type": "comment", "id": number, "repository": self._name, "issue": issue, "body": body}
            made |= {"user": self._writer}
            objects.append(made)
        return Answer(201, _comment(made))

    def _open_pull(self, body: Json) -> Answer:
        """pulls/create-a-pull-request: 422 where a branch is not there, or one is open between the two already."""
        branches = {one["branch"] for one in self._estate.find_all("github", "branch", repository=self._name)}
        if unknown := [field for field in ("head", "base") if body[field] not in branches]:
            return _invalid(f"PullRequest: {unknown[0]} is invalid")
        ends = {"head": body["head"], "base": body["base"]}
        if self._estate.find("github", "pull_request", repository=self._name, state="open", **ends):
            return _invalid(f"A pull request already exists for {body['head']}.")
        with self._estate.edit("github") as objects:
            number = self._next_number(objects)
            made = {"type": "pull_request", "id": f"{self._name}!{number}", "repository": self._name, "number": number}
            made |= {"state": "open", "head": body["head"], "base": body["base"], "title": body["title"]}
            objects.append(made)
        return Answer(201, _pull({**made, "sha": ""}))

    def _next_number(self, objects: list[Json]) -> int:
        """Issues and pull requests are counted together."""
        mine = [o for o in objects if o["type"] in ("issue", *_PULLS) and o["repository"] == self._name]
        return 1 + max((int(o["number"]) for o in mine), default=0)

    def _change(self, kind: str, key: str, identity: int, body: Json) -> Answer:
        with self._estate.edit("github") as objects:
            for found in objects:
                if (found["type"], found.get("repository"), found.get(key)) == (kind, self._name, identity):
                    found.update({_FIELDS[name]: value for name, value in body.items() if name in _FIELDS})
                    return Answer(200, _issue(found) if kind == "issue" else _comment(found))
        return not_found()


def _is_at(found: Json, repository: str, number: int) -> bool:
    return found["type"] in ("issue", *_PULLS) and (found["repository"], found["number"]) == (repository, number)


def _pull(found: Json) -> Json:
    shown = {"number": found["number"], "state": found["state"], "html_url": web_page(found, "pull", found["number"])}
    return {
        **shown,
        "head": {"ref": found["head"], "sha": found["sha"]},
        "base": {"ref": found["base"]},
        "title": found["title"],
        "user": _user(found),
        "merge_commit_sha": found.get("merge") or None,
    }


def _issue(found: Json) -> Json:
    shown = {name: found[name] for name in ("number", "state", "title", "body")}
    shown |= {"state_reason": found["stateReason"], "created_at": found["created"], "user": _user(found)}
    return {**shown, "html_url": web_page(found, "issues", found["number"])}


def _pull_as_issue(found: Json) -> Json:
    address = web_page(found, "pull", found["number"])
    links = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), address)
    shown = {name: found.get(name) for name in ("number", "state", "body")}
    return {
        **shown,
        "title": found.get("title", "Work"),
        "user": _user(found),
        "html_url": address,
        "pull_request": links,
    }


def _comment(found: Json) -> Json:
    number = found.get("issue", 0)
    address = f"{web_page(found, 'issues', number)}#issuecomment-{found['id']}"
    return {"id": found["id"], "body": found.get("body"), "user": _user(found), "html_url": address}


def _user(found: Json) -> Json:
    login = found.get("user", "octocat")
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def web_page(found: Json, kind: str, number: int | str) -> str:
    """Return the page of a pull request, an issue or a release at GitHub."""
    return f"https://github.com/zebra-devops/{found['repository']}/{kind}/{number}"


def _invalid(message: str) -> Answer:
    errors = [{"resource": "Issue", "code": "custom", "message": message}]
    return Answer(422, {"message": "Validation Failed", "errors": errors, "status": "422"})
