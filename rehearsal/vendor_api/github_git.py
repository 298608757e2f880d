"""Commits, tags, refs and commit statuses of a simulated repository, in the shapes of docs.github.com/en/rest.

Commits, tags and refs are objects of the estate: `commit` (sha, parents, tree, message, date), `annotated_tag`, `ref`
(the whole name), `status`. Branches are the plugin's own objects.
"""

from __future__ import annotations

import fnmatch
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ..plugins import Estate
from .wire import Answer, Request, page

Json = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit(
    estate: Estate,
    repository: str,
    branch: str,
    *,
    merges: str = "",
    tree: str = "",
    sha: str = "",
    files: Sequence[str | Json] = ("platform-wrapper/frontend/page.tsx", "app/main.py"),
) -> str:
    """Add a commit to a branch, as a push does.

    Args:
        merges: the second parent.
        sha: its id, else a random one.
        files: what it changes: a name, or an entry of GitHub's own list (`filename`, `status`, `patch`).

    Returns: its id.
    """
    sha = sha or secrets.token_hex(20)
    with estate.edit("github") as objects:
        heads = [
            o for o in objects if (o["type"], o.get("repository"), o.get("branch")) == ("branch", repository, branch)
        ]
        parents = [heads[0]["sha"], *filter(None, [merges])] if heads else []
        objects.append(
            {
                **{"type": "commit", "id": sha, "repository": repository, "sha": sha, "parents": parents},
                **{"tree": tree or secrets.token_hex(20), "message": "work", "date": now()},
                "files": list(files),
            }
        )
        for head in heads:
            head["sha"] = sha
    return sha


class Declined(Exception):
    """GitHub takes a push not, because of a rule."""


def tag(
    estate: Estate, repository: str, name: str, sha: str, *, annotated: bool = False, by: str | None = None
) -> None:
    """What `git push origin <tag>` does. Args: by: who pushes; None for somebody who may.

    Raises: Declined.
    """
    if by is not None and (said := forbidden(estate, repository, f"refs/tags/{name}", "creation", by)):
        raise Declined(said)
    with estate.edit("github") as objects:
        target = {"type": "commit", "sha": sha}
        if annotated:
            target = {"type": "tag", "sha": _annotated(objects, repository, name, sha, name)["sha"]}
        objects.append(_ref(repository, f"refs/tags/{name}", target))


def forbidden(estate: Estate, repository: str, ref: str, rule: str, writer: str) -> str:
    """Return what a ruleset says against a change of a ref; empty if it is allowed (docs.github.com: Available rules).

    Args:
        rule: creation, update or deletion. Teams are objects of the store, `team` (id, members).
    """
    teams = {one["id"] for one in estate.find_all("github", "team") if writer in one["members"]}
    for ruleset in estate.find_all("github", "ruleset", repository=repository, enforcement="active"):
        names = (ruleset.get("conditions") or {}).get("refName") or {}
        included = any(one == "~ALL" or fnmatch.fnmatchcase(ref, one) for one in names.get("includes", []))
        excluded = any(fnmatch.fnmatchcase(ref, one) for one in names.get("excludes", []))
        bypass = {one.get("actorId") for one in ruleset.get("bypassActors") or [] if one["actorType"] == "Team"}
        if included and not excluded and not teams & bypass and (ruleset.get("rules") or {}).get(rule):
            return f"Repository rule violations found\n\nCannot {rule.replace('ion', 'e')} this ref: it is restricted."
    return ""


def status(
    estate: Estate, repository: str, sha: str, context: str, state: str = "success", by: str = "github-actions[bot]"
) -> None:
    with estate.edit("github") as objects:
        objects.append(_status(objects, repository, sha, {"context": context, "state": state}, by))


def run(
    estate: Estate,
    repository: str,
    number: int,
    *,
    status: str,
    conclusion: str | None = None,
    sha: str = "0" * 40,
    workflow: str = "",
    created: str = "",
) -> None:
    """Set how a workflow's run stands at Actions."""
    with estate.edit("github") as objects:
        objects[:] = [o for o in objects if (o["type"], o.get("number")) != ("run", number)]
        kept = {"type": "run", "id": f"run {number}", "repository": repository, "number": number, "sha": sha}
        kept["workflow"] = workflow
        objects.append({**kept, "status": status, "conclusion": conclusion, "created": created or now(), "waiting": {}})


