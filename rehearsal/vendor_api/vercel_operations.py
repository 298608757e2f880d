"""What Vercel lets its endpoints be asked with; anything else is refused, as its JSON schemas do.

From the request types of @vercel/sdk, which is made from Vercel's description: a test compares the two.
"""

from fnmatch import fnmatchcase

from .wire import Answer, Request

_PAGES = frozenset({"limit", "since", "until"})
_TEAM = frozenset({"teamId", "slug"})
QUERIES: dict[str, frozenset[str]] = {
    "GET deployments": frozenset(
        {
            *("app", "from", "to", "projectId", "projectIds", "target", "users", "state", "rollbackCandidate"),
            *("branch", "sha", *_PAGES),
        }
    ),
    "GET deployments/*": frozenset({"withGitRepoInfo"}),
    "DELETE deployments/*": frozenset({"url"}),
    "GET domains/*/config": frozenset({"projectIdOrName", "strict"}),
    "GET domains/*/records": _PAGES,
    "GET projects": frozenset(
        {
            *("from", "gitForkProtection", "limit", "search", "repo", "repoId", "repoUrl", "excludeRepos"),
            *("edgeConfigId", "edgeConfigTokenId", "deprecated", "elasticConcurrencyEnabled", "staticIpsEnabled"),
            *("buildMachineTypes", "buildQueueConfiguration"),
        }
    ),
    "GET projects/*": frozenset(),
    "GET projects/*/domains": frozenset(
        {
            *("production", "target", "customEnvironmentId", "gitBranch", "redirects", "redirect", "verified"),
            *("order", *_PAGES),
        }
    ),
    "GET projects/*/domains/*": frozenset(),
    "GET projects/*/env": frozenset({"gitBranch", "decrypt", "source", "customEnvironmentId", "customEnvironmentSlug"}),
    "GET projects/*/env/*": frozenset(),
    "POST projects/*/promote/*": frozenset(),
    "POST projects/*/rollback/*": frozenset({"description"}),
    "GET teams/*": frozenset(),
}
_STATES = frozenset({"BUILDING", "ERROR", "INITIALIZING", "QUEUED", "READY", "CANCELED", "BLOCKED"})


def refused(request: Request) -> Answer | None:
    """400 where the query or the body has something that Vercel does not know there."""
    asked = f"{request.method} {'/'.join(request.path[1:])}"
    known = next(
        (q for key, q in QUERIES.items() if fnmatchcase(asked, key) and key.count("/") == asked.count("/")), None
    )
    if known is None:
        return None
    body = request.body if isinstance(request.body, dict) else {}
    if unknown := [*sorted(request.query.keys() - known - _TEAM), *body]:
        return _bad(f"should NOT have additional property `{unknown[0]}`.")
    if states := sorted({*filter(None, request.query.get("state", "").split(","))} - _STATES):
        return _bad(f"`state` should be equal to one of the allowed values; got {states[0]}")
    if not request.query.get("limit", "1").isdigit() or request.number("limit", 1) > 100:
        return _bad("`limit` should be <= 100")
    return None


def _bad(text: str) -> Answer:
    return Answer(400, {"error": {"code": "bad_request", "message": f"Invalid request: {text}"}})
