"""What a request body may hold, and what Render fills in for a new object.

shapes.json has JSON schemas of the models of Render's own client. A contract test compares the file with the client, so
that no enumeration and no field is written a second time.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from rehearsal.render_api.wire import ApiError, Json

FOLDER = Path(__file__).parent
SHAPES: dict[str, Any] = json.loads((FOLDER / "shapes.json").read_text())
DEFAULTS: dict[str, Json] = yaml.safe_load((FOLDER / "defaults.yaml").read_text())

# What the documentation says of a field and the client's models do not.
DOCUMENTED: dict[str, Any] = {
    "name": {"minLength": 1},
    "maxShutdownDelaySeconds": {"minimum": 1, "maximum": 300},
    "environments": {"minItems": 1},  # of a project
    "connectionPool": {"enum": ["none", "pgbouncer"]},
    "readReplicas": {"maxItems": 5},
    "diskSizeGB": {"minimum": 1, "maximum": 16_384, "if": {"minimum": 2}, "then": {"multipleOf": 5}},
}

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
        body: as it was sent.
        shape: the name of a model, `A|B` for one of two, `[A]` for a list.

    Raises:
        ApiError: 400 for an unknown, missing or fixed field, a wrong type, or a value outside what is documented.
    """
    if error := best_match(_validator(shape).iter_errors(body)):
        raise ApiError(400, _words(error, shape))


def defaults(kind: str, **own: str) -> Json:
    """Return what Render fills in for a new object.

    Args:
        kind: as in defaults.yaml.
        own: what `{name}` stands for.
    """
    text = json.dumps(DEFAULTS[kind])
    for name, value in own.items():
        text = text.replace(f"{{{name}}}", value)
    filled: Json = json.loads(text)
    return filled


@cache
def _validator(shape: str) -> Draft202012Validator:
    models = {
        name: {"allOf": [model, {"properties": DOCUMENTED}]} if "properties" in model else model
        for name, model in SHAPES.items()
    }
    names = [{"$ref": f"#/$defs/{name}"} for name in shape.strip("[]").split("|")]
    schema: dict[str, Any] = {"anyOf": names} if len(names) > 1 else names[0]
    if shape.startswith("["):
        schema = {"type": "array", "items": schema}
    return Draft202012Validator({"$defs": models, **schema})


def _words(error: ValidationError, shape: str) -> str:
    place = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = sorted(error.instance.keys() - known.keys())
        fixed = sorted(SHAPES.get(shape.replace("PATCH", "POST"), {}).get("properties", {}).keys() & {*unknown})
        what = f"{', '.join(fixed)} cannot be changed" if fixed else f"unknown field: {', '.join(unknown)}"
    elif error.validator == "enum":
        what = f"invalid value: {error.instance}"
    elif error.validator in ("type", "anyOf"):  # the message would have the value, which may be a secret
        what = f"invalid {error.validator}"
    else:
        what = error.message
    return f"{place}: {what}" if place else what
