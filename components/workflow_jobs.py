"""Reads which jobs a repository's workflow files have, and what GitHub calls the checks that they report.

A check is called like its job's `name:`, or like the job's id without one. A matrix adds its values in brackets, and a
called workflow adds its own jobs after a slash (docs.github.com/en/actions: Workflow syntax, Running variations of jobs
in a workflow, Reuse workflows). The files are other people's: what is not understood is skipped, and named.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from components.stack_file import PLAIN, compose

FOLDER = ".github/workflows"
_EVENTS = ("pull_request", "pull_request_target")
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_MOST_ROWS = 256
"""The most jobs that GitHub makes of one matrix."""
_LONGEST = 100
_MOST_LOOKED_AT = 10_000
"""Combinations, before those that `exclude` leaves out are taken away."""
_ANYTHING = ("*", "**")


@dataclass(frozen=True)
class Job:
    """A job of a workflow.

    Attributes:
        contexts: the names that it reports; `*` stands for what only a run knows.
        on_pull_requests: branches of the pull requests that start it, those with a `!` excluded; empty if none does.
        on_pushes: branches whose pushes start it. It then reports on pull requests from these.
        filtered: by paths, so that some pull requests do not start it.
    """

    file: str
    workflow: str
    id: str
    contexts: tuple[str, ...]
    on_pull_requests: tuple[str, ...]
    on_pushes: tuple[str, ...]
    filtered: bool

    def starts_on_pull_requests_to(self, branch: str) -> bool:
        """Whether a pull request to the branch starts it."""
        return matches(self.on_pull_requests, branch)

    @property
    def every_pull_request(self) -> bool:
        """Whether its pushes are those of every branch."""
        return any(one in _ANYTHING for one in self.on_pushes) and not any(
            one.startswith("!") for one in self.on_pushes
        )


@dataclass(frozen=True)
class Workflows:
    """What the files say.

    Attributes:
        passed_over: files that are not understood.
    """

    jobs: tuple[Job, ...]
    passed_over: tuple[str, ...] = ()


def read(files: Mapping[str, str]) -> Workflows:
    """Return every job of every workflow.

    Args:
        files: texts by path.
    """
    found: list[Job] = []
    passed_over = []
    contents: dict[str, Any] = {}
    for file, text in sorted(files.items()):
        try:
            contents[file] = _content(node) if (node := compose(text)) else None
        except (yaml.YAMLError, ValueError, RecursionError):
            passed_over.append(file)
    for file, content in contents.items():
        try:
            found += _jobs(file, content, contents)
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
            passed_over.append(file)  # any YAML may stand in a workflow's place, an anchor within itself too
    return Workflows(tuple(found), tuple(passed_over))


def _content(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {_text(_content(key)): _content(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_content(inner) for inner in node.value]
    return _meant(node.value) if node.tag == PLAIN else node.value


_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0x[0-9a-fA-F]+|0o[0-7]+", re.ASCII)


def _meant(plain: str) -> Any:
    """Return what GitHub makes of a value without quotes.

    That is YAML 1.2's core schema, where `on` is text and 3.10 is 3.1, shown with 15 digits (actions/runner,
    YamlObjectReader).
    """
    if plain in _WORDS or plain in ("Null", "NULL", "True", "TRUE", "False", "FALSE"):
        return _WORDS[plain.lower()]
    if not _NUMBER.fullmatch(plain):
        return plain
    return f"{int(plain, 0) if plain[:2] in ('0x', '0o') else float(plain):.15G}"


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether the patterns match. The last one that matches decides (Workflow syntax, Filter pattern cheat sheet)."""
    fitting = [one for one in patterns if _pattern(one.removeprefix("!")).fullmatch(name)]
    return bool(fitting) and not fitting[-1].startswith("!")


