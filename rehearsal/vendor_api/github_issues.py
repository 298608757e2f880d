"""Issues, pull requests, their comments and releases of a simulated repository.

Shapes: docs.github.com/en/rest (issues, pulls, releases). An issue is an object of the estate, `issue`. A pull request
is a `pull_request` if a request opened it, which names branches, or a `pull` if a test made it, from commits.
"""

from __future__ import annotations

from ..plugins import Estate
from .github_repository import Repository, editing, invalid, not_found, now, user
from .wire import Answer, Endpoints, Json, pick

endpoint = Endpoints()
_LONGEST = 65_536
_PULLS = ("pull", "pull_request")


def pull(estate: Estate, repository: str, number: int, *, head: str, merge: str = "") -> None:
    """Make a pull request.

    Args:
        head: its commit.
        merge: the commit that merged it; empty while it is open.
    """
    with editing(estate, repository) as repo:
        repo.add("pull", number=number, head=head, merge=merge, state="closed" if merge else "open")


@endpoint("GET issues")
def issues(repo: Repository) -> list[Json]:
    """List issues and pull requests, which are issues too: the newest first, unless the request says otherwise."""
    found = [_issue(repo, one) for type_ in ("issue", *_PULLS) for one in repo.all(type_)]
    kept = [one for one in found if repo.query.get("state", "open") in ("all", one["state"])]
    newest_first = repo.query.get("direction") != "asc"
    return repo.page(sorted(kept, key=lambda one: int(one["number"]), reverse=newest_first))


@endpoint("POST issues")
def open_issue(repo: Repository) -> Answer:
    """Open an issue. It needs a title."""
    _check_length(repo)
    if not repo.body.get("title"):
        raise _invalid("title can't be blank")
    about = {**pick(repo.body, "title body"), "number": _next_number(repo), "state": "open", "stateReason": None}
    return Answer(201, _issue(repo, repo.add("issue", **about, user=repo.writer, created=now())))


@endpoint("PATCH issues/comments/{number}")
def change_comment(repo: Repository, number: int) -> Json:
    _check_length(repo)
    found = repo.one("comment", id=number)
    found["body"] = repo.body["body"]
    return _comment(repo, found)


@endpoint("PATCH issues/{number}")
def change_issue(repo: Repository, number: int) -> Json:
    _check_length(repo)
    found = repo.one("issue", number=number)
    stored = {"body": "body", "title": "title", "state": "state", "state_reason": "stateReason"}
    found.update({stored[name]: value for name, value in repo.body.items() if name in stored})
    return _issue(repo, found)


@endpoint("GET issues/{number}/comments")
def comments(repo: Repository, number: int) -> list[Json]:
    return repo.page([_comment(repo, one) for one in repo.all("comment", issue=number)])


@endpoint("POST issues/{number}/comments")
def add_comment(repo: Repository, number: int) -> Answer:
    """Comment on an issue or a pull request, which has to exist."""
    _check_length(repo)
    if not any(repo.find(type_, number=number) for type_ in ("issue", *_PULLS)):
        raise not_found()
    made = repo.add("comment", issue=number, body=repo.body["body"], user=repo.writer)
    return Answer(201, _comment(repo, made))


@endpoint("GET pulls")
def pulls(repo: Repository) -> list[Json]:
    """List pull requests between these branches. The base of a `pull` is any branch, and its head has none."""
    state, base = repo.query.get("state", "open"), repo.query.get("base")
    head = repo.query.get("head", "").rpartition(":")[2]
    found = [
        _pull(repo, one)
        for type_ in reversed(_PULLS)
        for one in repo.all(type_)
        if head in ("", one["head"] if type_ == "pull_request" else None) and base in (None, one.get("base", base))
    ]
    return repo.page([one for one in found if state in ("all", one["state"])])


@endpoint("GET pulls/{number}")
def get_pull(repo: Repository, number: int) -> Json:
    found = repo.find("pull_request", number=number) or repo.one("pull", number=number)
    return _pull(repo, found)


@endpoint("GET commits/{reference}/pulls")
def pulls_of_commit(repo: Repository, reference: str) -> list[Json]:
    """List the pull requests that a commit merged, or whose head it is."""
    branch = repo.find("branch", branch=reference)
    sha = branch["sha"] if branch else reference
    return repo.page([_pull(repo, one) for one in repo.all("pull") if sha in (one["merge"], one["head"])])


