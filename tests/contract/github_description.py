"""GitHub's published description of its REST API, as `githubkit` has it: models of every request and answer.

The package generates one method an operation. Its source says the path, the model of the body and that of the answer;
they are read here, so that any exchange with the simulator can be judged without a list of our own.

The simulator's own table is generated from it (`python -m tests.contract.github_description`): what a body may hold,
and a plain value for each field of an answer that the simulator does not model.
"""

from __future__ import annotations

import ast
import datetime
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from githubkit.utils import UNSET, Unset
from pydantic import BaseModel, TypeAdapter, ValidationError

from rehearsal.vendor_api.wire import Answer, Request

PACKAGE = "githubkit_schemas.v2022_11_28"
"""The version that the program's requests name in X-GitHub-Api-Version."""
_TOPICS = ("actions", "apps", "checks", "git", "issues", "pulls", "repos", "users")


@dataclass(frozen=True)
class Operation:
    """One of the description's operations. answer, body: names of models; empty where there is none."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    body: str
    answer: str

    def fits(self, method: str, path: str) -> bool:
        return method == self.method and bool(_pattern(self.path).fullmatch(path))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """A branch's or a file's name may hold slashes where it is the last part."""
    kinds = {"ref": ".+", "path": ".+", "branch": "[^/]+"}
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(kinds.get(p, "[^/]+") if i % 2 else re.escape(p) for i, p in enumerate(parts)))


@cache
def operations() -> tuple[Operation, ...]:
    folder = Path(str(find_spec(f"{PACKAGE}.rest").origin)).parent  # type: ignore[union-attr]
    return tuple(one for topic in _TOPICS for one in _operations(topic, (folder / f"{topic}.py").read_text()))


def _operations(topic: str, source: str) -> Iterator[Operation]:
    """Every method that is no `async` twin and no overload: it has the request."""
    (client,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    for method in client.body:
        if not isinstance(method, ast.FunctionDef) or method.decorator_list:
            continue
        url = next((n.value for n in method.body if isinstance(n, ast.Assign) and _named(n.targets[0], "url")), None)
        if url is None:
            continue
        path = "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"  # type: ignore[attr-defined]
            for part in (url.values if isinstance(url, ast.JoinedStr) else [url])
        )
        (call,) = (n for n in ast.walk(method) if isinstance(n, ast.Call) and _asks(n))
        answers = [ast.unparse(k.value) for k in call.keywords if k.arg == "response_model"]
        bodies = [n for n in ast.walk(method) if isinstance(n, ast.Call) and _named(n.func, "type_validate_python")]
        queries = [n.value for n in method.body if isinstance(n, ast.Assign) and _named(n.targets[0], "params")]
        yield Operation(
            f"{topic}/{method.name}",
            ast.literal_eval(call.args[0]),
            path,
            frozenset(key.value for query in queries for key in query.keys),  # type: ignore[attr-defined]
            ast.unparse(bodies[0].args[0]) if bodies else "",
            answers[0] if answers else "",
        )


def _named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _asks(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "request"


def operation(method: str, path: str) -> Operation | None:
    """The operation of a request. Args: path: below the API's base. The one with the fewest placeholders wins."""
    found = [one for one in operations() if one.fits(method, path)]
    return min(found, key=lambda one: (one.path.count("{"), -len(one.path)), default=None)


@cache
def _type(expression: str) -> Any:
    models = importlib.import_module(f"{PACKAGE}.models")
    scope = {"Union": Union, "Any": Any, "UNSET": UNSET, "list": list, "dict": dict, "str": str}
    scope |= {name: getattr(models, name) for name in re.findall(r"[A-Z]\w+", expression) if hasattr(models, name)}
    return eval(expression, scope)


@cache
def _adapter(expression: str) -> TypeAdapter[Any]:
    return TypeAdapter(_type(expression))


def complaints(request: Request, answer: Answer) -> Iterator[str]:
    """What is wrong with an exchange that succeeded. Args: request: to `/api/v3/repos/{owner}/{repo}`."""
    path = f"/{request.path.removeprefix('api/v3/')}"
    one = operation(request.method, path)
    if one is None:
        yield f"{request.method} {path}: the description has no such operation"
        return
    raw = answer.status == 204 or "raw" in request.headers.get("accept", "")  # nothing, or a file's text
    found = [] if raw else [f"answer: {said}" for said in unreadable(one, answer.content)]
    found += [f"request: {said}" for said in inexpressible(one, dict(request.query), request.body)]
    yield from (f"{one.name}: {said}" for said in found)


def unreadable(one: Operation, answer: Any) -> list[str]:
    """What the client's model does not find, or finds otherwise, in a successful answer."""
    if not one.answer:
        return [] if answer in (None, "", {}) else ["the description knows no content of this answer"]
    return _problems(one.answer, answer)


