"""Render's own Python client (`render.public_api`, generated from its API) as the judge of what goes over the wire.

The client has a module for each endpoint and a model for each body. `judge` finds the module of an exchange and says
what of the exchange the client could not send or could not read. `shapes` makes JSON schemas of the request models.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import attrs
import httpx
from render.public_api import api, models
from render.public_api.client import AuthenticatedClient
from render.public_api.types import Unset

Json = dict[str, Any]

DETAILS = {
    "web_service": "WebServiceDetails",
    "private_service": "PrivateServiceDetails",
    "background_worker": "BackgroundWorkerDetails",
    "cron_job": "CronJobDetails",
    "static_site": "StaticSiteDetails",
}
CLIENT = AuthenticatedClient(base_url="https://api.render.test/v1", token="rnd_x", raise_on_unexpected_status=True)


@dataclass(frozen=True)
class Endpoint:
    """One operation of the client."""

    module: Any
    method: str
    pattern: re.Pattern[str]
    query: frozenset[str]
    body: str = ""
    """The body's annotation in the client's source."""
    literal: int = field(default=0)
    """How many letters of the path are no parameter: the most literal pattern wins."""


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every operation of the client."""
    return tuple(sorted(_endpoints(), key=lambda one: -one.literal))


def _endpoints() -> Iterator[Endpoint]:
    for package in pkgutil.iter_modules(api.__path__):
        inside = importlib.import_module(f"{api.__name__}.{package.name}")
        for found in pkgutil.iter_modules(inside.__path__):
            module = importlib.import_module(f"{inside.__name__}.{found.name}")
            source = inspect.getsource(module._get_kwargs)
            method, url = re.search(r'"method": "(\w+)"', source), re.search(r'"url": f?"([^"]*)"', source)
            assert method
            assert url, found.name
            parameters = re.search(r"body: (.*),\n", source)
            yield Endpoint(
                module,
                method.group(1).upper(),
                re.compile(re.sub(r"\{\w+\}", "[^/]+", url.group(1))),
                frozenset(re.findall(r'params\["(\w+)"\]', source)),
                parameters.group(1) if parameters else "",
                len(re.sub(r"\{\w+\}", "", url.group(1))),
            )


def find(method: str, path: str) -> Endpoint | None:
    """The client's operation for a request."""
    return next((one for one in endpoints() if one.method == method and one.pattern.fullmatch(path)), None)


def judge(
    method: str, path: str, query: Mapping[str, Sequence[str]], body: bytes, status: int, answer: bytes
) -> list[str]:
    """What the client could not express of a request that was taken, or could not read of its answer.

    Args:
        path: below /v1.
    """
    return _judged(method, path, frozenset(query), body, status, answer)


@cache
def _judged(method: str, path: str, filters: frozenset[str], body: bytes, status: int, answer: bytes) -> list[str]:
    """One exchange, which tests of faults repeat by the thousand."""
    place = f"{method} {path}"
    if (endpoint := find(method, path)) is None:
        return [] if status >= 400 else [f"{place}: the client has no such endpoint"]
    response = httpx.Response(status, content=answer)
    if status >= 400:  # which statuses an operation has is not told completely
        return [f"{place} {status}: {one}" for one in _problems(models.Error, response.json())]
    problems = [f"{place}: no such filter: {name}" for name in filters - endpoint.query]
    problems += [f"{place} request: {one}" for one in _unsendable(endpoint, body)]
    try:
        parsed = endpoint.module._parse_response(client=CLIENT, response=response)
    except Exception as error:
        return [*problems, f"{place} {status}: the client cannot read {answer.decode()[:400]}: {error!r}"]
    sent = response.json() if answer else None
    return problems + [f"{place} {status}: {one}" for one in _unknown(parsed, sent)]


def _unsendable(endpoint: Endpoint, body: bytes) -> Iterator[str]:
    """What of a body the models cannot express."""
    if not endpoint.body or "Request" in endpoint.body:  # multipart
        return
    sent = json.loads(body) if body else {}
    for item in sent if endpoint.body.startswith("list[") else [sent]:
        yield from _against(endpoint.body.removeprefix("list[").removesuffix("]"), item)


def _against(annotation: str, item: Json) -> Iterator[str]:
    names = re.findall(r"[A-Z]\w+", annotation.replace("Union", ""))
    found = [list(_problems(getattr(models, name), item)) for name in names]
    if all(found):
        yield from found[0]


