"""Watches over each resource as it is declared: production is never deleted, and no secret goes out in clear."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pulumi

from components.vocabulary import COMMAND

_SHORTEST = 6
"""Shorter values are found in too much that is no secret."""


def register(*, keep_all: bool, secrets: Mapping[str, str]) -> None:
    """Watch from now on.

    Args:
        keep_all: protect every resource until `pulumi state unprotect`, and even then forget it and delete nothing.
        secrets: the stack's, by name. An input that holds one of the values has to be a Pulumi secret.
    """
    values = {value: name for name, value in secrets.items() if len(value) >= _SHORTEST}

    def watch(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        if keep_all and isinstance(args.resource, pulumi.CustomResource):
            args.opts.protect = True
            args.opts.retain_on_delete = args.type_ != COMMAND
        label = f"{args.name} ({args.type_})"
        props = {key: _checked(value, values, f"{label}: {key}") for key, value in args.props.items()}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(watch)


def _checked(value: Any, secrets: Mapping[str, str], where: str) -> Any:
    """The same value; an output is checked when it is known."""
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