def inexpressible(one: Operation, query: dict[str, str], body: Any) -> list[str]:
    """What the client could not say: a query or a field that it does not know, a value that its model refuses."""
    found = [f"query {name}: unknown" for name in sorted(query.keys() - one.query)]
    if body is None:
        return found
    if not one.body:
        return [*found, "a body, where none is known"]
    unknown = body.keys() - _fields(_type(one.body)) if isinstance(body, dict) else set()
    return [*found, *(f"{name}: unknown" for name in sorted(unknown)), *_problems(one.body, body)]


def _problems(expression: str, value: Any) -> list[str]:
    try:
        _adapter(expression).validate_python(value)
    except ValidationError as error:
        return sorted({f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()})
    return []


def _fields(model: Any) -> set[str]:
    """Names that any member of a union knows, as they go over the wire."""
    if get_origin(model) in (Union, UnionType):
        return {name for one in get_args(model) for name in _fields(one)}
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {field.alias or name for name, field in model.model_fields.items()}
    return set()


def known(path: str) -> str:
    """A path as the simulator's table has it: below the repository, one `*` for each placeholder."""
    return re.sub(r"\{\w+\}", "*", path.removeprefix("/repos/{owner}/{repo}").lstrip("/"))


def entry(one: Operation) -> dict[str, Any]:
    """One operation in the simulator's table."""
    found: dict[str, Any] = {}
    if one.body:
        found["body"] = _body(_type(one.body))
    if one.answer:
        found["answer"] = _template(_type(one.answer), "")
    return found


def _body(model: Any) -> dict[str, Any]:
    """What must be there, what may be there, and the values of those that are one of a list."""
    if get_origin(model) in (Union, UnionType):
        models = [one for one in get_args(model) if hasattr(one, "model_fields")]
        return _body(models[0]) if models else {}
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    values = {name: _values(field.annotation) for name, field in fields.items()}
    return {
        "required": [name for name, field in fields.items() if field.is_required()],
        "allowed": list(fields),
        "values": {name: found for name, found in values.items() if found},
    }


def _values(annotation: Any) -> list[Any]:
    members = [annotation] if get_origin(annotation) is Literal else get_args(annotation)
    literals = [one for one in members if get_origin(one) is Literal]
    return [value for one in literals for value in get_args(one) if isinstance(value, str) and value != "UNSET"]


_EXAMPLES: dict[Any, Any] = {bool: False, int: 1, float: 0, datetime.datetime: "2025-01-01T00:00:00Z"}
_FOLLOWED = frozenset(
    {
        *("conditions", "rules", "bypass_actors", "user", "creator", "app", "commits", "parents", "statuses"),
        *("check_runs", "reviewers", "reviewer", "required_pull_request_reviews", "required_status_checks"),
        *("enforce_admins", "allow_force_pushes", "allow_deletions", "files"),
        *("required_conversation_resolution", "protection_rules", "deployment_branch_policy"),
        *("branch_policies", "variables", "secrets", "ref_name", "parameters", "environment", "head", "base"),
        *("committer", "author", "object", "commit", "tree", "tagger", "workflow_runs"),
    }
)
"""Fields whose parts the simulator says something about; of the others, what they hold is enough."""


def _template(model: Any, name: str) -> Any:
    """A plain value; of an object each required field, and as `?field` what a value there is completed with."""
    origin, members = get_origin(model), get_args(model)
    if origin is Annotated:
        return _template(members[0], name)
    if origin in (Union, UnionType):
        kept = [one for one in members if one is not Unset and one is not type(None) and "UNSET" not in str(one)]
        return _template(kept[0], name)
    if origin is Literal:
        return members[0]
    if origin in (list, dict):
        return [_template(members[0], name)] if origin is list else {}
    if model is str:
        links = f"https://api.github.com/{name.removesuffix('_url')}"
        return links if name == "url" or name.endswith("_url") else "0" * 40 if name.endswith("sha") else name
    if isinstance(model, type) and issubclass(model, BaseModel):
        return _object(model)
    return _EXAMPLES.get(model)


def _object(model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for own, field in model.model_fields.items():
        name = field.alias or own
        optional = type(None) in get_args(field.annotation)
        if not field.is_required() and name not in _FOLLOWED:
            continue
        inner = _template(field.annotation, name)
        if field.is_required():
            found[name] = None if optional else [] if isinstance(inner, list) else inner
        if name in _FOLLOWED and isinstance(inner, list | dict) and inner != found.get(name):
            found[f"?{name}"] = inner
    return found


TABLE = Path(__file__).resolve().parents[2] / "rehearsal" / "vendor_api" / "github_operations.json"


def table(keys: list[str]) -> dict[str, Any]:
    """Args: keys: method and path of each operation, as the table has them."""
    by_key = {f"{one.method} {known(one.path)}".strip(): one for one in operations()}
    return {key: entry(by_key[key]) for key in keys}


if __name__ == "__main__":
    rows = table(list(json.loads(TABLE.read_text())))
    TABLE.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()) + "\n}\n")