def pull(estate: Estate, repository: str, number: int, *, head: str, merge: str = "") -> None:
    """A pull request. Args: head, merge: commits."""
    with estate.edit("github") as objects:
        state = "closed" if merge else "open"
        kept = {"type": "pull", "id": f"{repository}#{number}", "repository": repository, "number": number}
        objects.append({**kept, "head": head, "merge": merge, "state": state})


def merge_files(estate: Estate, repository: str, head: str, base: str) -> None:
    """Merge a pull request of files: the base then has them as the head does."""
    with estate.edit("github") as objects:
        mine = [o for o in objects if o["type"] == "file" and o["repository"] == repository]
        brought = {o["file"]: o["content"] for o in mine if o["branch"] == head}
        there = {o["file"]: o for o in mine if o["branch"] == base}
        for file, content in brought.items():
            if file in there:
                there[file]["content"] = content
            else:
                like = next(o for o in mine if (o["branch"], o["file"]) == (head, file))
                objects.append({**like, "id": f"{repository}:{file}:{base}", "branch": base})


def _ref(repository: str, name: str, target: Json) -> Json:
    return {"type": "ref", "id": f"{repository}:{name}", "repository": repository, "ref": name, "object": target}


def _annotated(objects: list[Json], repository: str, name: str, sha: str, message: str) -> Json:
    made = {
        **{"type": "annotated_tag", "id": secrets.token_hex(8), "repository": repository, "sha": secrets.token_hex(20)},
        **{"tag": name, "message": message, "object": {"type": "commit", "sha": sha}, "date": now()},
    }
    objects.append(made)
    return made


def _status(objects: list[Json], repository: str, sha: str, body: Json, writer: str) -> Json:
    kept = {name: body.get(name) for name in ("state", "description", "target_url")}
    kept |= {"context": body.get("context", "default"), "creator": writer, "date": now()}
    number = 1 + sum(one["type"] == "status" for one in objects)
    return {"type": "status", "id": number, "repository": repository, "sha": sha, **kept}