def _pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression: `*` stops at a slash, `**` does not; `?` and `+` repeat; brackets are sets."""
    parts = re.split(r"(\*\*|\*|\?|\+|\[[^\]]*\]|\\.)", text)
    kept = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    written = (kept.get(part) or (part if part[:1] in ("[", "\\") else re.escape(part)) for part in parts)
    try:
        return re.compile("".join(written))
    except re.error:
        return re.compile(re.escape(text))


def _jobs(file: str, content: Any, files: Mapping[str, Any]) -> Iterator[Job]:
    if not isinstance(content, dict) or not isinstance(content.get("jobs"), dict):
        return
    on = content.get("on")
    triggers = on if isinstance(on, dict) else dict.fromkeys(_listed(on))
    events = [_mapping(triggers[event]) for event in _EVENTS if event in triggers]
    pulls = tuple(pattern for event in events for pattern in _branches(event))
    push = _mapping(triggers.get("push"))
    only_tags = {"tags", "tags-ignore"} & push.keys() and not {"branches", "branches-ignore"} & push.keys()
    pushes = () if "push" not in triggers or only_tags else tuple(_branches(push))
    ways = [*events, *([push] if pushes else [])]
    filtered = bool(ways) and all("paths" in way or "paths-ignore" in way for way in ways)
    for id_, job in content["jobs"].items():
        if isinstance(job, dict):
            contexts = tuple(_contexts(id_, job, files))
            yield Job(file, _text(content.get("name") or file), id_, contexts, pulls, pushes, filtered)


def _branches(event: Mapping[str, Any]) -> list[str]:
    """Return patterns of the branches that start it; an excluded one has a `!` before it.

    A workflow that new commits of a pull request do not start leaves them without a report.
    """
    if "types" in event and "synchronize" not in _listed(event["types"]):
        return []
    return (_listed(event.get("branches")) or ["**"]) + [f"!{name}" for name in _listed(event.get("branches-ignore"))]


def _contexts(id_: str, job: dict[Any, Any], files: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Return what a job reports, once for each row of its matrix."""
    name = _text(job.get("name") or id_)
    for row in _rows(job.get("strategy")):
        shown = _EXPRESSION.sub(partial(_value_of, row=row), name)
        if row is None:
            has_matrix = isinstance(job.get("strategy"), dict)
            names = [shown] if "*" in shown else [f"{shown} (*)", *([] if has_matrix else [shown])]
        elif shown == name and row:
            names = [_with_values(name, [value for values in row.values() for value in values if value])]
        else:
            names = [shown]
        if "uses" not in job:
            yield from names
            continue
        for inner in _called(job["uses"], files, depth):
            yield from (f"{one} / {inner}" for one in names)


def _with_values(name: str, values: list[str]) -> str:
    """Return a row as the runner shows it: without what is empty, and cut at 100 characters (JobDisplayNameBuilder)."""
    shown = f"{name} ({', '.join(values)})" if values else name
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def _called(uses: Any, files: Mapping[str, Any], depth: int) -> list[str]:
    """Return what the jobs of a called workflow report; `*` for one of another repository."""
    content = files.get(_text(uses).removeprefix("./")) if depth < 4 else None
    if not isinstance(content, dict) or not isinstance(content.get("jobs"), dict):
        return ["*"]
    jobs = [(id_, job) for id_, job in content["jobs"].items() if isinstance(job, dict)]
    return [name for id_, job in jobs for name in _contexts(id_, job, files, depth + 1)]


_Row = dict[str, list[str]]


def _rows(strategy: Any) -> list[_Row | None]:
    """Return each row's values by key, in order: an empty row without a matrix, None for one that only a run knows.

    A row of `include` is added to every combination whose own values it keeps, or else is a row of its own (Running
    variations of jobs in a workflow: Expanding or adding matrix configurations).
    """
    if isinstance(strategy, str):
        return [None]
    matrix = _mapping(strategy).get("matrix")
    if not isinstance(matrix, dict):
        return [{} if matrix is None else None]
    axes = {key: values for key, values in matrix.items() if key not in ("include", "exclude")}
    listed = [*axes.values(), matrix.get("include", []), matrix.get("exclude", [])]
    if not all(isinstance(values, list) for values in listed) or _computed(listed):
        return [None]
    rows = itertools.islice(itertools.product(*axes.values()), _MOST_LOOKED_AT)
    combinations = [dict(zip(axes, row, strict=True)) for row in rows] if axes else []
    left_out = [_mapping(one) for one in matrix.get("exclude", [])]
    kept = [row for row in combinations if not any(one and one.items() <= row.items() for one in left_out)][:_MOST_ROWS]
    originals, alone = [dict(row) for row in kept], []
    for extra in (_mapping(one) for one in matrix.get("include", [])):
        fitting = [n for n, row in enumerate(originals) if all(row[k] == v for k, v in extra.items() if k in row)]
        for n in fitting:
            kept[n] = kept[n] | extra
        if not fitting:
            alone.append(extra)
    return [{k: _flat(v) for k, v in row.items()} for row in [*kept, *alone]]


def _computed(values: list[Any]) -> bool:
    """Whether a list holds an expression, which may stand for anything."""
    return any(isinstance(one, str) and _EXPRESSION.search(one) for listed in values for one in listed)


def _value_of(expression: re.Match[str], row: _Row | None) -> str:
    """Return what an expression in a name says, if that is one value of the matrix."""
    key = expression[1].removeprefix("matrix.")
    return ", ".join(row[key]) if row and key != expression[1] and key in row else "*"


def _flat(value: Any) -> list[str]:
    """Return a value as GitHub shows it: an object by its values."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _flat(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _flat(inner)]
    return [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[str]:
    """Return a list of what may be written as a list or as one word."""
    if value is None or isinstance(value, dict):
        return []
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]
