"""One repository at GitHub: tags, ancestry, commit statuses. Facts: docs.github.com/en/rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from components.accounts.github import GitHub

_READ = "Contents: read"
CommitState = Literal["success", "failure", "error", "pending"]


class Status(NamedTuple):
    """The status of a commit.

    Attributes:
        state: success, failure, error or pending.
        creator: the login of whoever set it.
    """

    state: str
    creator: str
    description: str


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs between two commits.

    Attributes:
        status: added, removed, modified, renamed, copied, changed or unchanged.
        before: the name that it had, if it was renamed.
        patch: the changed lines; empty for a binary or a very large file.
    """

    name: str
    status: str
    before: str = ""
    patch: str = ""


class Repository:
    """One repository at GitHub.

    Raises:
        VendorError: any method.
    """

    def __init__(self, github: GitHub, name: str) -> None:
        self.github, self.name = github, name

    @property
    def owner(self) -> str:
        """Return whose it is."""
        return self.github.owner

    @property
    def full_name(self) -> str:
        """Return owner/name."""
        return f"{self.owner}/{self.name}"

    def run_state(self, run: str) -> str:
        """Return the status of a workflow's run (actions/workflow-runs), such as in_progress."""
        return str((self.get(f"actions/runs/{run}", needs="Actions: read") or {}).get("status", ""))

    def last_success(self, workflow: str) -> datetime | None:
        """Return when the last successful run of a workflow began (actions/workflow-runs).

        Args:
            workflow: name of its file.

        Raises:
            VendorError: GitHub cannot be read, or the token may not (Actions: read).
        """
        path = f"actions/workflows/{quote(workflow)}/runs"
        found = self.get(path, needs="Actions: read", status="success", per_page=1) or {}
        runs = found.get("workflow_runs") or []
        return datetime.fromisoformat(runs[0]["run_started_at"]) if runs else None

    def commit_of(self, tag: str) -> str | None:
        """Return the commit that a tag names, also through an annotated tag (git/refs, git/tags)."""
        found = self.get(f"git/ref/tags/{quote(tag)}")
        if found is None:
            return None
        target: dict[str, Any] = found["object"]
        while target["type"] == "tag":
            target = self.get(f"git/tags/{target['sha']}")["object"]
        return str(target["sha"])

    def head(self, branch: str) -> str | None:
        """Return the commit of a branch (git/refs)."""
        found = self.get(f"git/ref/heads/{quote(branch)}")
        return str(found["object"]["sha"]) if found else None

    def is_on(self, branch: str, sha: str) -> bool:
        """Whether a commit is the branch's head or one before it (commits/compare-two-commits)."""
        found = self.get(f"compare/{sha}...{quote(branch, safe='')}")
        return found is not None and found["status"] in ("ahead", "identical")

    def changed(self, base: str, sha: str) -> list[ChangedFile] | None:
        """Return the files that changed since an earlier commit (commits/commits, Compare two commits).

        Returns:
            At most 300, which is GitHub's limit; None if `base` is no earlier commit.
        """
        found = self.get(f"compare/{base}...{sha}")
        if found is None or found["status"] not in ("ahead", "identical"):
            return None
        return [
            ChangedFile(file["filename"], file["status"], file.get("previous_filename", ""), file.get("patch", ""))
            for file in found.get("files") or []
        ]

    def statuses(self, sha: str, context: str) -> list[Status]:
        """Return the statuses of a context, newest first (commits/statuses: only this list has their creators)."""
        return [
            Status(one["state"], (one.get("creator") or {}).get("login", ""), one.get("description") or "")
            for one in self.pages(f"commits/{sha}/statuses")
            if one["context"] == context
        ]

    def set_status(self, sha: str, context: str, state: CommitState, text: str, address: str = "") -> None:
        """Set a commit status. The newest of a context counts (commits/statuses).

        Args:
            text: cut at 140 characters, which is GitHub's limit.
            address: of the workflow's run; empty outside of one.
        """
        body = {"state": state, "context": context, "description": text[:140]}
        body |= {"target_url": address} if address else {}
        self.send("POST", f"statuses/{sha}", body, needs="Commit statuses: write", repeatable=True)

    def viewer(self) -> str:
        """Return who the token writes as; empty if GitHub does not say."""
        return self.github.viewer()

    def merged_head(self, sha: str) -> str | None:
        """Return the head that a commit merged, squashed or rebased, if that added nothing (equal trees)."""
        commit = self.get(f"commits/{sha}")
        if commit is None:
            return None
        heads = [parent["sha"] for parent in commit["parents"][1:]]
        if not heads:
            pulls = self.pages(f"commits/{sha}/pulls", needs="Pull requests: read")
            heads = [pull["head"]["sha"] for pull in pulls if pull.get("merge_commit_sha") == sha]
        tree = commit["commit"]["tree"]["sha"]
        found = ((head, self.get(f"commits/{head}")) for head in heads)
        return next((head for head, one in found if one and one["commit"]["tree"]["sha"] == tree), None)

    def path(self, path: str) -> str:
        """Return the path of something in it, below the REST API; of the repository itself if it is empty."""
        return self.github.path(self.name, *filter(None, [path]))

    def get(self, path: str = "", needs: str = _READ, **query: str | int) -> Any:
        """Return what is at a path of the repository, or None if nothing is; of no path the repository itself."""
        return self.github.get(self.path(path), needs, **query)

    def text(self, path: str, needs: str = _READ, **query: str | int) -> str:
        """Return a file as it is (repos/contents, the raw media type)."""
        return self.github.text(self.path(path), needs, accept="application/vnd.github.raw+json", **query)

    def pages(
        self, path: str, needs: str = _READ, *, item: str | None = None, size: int = 100, **query: str | int
    ) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list; see `GitHub.pages`."""
        return self.github.pages(self.path(path), needs, item, size, **query)

    def send(self, method: str, path: str, body: Any = None, *, needs: str, repeatable: bool = False) -> Any:
        """Change something; see `Api.send`."""
        return self.github.send(method, self.path(path), body, needs=needs, repeatable=repeatable)
