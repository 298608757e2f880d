"""The team's own tests of what serves (Playwright or anything else): a command of the stack file, with a time limit."""

from pathlib import Path
from xml.etree import ElementTree

from gate.common.process import NotFinished, run_command
from gate.common.redaction import Redactor, environment_secrets
from gate.smoke.client import Failed, Visit

_SHOWN = 300
"""How many characters of the end of its output a failure shows."""


def own_suite(visit: Visit, _subject: str) -> str:
    """Expect that it ends with 0 and in time, and that its JUnit file, if one is named, holds a test and no failure.

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
        said = f"{len(bad)} of {len(cases)} failed: {', '.join(bad)}"
        raise Failed(said[:_SHOWN], "tests that pass", "read its report")
    return f"{len(cases)} tests"
