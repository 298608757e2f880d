"""Commits, tags, refs and commit statuses of a simulated repository, in the shapes of docs.github.com/en/rest.

Commits, tags and refs are objects of the estate: `commit` (sha, parents, tree, message, date), `annotated_tag`, `ref`
(the whole name), `status`. Branches and files are the plugin's own objects.
"""

from __future__ import annotations

import fnmatch
import secrets
from collections.abc import Iterator, Sequence

from ..plugins import Estate
from .github_repository import Repository, editing, now, number_of, refused, user
from .wire import Answer, Endpoints, Json, pick

endpoint = Endpoints()


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

    Returns:
        Its id.
    """
    sha, tree = sha or secrets.token_hex(20), tree or secrets.token_hex(20)
    with editing(estate, repository) as repo:
        heads = repo.all("branch", branch=branch)
        parents = [heads[0]["sha"], *filter(None, [merges])] if heads else []
        repo.add("commit", sha=sha, parents=parents, tree=tree, message="work", date=now(), files=[*files])
        for head in heads:
            head["sha"] = sha
    return sha


class Declined(Exception):
    """GitHub declines a push because a rule of the repository forbids it."""


def tag(
    estate: Estate, repository: str, name: str, sha: str, *, annotated: bool = False, by: str | None = None
) -> None:
    """Push a tag, as `git push origin <tag>` does.

    Args:
        by: the login of the person who pushes; None for somebody whom no rule stops.

    Raises:
        Declined: if a ruleset forbids it.
    """
    with editing(estate, repository) as repo:
        ref = f"refs/tags/{name}"
        if by is not None and (said := forbidden(repo, ref, "creation", by)):
            raise Declined(said)
        target = {"type": "commit", "sha": sha}
        if annotated:
            target = {"type": "tag", "sha": _annotated(repo, name, sha, name)["sha"]}
        repo.add("ref", ref=ref, object=target)


def forbidden(repo: Repository, ref: str, rule: str, writer: str) -> str:
    """Return what a ruleset says against a change of a ref; empty if it is allowed (docs.github.com: Available rules).

    Teams are objects of the estate, `team` (id, members).

    Args:
        rule: creation, update or deletion.
        writer: the login of the person who changes it.
    """
    teams = {one["id"] for one in repo.objects.all("team") if writer in one["members"]}
    for ruleset in repo.all("ruleset", enforcement="active"):
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
    """Set a commit status.

    Args:
        by: the login that sets it.
    """
    with editing(estate, repository) as repo:
        _add_status(repo, sha, {"context": context, "state": state}, by)


def merge_files(estate: Estate, repository: str, head: str, base: str) -> None:
    """Merge a pull request of files: the base then has them as the head does."""
    with editing(estate, repository) as repo:
        for brought in repo.all("file", branch=head):
            if there := repo.find("file", branch=base, file=brought["file"]):
                there["content"] = brought["content"]
            else:
                repo.objects.append({**brought, "id": f"{repository}:{brought['file']}:{base}", "branch": base})


def _annotated(repo: Repository, name: str, sha: str, message: str) -> Json:
    target = {"type": "commit", "sha": sha}
    return repo.add("annotated_tag", sha=secrets.token_hex(20), tag=name, message=message, object=target, date=now())


def _add_status(repo: Repository, sha: str, body: Json, writer: str) -> Json:
    given = pick({"context": "default", **body}, "state description target_url context")
    return repo.add("status", sha=sha, **given, creator=writer, date=now())


@endpoint("GET git/ref/{ref+}")
def get_ref(repo: Repository, ref: str) -> Json:
    """Show a branch, a tag or another ref by its whole name."""
    kind, _, name = ref.partition("/")
    return _branch(repo.one("branch", branch=name)) if kind == "heads" else _ref(repo.one("ref", ref=f"refs/{ref}"))


@endpoint("GET git/matching-refs/{start+}")
def matching_refs(repo: Repository, start: str) -> list[Json]:
    """List the refs whose names begin with this text. Branches are not among them."""
    return [_ref(one) for one in repo.all("ref") if one["ref"].startswith(f"refs/{start}")]


@endpoint("GET git/tags/{sha}")
def get_tag(repo: Repository, sha: str) -> Json:
    return pick(repo.one("annotated_tag", sha=sha), "sha tag message object")


@endpoint("POST git/tags")
def make_tag(repo: Repository) -> Answer:
    made = _annotated(repo, repo.body["tag"], repo.body["object"], repo.body["message"])
    return Answer(201, pick(made, "sha tag message object"))


@endpoint("POST git/refs")
def make_ref(repo: Repository) -> Answer:
    """Make a ref, if no ruleset forbids it and there is none of this name. A branch gets the files of its commit."""
    ref, sha = repo.body["ref"], repo.body["sha"]
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise refused(422, "Reference name must start with 'refs/' and have at least two slashes")
    _need_permission(repo, ref, "creation")
    branch = ref.removeprefix("refs/heads/")
    if repo.find("ref", ref=ref) or (branch != ref and repo.find("branch", branch=branch)):
        raise refused(422, "Reference already exists")
    if branch != ref:
        files = _files_at(repo, sha)
        made = repo.seed("branch", branch=branch, sha=sha)
        _write_files(repo, branch, files)
        return Answer(201, _branch(made))
    kind = "tag" if repo.find("annotated_tag", sha=sha) else "commit"
    return Answer(201, _ref(repo.add("ref", ref=ref, object={"type": kind, "sha": sha})))


@endpoint("PATCH git/refs/{ref+}")
def move_branch(repo: Repository, ref: str) -> Json:
    """Update a reference: only with `force`, which also moves it back."""
    name, sha = ref.removeprefix("heads/"), repo.body["sha"]
    found = repo.find("branch", branch=name)
    if found is None:
        raise refused(422, "Reference does not exist")
    if not repo.body.get("force"):
        raise refused(422, "Update is not a fast forward")
    files = _files_at(repo, sha)
    repo.drop("file", branch=name)
    found["sha"] = sha
    _write_files(repo, name, files)
    return _branch(found)


@endpoint("DELETE git/refs/{ref+}")
def drop_ref(repo: Repository, ref: str) -> Answer:
    """Delete a ref, if no ruleset forbids it."""
    _need_permission(repo, f"refs/{ref}", "deletion")
    if not repo.drop("ref", ref=f"refs/{ref}"):
        raise refused(422, "Reference does not exist")
    return Answer(204, "")


def _need_permission(repo: Repository, ref: str, rule: str) -> None:
    if said := forbidden(repo, ref, rule, repo.writer):
        raise refused(422, said)


def _files_at(repo: Repository, sha: str) -> list[Json]:
    """Return the files of the branch that is at a commit."""
    origin = repo.find("branch", sha=sha)
    return [pick(one, "file content") for one in repo.all("file", branch=origin["branch"])] if origin else []


def _write_files(repo: Repository, branch: str, files: list[Json]) -> None:
    for file in files:
        repo.seed("file", branch=branch, **file)


@endpoint("GET compare/{span}")
def compare(repo: Repository, span: str) -> Json:
    """Compare two commits or branches, and show what the second one has more."""
    base, head = (_sha(repo, end) for end in span.split("...", 1))
    if base == head:
        return {"status": "identical", "ahead_by": 0, "behind_by": 0}
    before, after = set(_ancestors(repo, base)), set(_ancestors(repo, head))
    ahead, behind = len(after - before), len(before - after)
    brought = [one for one in repo.all("commit") if one["sha"] in after - before]
    files = {file["filename"]: file for one in brought for file in map(_shown_file, one.get("files", []))}
    return {
        "status": "diverged" if ahead and behind else "ahead" if ahead else "behind",
        "ahead_by": ahead,
        "behind_by": behind,
        "commits": [_shown_commit(one) for one in brought],
        "files": list(files.values())[:300],
    }


@endpoint("GET commits/{reference}")
def get_commit(repo: Repository, reference: str) -> Json:
    return _shown_commit(repo.one("commit", sha=_sha(repo, reference)))


@endpoint("GET commits/{reference}/check-runs")
def check_runs(repo: Repository, reference: str) -> Json:
    """List what reported a check of a commit."""
    found = repo.all("check_run", sha=_sha(repo, reference))
    runs = [{"name": one["name"], "head_sha": one["sha"], "app": _app(one)} for one in found]
    return repo.listed("check_runs", runs)


@endpoint("GET commits/{reference}/statuses")
def statuses(repo: Repository, reference: str) -> list[Json]:
    """List all statuses of a commit, the newest first."""
    return repo.page([_shown_status(one) for one in reversed(repo.all("status", sha=_sha(repo, reference)))])


@endpoint("GET commits/{reference}/status")
def combined_status(repo: Repository, reference: str) -> Json:
    """Show the newest status of each context. Who set it is told by the list of all statuses only."""
    sha = _sha(repo, reference)
    newest = {one["context"]: one for one in repo.all("status", sha=sha)}
    found = [{k: v for k, v in _shown_status(one).items() if k != "creator"} for one in newest.values()]
    states = {one["state"] for one in found}
    bad, open_ = states & {"failure", "error"}, not states or "pending" in states
    state = "failure" if bad else "pending" if open_ else "success"
    shown = {"statuses": found, "total_count": len(found), "repository": {"name": repo.name}}
    return {"sha": sha, "state": state, **shown}


@endpoint("POST statuses/{sha}")
def set_status(repo: Repository, sha: str) -> Answer:
    return Answer(201, _shown_status(_add_status(repo, sha, repo.body, repo.writer)))


def _sha(repo: Repository, reference: str) -> str:
    branch = repo.find("branch", branch=reference)
    return str(branch["sha"]) if branch else reference


def _ancestors(repo: Repository, sha: str) -> Iterator[str]:
    known, left = {one["sha"]: one for one in repo.all("commit")}, [sha]
    seen: set[str] = set()
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            yield one
            left += known.get(one, {}).get("parents", [])


def _app(run: Json) -> Json:
    """Return the app of a check: GitHub Actions unless the estate names another one."""
    return {"id": run.get("app", 15368), "slug": "github-actions" if "app" not in run else f"app-{run['app']}"}


def _branch(found: Json) -> Json:
    ref = f"refs/heads/{found['branch']}"
    node = f"REF_{number_of(found['repository'], ref):x}"
    return {"ref": ref, "node_id": node, "object": {"type": "commit", "sha": found["sha"]}}


def _ref(found: Json) -> Json:
    return pick(found, "ref object")


def _shown_status(one: Json) -> Json:
    times = dict.fromkeys(("created_at", "updated_at"), one.get("date", now()))
    return {**pick(one, "id state context description target_url"), "creator": user(one.get("creator")), **times}


def _shown_commit(one: Json) -> Json:
    details = {"message": one["message"], "tree": {"sha": one["tree"]}, "committer": {"date": one["date"]}}
    return {"sha": one["sha"], "commit": details, "parents": [{"sha": parent} for parent in one["parents"]]}


def _shown_file(file: str | Json) -> Json:
    given = {"filename": file} if isinstance(file, str) else file
    return {"status": "modified", "additions": 1, "deletions": 1, "changes": 2} | given
