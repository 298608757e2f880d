"""The checks of the frontend: its pages load (plan 3.2), and call this environment's backend. It runs no JavaScript."""

import re
from urllib.parse import urljoin, urlsplit

import httpx

from gate.smoke.client import Failed, Skipped, Visit

_ERRORS = ("__next_error__", "Application error: a client-side exception has occurred")
"""What Next.js puts into an error page, which may have status 200."""
_SCRIPT = re.compile(r"""<script[^>]+src=["']([^"']+)["']""")
_ADDRESS = re.compile(r"https://[A-Za-z0-9-]+\.onrender\.com")
_MOST_SCRIPTS = 40


def page(visit: Visit, path: str) -> str:
    """Expect status 200 and an HTML document that is no error page, from the frontend's own host."""
    return _checked(visit.once(f"page {path}", lambda: visit.page(path)), path)


def _checked(answer: httpx.Response, path: str) -> str:
    kind = answer.headers.get("content-type", "missing")
    broken = [mark for mark in _ERRORS if mark in answer.text]
    if answer.status_code == 200 and kind.startswith("text/html") and "<html" in answer.text.lower() and not broken:
        return "loads"
    fixes = {
        401: "the deployment is protected: open the domain at Vercel, or set VERCEL_AUTOMATION_BYPASS_SECRET",
        404: "check at Vercel, in the project's Domains, which deployment serves it; check smoke.pages",
    }
    raise Failed(
        f"{path}: status {answer.status_code}, content-type {kind}{', an error page' if broken else ''}",
        "status 200 and an HTML document",
        fixes.get(answer.status_code, "read the project's logs at Vercel"),
    )


def calls(visit: Visit, path: str) -> str:
    """Compare the address of the API that Vercel built into a page's scripts (NEXT_PUBLIC_API_BASE_URL)."""
    backend = visit.target.backend_url
    answer = visit.once(f"page {path}", lambda: visit.page(path))
    own = urlsplit(visit.target.frontend_url).netloc
    scripts = [urljoin(str(answer.url), src) for src in _SCRIPT.findall(answer.text)]
    others: set[str] = set()
    for script in [one for one in scripts if urlsplit(one).netloc == own][:_MOST_SCRIPTS]:
        parts = urlsplit(script)
        text = visit.page(f"{parts.path}?{parts.query}" if parts.query else parts.path).text
        if backend in text:
            return f"calls {backend}"
        others.update(_ADDRESS.findall(text))
    if others:
        raise Failed(
            f"its scripts call {', '.join(sorted(others))}",
            f"calls to {backend}",
            "correct NEXT_PUBLIC_API_BASE_URL at Vercel (pulumi up), and redeploy the frontend: the build keeps it",
        )
    raise Skipped("its scripts name no address of an API")
