"""Checks each resource while it is declared: production is never deleted, and no secret is written in clear."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pulumi

from components.vocabulary import COMMAND

_SHORTEST, _LONG = 6, 16
_WORDS = re.compile(r"[A-Za-z]*([-_. /:]{1,3}[A-Za-z]+)*[-_. /:]{0,3}\d{0,11}")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)?[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?")


def register(*, keep_all: bool, secrets: Mapping[str, str], clear: str = "") -> None:
    """Check every resource from now on.

    Args:
        keep_all: protect every resource until `pulumi state unprotect`. Even then it is forgotten and not deleted.
        secrets: the stack's, by name. An input that holds one of the values has to be a Pulumi secret.
        clear: what the stack file has in clear.
    """
    values = {value: name for name, value in secrets.items() if tells_a_leak(value, clear)}

    def watch(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        if keep_all and isinstance(args.resource, pulumi.CustomResource):
            args.opts.protect = True
            args.opts.retain_on_delete = args.type_ != COMMAND
        label = f"{args.name} ({args.type_})"
        props = {key: _checked(value, values, f"{label}: {key}") for key, value in args.props.items()}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(watch)


def tells_a_leak(value: str, clear: str) -> bool:
    """Whether a secret's value in an input can only come from the secret.

    Values such as `postgres`, `staging` and `https://app.example.com` are in many inputs for other reasons. So words,
    numbers and addresses without a password are searched for only if they are long and the stack file has them nowhere
    in clear. Other values are searched for from six characters on. Every secret is a Pulumi secret wherever it is
    referred to; this is the second line of defence, against values that somebody copied.
    """
    if len(value) < _SHORTEST:
        return False
    common = _WORDS.fullmatch(value) or (_ADDRESS.fullmatch(value) and ("." in value or "://" in value))
    return not common or (len(value) >= _LONG and value.rpartition("://")[2] not in clear)


def _checked(value: Any, secrets: Mapping[str, str], where: str) -> Any:
    """Return the same value. An output is checked when it is known."""
    if isinstance(value, pulumi.Output):
        return _watched(value, secrets, where)
    if isinstance(value, Mapping):
        return {key: _checked(inner, secrets, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_checked(inner, secrets, where) for inner in value]
    _refuse_clear(value, secrets, where)
    return value


def _watched(output: pulumi.Output[Any], secrets: Mapping[str, str], where: str) -> pulumi.Output[Any]:
    async def checked() -> Any:
        value = await output.future(with_unknowns=True)
        return value if await output.is_secret() else _checked(value, secrets, where)

    return pulumi.Output(output.resources(), asyncio.ensure_future(checked()), output.is_known(), output.is_secret())


def _refuse_clear(value: Any, secrets: Mapping[str, str], where: str) -> None:
    for secret, name in secrets.items():
        if isinstance(value, str) and secret in value:
            raise pulumi.RunError(f"{where} holds the secret {name} in clear: refer to it with fromSecret: {name}")
