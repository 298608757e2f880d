"""Adopts existing objects: `marketedge:adopt` names them by import id, and the run that imports them changes nothing.

An import whose inputs differ from the live object is refused, or changes it at once; which of the two depends on the
engine's version. So while `adopt` names an object, everything about it stays as it is. Once its line is removed, the
next preview shows what the declaration would change. `_WRITTEN` lists the exceptions, which the run needs.
"""

from collections.abc import Collection, Mapping

import pulumi

_WRITTEN = {
    # Not given back by the vendor, and the import is not valid without it (Vercel: of a sensitive variable).
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret": "value",
    "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable": "value",
    # GitHub refuses the environment's policy, which is made in the same run, before the environment asks for one.
    "github:index/repositoryEnvironment:RepositoryEnvironment": "deployment_branch_policy",
}
"""The inputs that are as declared from the importing run on, by resource type."""


class Adoption:
    """Imports every resource that `adopt` names, from now on.

    Args:
        adopt: import ids by `<package>:<Type>/<resource name>`, such as `auth0:Client/production`.
    """

    def __init__(self, adopt: Mapping[str, str]) -> None:
        self._adopt = adopt
        self._met: set[str] = set()
        if adopt:
            pulumi.runtime.register_stack_transformation(self._adopted)

    def finish(self, unseen: Collection[str]) -> None:
        """Check that every name in `adopt` was met. Call it when everything is declared.

        Args:
            unseen: vendors that were left out.

        Raises:
            pulumi.RunError: `adopt` names something that no resource is called. The object that was meant would be
                created.
        """
        left_out = {vendor.lower() for vendor in unseen}
        if unknown := [key for key in self._adopt if key not in self._met and key.split(":")[0] not in left_out]:
            raise pulumi.RunError(
                f"marketedge:adopt: {', '.join(sorted(unknown))}: nothing that is declared in this phase is called "
                "that; remove the line, or correct it by what `gate adopt` prints"
            )

    def _adopted(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        named = key(args.type_, args.name)
        if named not in self._adopt:
            return None
        self._met.add(named)
        pulumi.log.warn(
            f"{args.name} ({args.type_}) is adopted as it is. After this `pulumi up`, remove its line from "
            "marketedge:adopt. The next preview then shows what the file changes"
        )
        written = _WRITTEN.get(args.type_)
        left_alone = [name for name in args.props if name != written] if written else ["*"]
        taken_over = pulumi.ResourceOptions(import_=self._adopt[named], ignore_changes=left_alone)
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, taken_over))


def key(type_: str, name: str) -> str:
    """Return what an object is called in `marketedge:adopt`.

    Args:
        type_: the engine's, such as auth0:index/client:Client.
    """
    return f"{type_.split(':', maxsplit=1)[0]}:{type_.rpartition(':')[2]}/{name}"
