"""Takes over what exists: `marketedge:adopt` names objects by import id, and the run that imports them changes nothing.

The engine refuses an import whose inputs differ from the live object. So while an object is named there, everything
about it is left as it is; once its line is removed, the next preview shows what the declaration would change.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi


def register(adopt: Mapping[str, str]) -> None:
    """Import from now on every resource that `adopt` names.

    Args: adopt: import ids by `<package>:<Type>/<resource name>`, such as `auth0:Client/production`.
    """
    if adopt:
        pulumi.runtime.register_stack_transformation(lambda args: _adopted(args, adopt))


def key(type_: str, name: str) -> str:
    """What an object is called in `marketedge:adopt`. Args: type_: the engine's, such as auth0:index/client:Client."""
    return f"{type_.split(':', maxsplit=1)[0]}:{type_.rpartition(':')[2]}/{name}"


def _adopted(
    args: pulumi.ResourceTransformationArgs, adopt: Mapping[str, str]
) -> pulumi.ResourceTransformationResult | None:
    if (identity := adopt.get(key(args.type_, args.name))) is None:
        return None
    pulumi.log.warn(
        f"{args.name} ({args.type_}) is taken over as it is: after this `pulumi up`, remove its line from "
        "marketedge:adopt to see and apply what is declared for it"
    )
    taken_over = pulumi.ResourceOptions(import_=identity, ignore_changes=["*"])
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, taken_over))
