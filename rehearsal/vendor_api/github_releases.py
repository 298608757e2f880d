"""Releases of a simulated repository and the notes that GitHub generates for one (docs.github.com/en/rest/releases)."""

from __future__ import annotations

from typing import Any

from ..plugins import Estate
from .github_git import now
from .github_issues import web_page
from .wire import Answer, Request

Json = dict[str, Any]


class Releases:
    """The endpoints. Args: name: of the repository. writer: the login that the request's token writes as."""

    def __init__(self, estate: Estate, name: str, writer: str) -> None:
        self._estate, self._name, self._writer = estate, name, writer

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        match request.method, path:
            case "POST", ("releases", "generate-notes"):
                tag = request.body["tag_name"]
                return Answer(200, {"name": tag, "body": self._notes(tag, request.body.get("previous_tag_name"))})
            case "POST", ("releases",):
                return self._make(request.body)
            case "GET", ("releases", "tags", *rest):
                found = self._estate.find("github", "release", repository=self._name, tag_name="/".join(rest))
                return Answer(200, _shown(found)) if found else None
        return None

    def _notes(self, tag: str, before: str | None) -> str:
        """Return the notes in GitHub's words: the merged pull requests, and a link to the comparison."""
        merged = [one for one in self._estate.find_all("github", "pull", repository=self._name) if one["merge"]]
        lines = [f"* {one.get('title', 'Work')} by @octocat in #{one['number']}" for one in merged]
        changes = "\n".join(["## What's Changed", *lines, ""])
        return f"{changes}\n**Full Changelog**: {f'{before}...' if before else 'commits/'}{tag}"

    def _make(self, body: Json) -> Answer:
        tag = body["tag_name"]
        notes = self._notes(tag, None) if body.get("generate_release_notes") else None
        with self._estate.edit("github") as objects:
            mine = [o for o in objects if o["type"] == "release" and o["repository"] == self._name]
            if any(one["tag_name"] == tag for one in mine):
                errors = [{"resource": "Release", "code": "already_exists", "field": "tag_name"}]
                return Answer(422, {"message": "Validation Failed", "errors": errors})
            made = {"type": "release", "id": 1 + len(mine), "repository": self._name, "created_at": now()}
            objects.append(made | {"body": notes, **body, "author": {"login": self._writer}})
            return Answer(201, _shown(objects[-1]))


def _shown(found: Json) -> Json:
    own = {k: v for k, v in found.items() if k not in ("type", "repository", "generate_release_notes", "make_latest")}
    return {**own, "html_url": web_page(found, "releases/tag", found["tag_name"])}