class Git:
    """The endpoints. Args: name: of the repository. writer: the login that the request's token writes as."""

    def __init__(self, estate: Estate, name: str, writer: str) -> None:
        self._estate, self._name, self._writer = estate, name, writer

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        match request.method, path:
            case "GET", ("git", "ref", "tags", *rest):
                return self._one_ref(f"refs/tags/{'/'.join(rest)}")
            case "GET", ("git", "matching-refs", *rest):
                start = f"refs/{'/'.join(rest)}"
                return Answer(200, [_shown(ref) for ref in self._all("ref") if ref["ref"].startswith(start)])
            case "GET", ("git", "tags", sha):
                return self._tag(sha)
            case "POST", ("git", "tags"):
                with self._estate.edit("github") as objects:
                    body = request.body
                    made = _annotated(objects, self._name, body["tag"], body["object"], body["message"])
                return Answer(201, _shown_tag(made))
            case "POST", ("git", "refs"):
                return self._make_ref(request.body)
            case "PATCH", ("git", "refs", "heads", *rest):
                return self._move_branch("/".join(rest), request.body)
            case "DELETE", ("git", "refs", *rest):
                return self._drop_ref(f"refs/{'/'.join(rest)}")
            case "GET", ("compare", span):
                return self._compare(*span.split("...", 1))
            case "GET", ("commits", reference):
                return self._commit(reference)
            case "GET", ("commits", reference, "status"):
                return self._combined(reference)
            case "GET", ("commits", reference, "check-runs"):
                found = self._all("check_run", sha=self._sha(reference))
                runs = [{"name": one["name"], "head_sha": one["sha"], "app": _app(one)} for one in found]
                shown = page(runs, request, default=30, most=100, first=1)
                return Answer(200, {"total_count": len(runs), "check_runs": shown})
            case "GET", ("commits", reference, "statuses"):
                statuses = [_shown_status(one) for one in reversed(self._all("status", sha=self._sha(reference)))]
                return Answer(200, page(statuses, request, default=30, most=100, first=1))
            case "GET", ("commits", reference, "pulls"):
                merged = [pull for pull in self._all("pull") if self._sha(reference) in (pull["merge"], pull["head"])]
                return Answer(200, [_shown_pull(pull) for pull in merged])
            case "POST", ("statuses", sha):
                with self._estate.edit("github") as objects:
                    objects.append(made := _status(objects, self._name, sha, request.body, self._writer))
                return Answer(201, _shown_status(made))
            case "POST", ("merges",):
                return self._merge(request.body)
        return None

    def _all(self, type_: str, **properties: Any) -> list[Json]:
        return self._estate.find_all("github", type_, repository=self._name, **properties)

    def _one_ref(self, name: str) -> Answer:
        found = self._all("ref", ref=name)
        return Answer(200, _shown(found[0])) if found else not_found()

    def _make_ref(self, body: Json) -> Answer:
        if not body["ref"].startswith("refs/") or body["ref"].count("/") < 2:
            return Answer(422, {"message": "Reference name must start with 'refs/' and have at least two slashes"})
        if said := forbidden(self._estate, self._name, body["ref"], "creation", self._writer):
            return Answer(422, {"message": said})
        if body["ref"].startswith("refs/heads/"):
            name = body["ref"].removeprefix("refs/heads/")
            if self._all("branch", branch=name):
                return Answer(422, {"message": "Reference already exists"})
            made = self._estate.seed("github", "branch", repository=self._name, branch=name, sha=body["sha"])
            for file in self._files_at(body["sha"]):
                self._estate.seed("github", "file", repository=self._name, branch=name, **file)
            return Answer(201, {"ref": body["ref"], "object": {"type": "commit", "sha": made["sha"]}})
        with self._estate.edit("github") as objects:
            if any(o["type"] == "ref" and o["repository"] == self._name and o["ref"] == body["ref"] for o in objects):
                return Answer(422, {"message": "Reference already exists"})
            kinds = {o["sha"]: "tag" for o in objects if o["type"] == "annotated_tag"}
            target = {"type": kinds.get(body["sha"], "commit"), "sha": body["sha"]}
            objects.append(made := _ref(self._name, body["ref"], target))
        return Answer(201, _shown(made))

    def _move_branch(self, name: str, body: Json) -> Answer:
        """git/refs, Update a reference: with `force` also back."""
        if not self._all("branch", branch=name):
            return Answer(422, {"message": "Reference does not exist"})
        if not body.get("force"):
            return Answer(422, {"message": "Update is not a fast forward"})
        files = self._files_at(body["sha"])
        with self._estate.edit("github") as objects:
            mine = [o for o in objects if (o.get("repository"), o.get("branch")) == (self._name, name)]
            objects[:] = [o for o in objects if o["type"] != "file" or o not in mine]
            next(o for o in mine if o["type"] == "branch")["sha"] = body["sha"]
        for file in files:
            self._estate.seed("github", "file", repository=self._name, branch=name, **file)
        return Answer(200, {"ref": f"refs/heads/{name}", "object": {"type": "commit", "sha": body["sha"]}})

    def _files_at(self, sha: str) -> list[Json]:
        """Return the files of the branch that a new one starts from."""
        origin = next((branch["branch"] for branch in self._all("branch") if branch["sha"] == sha), None)
        found = self._all("file", branch=origin) if origin else []
        return [{"file": one["file"], "content": one["content"]} for one in found]

    def _merge(self, body: Json) -> Answer:
        """branches/merge: the head into the base. A conflict is what the estate says: `conflict` (base, head)."""
        base, head = (self._all("branch", branch=name) for name in (body["base"], body["head"]))
        if not base or not (head or self._all("commit", sha=body["head"])):
            return not_found()
        other = self._sha(body["head"])
        if other in set(self._ancestors(base[0]["sha"])):
            return Answer(204, "")
        if self._all("conflict", base=body["base"], head=body["head"]):
            return Answer(409, {"message": "Merge conflict"})
        made = commit(self._estate, self._name, body["base"], merges=other)
        return Answer(201, _shown_commit(self._all("commit", sha=made)[0]))

    def _drop_ref(self, name: str) -> Answer:
        if said := forbidden(self._estate, self._name, name, "deletion", self._writer):
            return Answer(422, {"message": said})
        with self._estate.edit("github") as objects:
            kept = [o for o in objects if (o["type"], o.get("repository"), o.get("ref")) != ("ref", self._name, name)]
            gone = len(kept) < len(objects)
            objects[:] = kept
        return Answer(204, "") if gone else Answer(422, {"message": "Reference does not exist"})

    def _tag(self, sha: str) -> Answer:
        found = self._all("annotated_tag", sha=sha)
        return Answer(200, _shown_tag(found[0])) if found else not_found()

    def _sha(self, reference: str) -> str:
        branches = self._all("branch", branch=reference)
        return str(branches[0]["sha"]) if branches else reference

    def _ancestors(self, sha: str) -> Iterator[str]:
        known, left = {one["sha"]: one for one in self._all("commit")}, [sha]
        seen: set[str] = set()
        while left:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                yield one
                left += known.get(one, {}).get("parents", [])

    def _compare(self, base: str, head: str) -> Answer:
        one, other = self._sha(base), self._sha(head)
        if one == other:
            return Answer(200, {"status": "identical", "ahead_by": 0, "behind_by": 0})
        before, after = set(self._ancestors(one)), set(self._ancestors(other))
        ahead, behind = len(after - before), len(before - after)
        status = "diverged" if ahead and behind else "ahead" if ahead else "behind"
        brought = [one for one in self._all("commit") if one["sha"] in after - before]
        files = {file["filename"]: file for one in brought for file in map(_shown_file, one.get("files", []))}
        commits = [_shown_commit(one) for one in brought]
        counts = {"ahead_by": ahead, "behind_by": behind}
        return Answer(200, {"status": status, **counts, "commits": commits, "files": list(files.values())[:300]})

    def _commit(self, reference: str) -> Answer:
        found = self._all("commit", sha=self._sha(reference))
        if not found:
            return not_found()
        return Answer(200, _shown_commit(found[0]))

    def _combined(self, reference: str) -> Answer:
        """Answer the newest status of each context."""
        newest = {one["context"]: one for one in self._all("status", sha=self._sha(reference))}
        # Who set it is told by the list of all statuses only.
        statuses = [{k: v for k, v in _shown_status(one).items() if k != "creator"} for one in newest.values()]
        states = {one["state"] for one in statuses}
        bad, open_ = states & {"failure", "error"}, not states or "pending" in states
        state = "failure" if bad else "pending" if open_ else "success"
        shown = {"statuses": statuses, "total_count": len(statuses), "repository": {"name": self._name}}
        return Answer(200, {"sha": self._sha(reference), "state": state, **shown})