def _problems(model: Any, item: Json) -> Iterator[str]:
    try:
        parsed = model.from_dict(item)
        parsed.to_dict()
    except Exception as error:
        yield f"{model.__name__} cannot hold {item}: {error!r}"
        return
    if "type" in item and model.__name__ == "ServicePOST" and "serviceDetails" in item:
        yield from _problems(getattr(models, DETAILS[item["type"]] + "POST"), item["serviceDetails"])
        return
    yield from _unknown(parsed, item)


def _unknown(parsed: Any, sent: Any, place: str = "") -> Iterator[str]:
    """Fields that the models do not have, wherever they are; serviceDetails are compared by the service's type."""
    if isinstance(parsed, list):
        for one, other in zip(parsed, sent, strict=True):
            yield from _unknown(one, other, place + "[]")
        return
    if not attrs.has(type(parsed)) or not isinstance(sent, Mapping):
        return
    name = type(parsed).__name__
    if isinstance(parsed, models.Service):
        details = getattr(models, DETAILS[sent["type"]])
        yield from _problems(details, sent["serviceDetails"])
    extra = getattr(parsed, "additional_properties", {})
    if extra and not name.endswith("Overrides"):
        yield f"{place or name} has {sorted(extra)}, which {name} does not have"
    for attribute in attrs.fields(type(parsed)):
        value = getattr(parsed, attribute.name)
        if attribute.name in ("additional_properties", "service_details"):
            continue
        if attribute.name == "env_specific_details" and not isinstance(value, Unset):
            yield from _commands(name, sent["envSpecificDetails"])
            continue
        key = next((k for k in sent if k.replace("_", "").lower() == attribute.name.replace("_", "").lower()), None)
        if key is not None:
            yield from _unknown(value, sent[key], f"{place}.{key}")


def _commands(owner: str, sent: Json) -> Iterator[str]:
    """The generated code takes the first of two models that raises nothing; here it is the one that is meant."""
    kind = "NativeEnvironment" if {"buildCommand", "startCommand"} & sent.keys() else "Docker"
    ending = next((ending for ending in ("POST", "PATCH") if owner.endswith(ending)), "")
    yield from _problems(getattr(models, f"{kind}Details{'' if owner == 'CronJobDetailsPOST' else ending}"), sent)


# Schemas of request bodies


def shapes(names: set[str]) -> dict[str, Json]:
    """JSON schemas of request models and of everything in them, by name."""
    found: dict[str, Json] = {}
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found[name], needed = schema(getattr(models, name))
        waiting |= needed - found.keys()
    return dict(sorted(found.items()))


def schema(model: Any) -> tuple[Json, set[str]]:
    """One model's schema, and the names of the models that it refers to."""
    if issubclass(model, enum.Enum):
        return {"enum": sorted(str(member.value) for member in model)}, set()
    source = inspect.getsource(model.from_dict)
    known = dict(re.findall(r'd\.pop\("(\w+)"(, UNSET)?\)', source))
    text = " ".join((model.__doc__ or "").split())
    properties: Json = {}
    needed: set[str] = set()
    for name in known:
        attribute = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        given = re.search(rf"\b{attribute}_? \(((?:[^()]|\([^()]*\))*)\)", text, re.IGNORECASE)
        assert given, (model.__name__, name)
        properties[name] = _type(given.group(1), needed)
    required = sorted(name for name, optional in known.items() if not optional)
    if model.__name__.endswith("Overrides"):  # free text by name
        return {"type": "object", "additionalProperties": {"type": "string"}}, set()
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": required} if required else {}),
    }, needed


def _type(annotation: str, needed: set[str]) -> Json:
    annotation = annotation.replace("'", "").removeprefix("Union[Unset, ").strip()
    simple = {"str": "string", "int": "integer", "bool": "boolean", "float": "number", "datetime.datetime": "string"}
    bare = annotation.removesuffix("]") if annotation.count("]") > annotation.count("[") else annotation
    if bare in simple:
        return {"type": simple[bare]}
    if bare.startswith("list["):
        return {"type": "array", "items": _type(bare[5:].removesuffix("]"), needed)}
    names = [name for name in re.findall(r"\w+", bare) if name not in ("Union", "Unset", "None")]
    if any(name.endswith(("Details", "DetailsPATCH", "DetailsPOST")) and "Service" in name for name in names):
        return {"type": "object"}  # which of them, the service's type says
    needed.update(names)
    references = [{"$ref": f"#/$defs/{name}"} for name in names]
    return references[0] if len(references) == 1 else {"anyOf": references}