@endpoint("POST pulls")
def open_pull(repo: Repository) -> Answer:
    """Open a pull request: 422 if a branch is not there, or if one is open between the two already."""
    _check_length(repo)
    ends = pick(repo.body, "head base")
    if unknown := [end for end, branch in ends.items() if not repo.find("branch", branch=branch)]:
        raise _invalid(f"PullRequest: {unknown[0]} is invalid")
    if repo.find("pull_request", state="open", **ends):
        raise _invalid(f"A pull request already exists for {repo.body['head']}.")
    about = {"number": _next_number(repo), "state": "open", "title": repo.body["title"]}
    return Answer(201, _pull(repo, repo.add("pull_request", **about, **ends)))


@endpoint("POST releases")
def make_release(repo: Repository) -> Answer:
    """Make a release, with generated notes if the request asks for them. A tag has one release."""
    tag = repo.body["tag_name"]
    if repo.find("release", tag_name=tag):
        raise invalid("Release", code="already_exists", field="tag_name")
    notes = _notes(repo, tag) if repo.body.get("generate_release_notes") else None
    made = repo.add("release", **{"body": notes, **repo.body}, created_at=now(), author={"login": repo.writer})
    return Answer(201, _release(repo, made))


@endpoint("GET releases/tags/{tag+}")
def get_release(repo: Repository, tag: str) -> Json:
    return _release(repo, repo.one("release", tag_name=tag))


def _notes(repo: Repository, tag: str) -> str:
    """Return the notes in GitHub's words: the merged pull requests, and a link to the comparison."""
    merged = [one for one in repo.all("pull") if one["merge"]]
    lines = [f"* {one.get('title', 'Work')} by @octocat in #{one['number']}" for one in merged]
    changes = "\n".join(["## What's Changed", *lines, ""])
    return f"{changes}\n**Full Changelog**: commits/{tag}"


def _release(repo: Repository, found: Json) -> Json:
    own = {k: v for k, v in found.items() if k not in ("type", "repository", "generate_release_notes", "make_latest")}
    return {**own, "html_url": repo.web_page("releases/tag", found["tag_name"])}


def _next_number(repo: Repository) -> int:
    """Return the next number. Issues and pull requests are counted together."""
    return 1 + max((int(one["number"]) for type_ in ("issue", *_PULLS) for one in repo.all(type_)), default=0)


def _pull(repo: Repository, found: Json) -> Json:
    branch = found["head"] if found["type"] == "pull_request" else ""
    tip = repo.find("branch", branch=branch) or {}
    merge = found.get("merge") or None
    return {
        **pick(found, "number state"),
        "title": found.get("title", "Work"),
        "head": {"ref": branch, "sha": tip.get("sha", "") if branch else found["head"]},
        "base": {"ref": found.get("base") or repo.query.get("base", "main")},
        "user": user(found.get("user")),
        "html_url": repo.web_page("pull", found["number"]),
        "merge_commit_sha": merge,
        "merged_at": now() if merge else None,
    }


def _issue(repo: Repository, found: Json) -> Json:
    """Show an issue, or a pull request as one."""
    shown = {**pick(found, "number state body"), "title": found.get("title", "Work"), "user": user(found.get("user"))}
    if found["type"] == "issue":
        own = {"state_reason": found["stateReason"], "created_at": found["created"]}
        return {**shown, **own, "html_url": repo.web_page("issues", found["number"])}
    address = repo.web_page("pull", found["number"])
    links = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), address)
    return {**shown, "html_url": address, "pull_request": links}


def _comment(repo: Repository, found: Json) -> Json:
    address = f"{repo.web_page('issues', found.get('issue', 0))}#issuecomment-{found['id']}"
    return {**pick(found, "id body"), "user": user(found.get("user")), "html_url": address}


def _check_length(repo: Repository) -> None:
    if len(repo.body.get("body") or "") > _LONGEST:
        raise _invalid("body is too long (maximum is 65536 characters)")


def _invalid(message: str) -> Exception:
    return invalid("Issue", code="custom", message=message)