def _app(run: Json) -> Json:
    """GitHub Actions unless the estate names another one."""
    return {"id": run.get("app", 15368), "slug": "github-actions" if "app" not in run else f"app-{run['app']}"}


def _shown_status(one: Json) -> Json:
    shown = {name: one.get(name) for name in ("id", "state", "context", "description", "target_url")}
    login = one.get("creator") or "octocat"
    creator = {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}
    return {**shown, "creator": creator, "created_at": one.get("date", now()), "updated_at": one.get("date", now())}


def _shown(ref: Json) -> Json:
    return {"ref": ref["ref"], "object": ref["object"]}


def _shown_pull(pull: Json) -> Json:
    shown = {"number": pull["number"], "state": pull["state"], "head": {"sha": pull["head"]}}
    merged = now() if pull["merge"] else None
    return {**shown, "merge_commit_sha": pull["merge"] or None, "merged_at": merged, "title": pull.get("title", "Work")}


def _shown_commit(one: Json) -> Json:
    details = {"message": one["message"], "tree": {"sha": one["tree"]}, "committer": {"date": one["date"]}}
    return {"sha": one["sha"], "commit": details, "parents": [{"sha": parent} for parent in one["parents"]]}


def _shown_file(file: str | Json) -> Json:
    given = {"filename": file} if isinstance(file, str) else file
    return {"status": "modified", "additions": 1, "deletions": 1, "changes": 2} | given


def _shown_tag(tag: Json) -> Json:
    return {"sha": tag["sha"], "tag": tag["tag"], "message": tag["message"], "object": tag["object"]}


def not_found() -> Answer:
    return Answer(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
