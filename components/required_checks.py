"""Which checks the workflows of a repository can report on a pull request, and which required ones none of them does.

The context of a check is its job's name, or the job's id where it has none; never the workflow's name (GitHub
documentation: Workflow syntax, Troubleshooting required status checks). A workflow that a filter skips reports nothing.
"""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import yaml

BASE_URL = "https://api.github.com"
_PUBLIC = frozenset({"api.github.com", "github.com"})
_FOLDER = ".github/workflows"
_EVENTS = ("pull_request", "pull_request_target")
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_SETS_STATUS = "-m gate deploy "
"""In a workflow: it runs after each deploy, and gives its commit the status."""


class Unavailable(Exception):
    """The repository's workflows cannot be read; says why."""


@dataclass(frozen=True)
class Job:
    """A job of a workflow.

    Attributes:
        contexts: what it reports as; `*` stands for what only a run knows.
        on_pull_requests: branches of the pull requests that start it, those with a `!` not; empty where none does.
        filtered: by paths, so that some pull requests do not start it.
    """

    file: str
    workflow: str
    id: str
    contexts: tuple[str, ...]
    on_pull_requests: tuple[str, ...]
    filtered: bool


@dataclass(frozen=True)
class Unreported:
    """A required check that blocks pull requests.

    instead: what to require, empty where nothing comes near. filtered: also that only once its paths filter is gone.
    """

    check: str
    problem: str
    instead: str = ""
    filtered: bool = False

    def __str__(self) -> str:
        advice = f"require {self.instead!r} instead" if self.instead else "correct the name, or add a job that has it"
        advice += " and take the paths filter out of its workflow" if self.filtered else ""
        return f"{self.check!r}: {self.problem}, so it would block pull requests for ever; {advice}"


def jobs(files: Mapping[str, str]) -> list[Job]:
    """Every job of every workflow. Args: files: texts by path; what is no workflow is passed over."""
    return [job for file, text in sorted(files.items()) for job in _jobs(file, text)]


def sets_status(files: Mapping[str, str]) -> bool:
    """Whether a workflow has the gate set its commit status, which no job has to report. Args: files: texts by path."""
    return any(_SETS_STATUS in text for text in files.values())


def explain(
    required: Iterable[str], found: Collection[Job], branch: str, seen: Collection[str] = ()
) -> list[Unreported]:
    """The required checks that not every pull request to the branch gets reported.

    Args: seen: contexts of recent check runs and commit statuses, which need no workflow of this repository.
    """
    unreported = []
    for check in required:
        if check in seen:
            continue
        starting = [job for job in found if _starts(job, branch)]
        reporting = [job for job in starting if any(fnmatch.fnmatchcase(check, c) for c in job.contexts)]
        if not any(not job.filtered for job in reporting):
            unreported.append(_explained(check, reporting, starting, found))
    return unreported


def _explained(check: str, reporting: list[Job], starting: list[Job], found: Collection[Job]) -> Unreported:
    if reporting:
        job = reporting[0]
        return Unreported(check, f"pull requests outside the paths filter of {job.file} do not start it", check, True)
    for job in found:
        if check in job.contexts:
            return Unreported(check, f"no pull request to this branch starts {job.file}")
        if check == job.id:
            said = f"it is a job's id in {job.file}, whose name is {' or '.join(map(repr, job.contexts))}"
            return Unreported(check, said, job.contexts[0], job.filtered)
        if check == job.workflow:
            said = f"it is the name of the workflow {job.file}, not of a job"
            return Unreported(check, said, job.contexts[0], job.filtered)
    known = ", ".join(sorted({context for job in starting for context in job.contexts})) or "none"
    return Unreported(check, f"no job has this name (reported on pull requests: {known})")


