"""What a request body may hold: JSON schemas of the models of Render's own client, kept in shapes.json.

A contract test compares the file with the client, so that no enumeration and no field is written a second time.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from rehearsal.render_api.wire import ApiError

SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "shapes.json").read_text())

SERVICE_TYPES = {
    # The API's name of a type: the short one of links and dashboard addresses, and what its details are called.
    "web_service": ("web", "WebServiceDetails"),
    "private_service": ("pserv", "PrivateServiceDetails"),
    "background_worker": ("worker", "BackgroundWorkerDetails"),
    "cron_job": ("cron", "CronJobDetails"),
    "static_site": ("static", "StaticSiteDetails"),
}


def check(body: Any, shape: str) -> None:
    """Refuse a body that the API reference does not have.

    Args:
        shape: the name of a model, `A|B` for one of two, `[A]` for a list.

    Raises:
        ApiError: 400 for an unknown, missing or fixed field, a wrong type, or a value outside the enumeration.
    """
    if error := best_match(_validator(shape).iter_errors(body)):
        raise ApiError(400, _words(error, shape))


def fields(shape: str) -> frozenset[str]:
    """Return the fields of a model."""
    return frozenset(SHAPES.get(shape, {}).get("properties", ()))


@cache
def _validator(shape: str) -> Draft202012Validator:
    names = shape.strip("[]").split("|")
    schema: dict[str, Any] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
    if len(names) == 1:
        schema = schema["anyOf"][0]
    if shape.startswith("["):
        schema = {"type": "array", "items": schema}
    return Draft202012Validator({"$defs": SHAPES, **schema})


def _words(error: ValidationError, shape: str) -> str:
    place = ".".join(map(str, error.absolute_path))
    creation = shape.replace("PATCH", "POST")
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = sorted(error.instance.keys() - known.keys())
        fixed = [name for name in unknown if name in fields(creation)]
        what = f"{', '.join(fixed)} cannot be changed" if fixed else f"unknown field: {', '.join(unknown)}"
    elif error.validator == "enum":
        what = f"invalid value: {error.instance}"
    else:
        what = error.message if error.validator == "required" else f"invalid {error.validator}"
    return f"{place}: {what}" if place else what
