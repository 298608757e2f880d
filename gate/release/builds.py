"""The frontend's build that belongs to a commit. Vercel builds nothing for commits that did not change the frontend."""

from itertools import islice
from typing import NamedTuple

from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.release.branch_builds import build_end
from gate.release.frontend import VercelProject
from gate.vendors.repository import Repository
from gate.vendors.vercel import commit_of

_LISTED = 300
"""The most files that GitHub lists of a comparison. If there are this many, more may have changed."""
_MOST_LOOKS = 10


class Build(NamedTuple):
    """One build.

    Attributes:
        id: at Vercel; empty if there is none.
        sha: the commit that it was made of.
        note: what is special about it; if there is no build, what is wrong.
    """

    id: str = ""
    sha: str = ""
    note: str = ""


def wait_for_build(sha: str, frontend: VercelProject, repository: Repository, root: str, budget: Budget) -> Build:
    """Wait until Vercel has built a commit, because a release may follow the merge at once.

    Args:
        root: folder of the frontend in the repository.

    Raises:
        VendorError: Vercel or GitHub cannot be read.
    """
    try:
        state = build_end(lambda: frontend.state_of(sha), sha, budget)
    except StepFailed as error:
        return Build(note=str(error))
    if state == "ERROR":
        return Build(note=f"it failed: see its log, {frontend.name}, Deployments. Repair it, and tag the repair")
    return build_of(sha, frontend, repository, root)


def build_of(sha: str, frontend: VercelProject, repository: Repository, root: str) -> Build:
    """Return the ready production build of a commit. If Vercel made none, return that of an earlier, equal frontend.

    Raises:
        VendorError: Vercel or GitHub cannot be read.
    """
    if found := frontend.build_of(sha):
        return Build(found["uid"], sha)
    for found in islice(frontend.ready_builds(), _MOST_LOOKS):
        earlier = commit_of(found)
        files = repository.changed(earlier, sha) if earlier else None
        if files is None:
            continue
        names = [name for file in files for name in (file.name, file.before) if name]
        inside = [name for name in names if root in ("", ".") or name.startswith(f"{root.strip('/')}/")]
        if inside or len(files) >= _LISTED:
            changed = inside[0] if inside else "many files"
            return Build(note=f"Vercel has none, although {changed} changed since {earlier[:7]}: {_redeploy(frontend)}")
        return Build(found["uid"], earlier, f"the frontend did not change since {earlier[:7]}, whose build is used")
    return Build(note=f"Vercel has none that is ready: {_redeploy(frontend)}")


def _redeploy(frontend: VercelProject) -> str:
    return (
        "push the commit with the Git integration on, or redeploy its build for production in the dashboard of "
        f"{frontend.name}, then run this again"
    )