def _jobs(file: str, text: str) -> Iterator[Job]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if not isinstance(content, dict) or not isinstance(content.get("jobs"), dict):
        return
    triggers = _triggers(content)
    events = [triggers[event] or {} for event in _EVENTS if event in triggers]
    branches = tuple(pattern for event in events for pattern in _branches(event))
    filtered = bool(events) and all("paths" in event or "paths-ignore" in event for event in events)
    for id_, job in content["jobs"].items():
        if isinstance(job, dict):
            yield Job(file, str(content.get("name") or file), str(id_), _contexts(str(id_), job), branches, filtered)


def _branches(event: dict[str, Any]) -> list[str]:
    """Patterns of the branches whose pull requests start it; what is left out has a `!` before it.

    One that new commits do not start leaves them without a report.
    """
    if "types" in event and "synchronize" not in _listed(event["types"]):
        return []
    return (_listed(event.get("branches")) or ["*"]) + [f"!{name}" for name in _listed(event.get("branches-ignore"))]


def _listed(value: Any) -> list[str]:
    """What may be written as a list or, where it is one, as a word."""
    return [value] if isinstance(value, str) else [str(one) for one in value or ()]


def _starts(job: Job, branch: str) -> bool:
    """The last pattern that matches decides (GitHub documentation: Workflow syntax, `on.<event>.<branches>`)."""
    matching = [p for p in job.on_pull_requests if fnmatch.fnmatchcase(branch, p.removeprefix("!"))]
    return bool(matching) and not matching[-1].startswith("!")


def _triggers(content: dict[Any, Any]) -> dict[str, Any]:
    on = content.get("on", content.get(True))  # YAML 1.1 reads `on` as true
    if isinstance(on, str):
        return {on: None}
    return on if isinstance(on, dict) else dict.fromkeys(on or ())


def _contexts(id_: str, job: dict[str, Any]) -> tuple[str, ...]:
    name = str(job.get("name") or id_)
    matrix = (job.get("strategy") or {}).get("matrix")
    if _EXPRESSION.search(name):
        return (_EXPRESSION.sub("*", name),)
    if "uses" in job:
        return (f"{name} / *",)
    if isinstance(matrix, str):
        return (f"{name} (*)",)
    if isinstance(matrix, dict):
        axes = [values for key, values in matrix.items() if key not in ("include", "exclude")]
        if all(isinstance(values, list) for values in axes) and axes:
            return tuple(f"{name} ({', '.join(map(str, row))})" for row in itertools.product(*axes))
        return (f"{name} (*)",)
    return (name,)


def rest_prefix(base_url: str) -> str:
    """Where below its base URL GitHub has the REST API: GitHub Enterprise Server has it at /api/v3, as the provider
    assumes of whatever is not github.com."""
    host = urlsplit(base_url or BASE_URL).hostname or ""
    return "" if host in _PUBLIC or host.endswith(".ghe.com") else "/api/v3"


def fetch(base_url: str, token: str, owner: str, repository: str, ref: str) -> dict[str, str]:
    """Texts of the repository's workflow files by path (docs.github.com/rest/repos/contents).

    Args: base_url: as `github:baseUrl`, empty for github.com.

    Raises: Unavailable.
    """
    contents = f"{rest_prefix(base_url)}/repos/{quote(owner)}/{quote(repository)}/contents/{_FOLDER}"
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
    base = (base_url or BASE_URL).rstrip("/").removesuffix("/api/v3")
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=_TIMEOUT) as client:
            listed = client.get(contents, params={"ref": ref}).raise_for_status().json()
            names = [one["name"] for one in listed if one["name"].endswith((".yml", ".yaml"))]
            raw = {"Accept": "application/vnd.github.raw+json"}
            return {
                f"{_FOLDER}/{name}": client.get(f"{contents}/{quote(name)}", params={"ref": ref}, headers=raw)
                .raise_for_status()
                .text
                for name in names
            }
    except httpx.HTTPStatusError as error:
        raise Unavailable(f"GitHub answered {error.response.status_code} to {error.request.url.path}") from None
    except (httpx.HTTPError, ValueError, TypeError, KeyError) as error:
        raise Unavailable(f"GitHub: {type(error).__name__}") from None
