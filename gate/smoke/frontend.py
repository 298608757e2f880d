"""The checks of the frontend: its pages load (plan 3.2), call this backend, and pass the team's own tests.

They run no JavaScript; the team's own tests, such as Playwright's, may.
"""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import httpx

from gate.common.process import NotFinished, run_command
from gate.common.redaction import Redactor, environment_secrets
from gate.smoke.client import Failed, Skipped, Visit

_ERRORS = ("__next_error__", "Application error: a client-side exception has occurred")
"""What Next.js puts into an error page, which may have status 200."""
_SCRIPT = re.compile(r"""<script[^>]+src=["']([^"']+)["']""")
_ADDRESS = re.compile(r"https://[A-Za-z0-9-]+\.onrender\.com")
_MOST_SCRIPTS = 40
_SHOWN = 300
"""How many characters of the end of its output a failure shows."""


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
    seen = f"{path}: status {answer.status_code}, content-type {kind}{', an error page' if broken else ''}"
    fix = fixes.get(answer.status_code, "read the project's logs at Vercel")
    raise Failed(seen, "status 200 and an HTML document", fix)


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
        fix = "correct NEXT_PUBLIC_API_BASE_URL at Vercel (pulumi up), and redeploy the frontend: the build keeps it"
        raise Failed(f"its scripts call {', '.join(sorted(others))}", f"calls to {backend}", fix)
    raise Skipped("its scripts name no address of an API")


def own_suite(visit: Visit, _subject: str) -> str:
    """Run the team's own tests, a command of the stack file with a time limit.

    Expect that it ends with 0 and in time, and that its JUnit file, if one is named, holds a test and no failure.
    It gets BACKEND_URL and FRONTEND_URL, and what is in the environment.
    """
    wanted = visit.smoke.suite
    assert wanted is not None
    addresses = {"BACKEND_URL": visit.target.backend_url, "FRONTEND_URL": visit.target.frontend_url}
    junit = Path(wanted.folder, wanted.junit) if wanted.junit else None
    if junit:
        junit.unlink(missing_ok=True)  # of an earlier run
    seconds = min(wanted.timeout_seconds, visit.left)
    try:
        code, output = run_command(wanted.command, wanted.folder, {**visit.environ, **addresses}, seconds)
    except OSError as error:
        raise Failed(f"{wanted.command}: {error.strerror}", "a command that runs", "correct smoke.suite") from None
    except NotFinished:
        late = f"not finished within {seconds:.0f} s"
        raise Failed(late, "an end in time", "raise smoke.suite.timeoutSeconds") from None
    if code:
        end = Redactor(environment_secrets(visit.environ)).text(output)[-_SHOWN:]
        raise Failed(f"ended with {code}: {end}", "0", "read its report, and check what it tests")
    return _counted(junit) if junit else "ended with 0"


def _counted(junit: Path) -> str:
    try:
        cases = list(ElementTree.parse(junit).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        raise Failed(f"{junit}: {type(error).__name__}", "a JUnit file", "correct smoke.suite.junit") from None
    bad = [case.get("name", "") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    if bad or not cases:
        names = ", ".join(bad)
        said = f"{len(bad)} of {len(cases)} failed{names and f': {names}'}"
        raise Failed(said[:_SHOWN], "tests that pass", "read its report")
    return f"{len(cases)} tests"
