"""After a release: its notes at GitHub, and a pull request that merges main back into staging's branch.

If one fails, the report says so, and the release is still done. Facts: docs.github.com/en/rest (releases/releases:
generate_release_notes; pulls/pulls).
"""

from gate.common.errors import GateError
from gate.vendors.repository import Repository


def afterwards(tag: str, branch: str, back_to: str, repository: Repository) -> list[str]:
    """Do both.

    Args:
        back_to: staging's branch; empty if there is none.

    Returns:
        What came of it, one line each.
    """
    lines = [_notes(tag, repository)]
    return [*lines, _bring_back(branch, back_to, repository)] if back_to not in ("", branch) else lines


def _notes(tag: str, repository: Repository) -> str:
    """Create the release notes. GitHub lists the pull requests since the release before."""
    body = {"tag_name": tag, "name": tag, "generate_release_notes": True}
    try:
        if found := repository.get(f"releases/tags/{tag}"):
            return f"Release notes: {found['html_url']}"
        made = repository.send("POST", "releases", body, needs="Contents: write", repeatable=True)
    except GateError as error:
        return f"The release notes could not be written: {error}"
    return f"Release notes: {made['html_url']}"


def _bring_back(branch: str, back_to: str, repository: Repository) -> str:
    """Open the pull request. Without it GitHub calls staging's branch out of date at the next pull request."""
    title = f"Bring {branch} back to {back_to}"
    try:
        if repository.is_on(back_to, repository.head(branch) or ""):
            return f"{back_to} has everything that is on {branch}"
        query = {"head": f"{repository.owner}:{branch}", "base": back_to, "state": "open"}
        found = repository.get("pulls", needs="Pull requests: read", **query) or []
        body = {"title": title, "head": branch, "base": back_to, "body": f"What was merged to {branch}."}
        one = found[0] if found else repository.send("POST", "pulls", body, needs="Pull requests: write")
    except GateError as error:
        return f"Open a pull request from {branch} to {back_to}; the gate could not: {error}"
    return f"{title}: {one['html_url']}"
