"""What preview builds of the frontend get, and the domain that serves one branch of them (plan 2.5, 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumiverse_vercel as vercel

from components.settings import Vercel
from components.wiring import Wiring

CNAME_TARGET = "cname.vercel-dns.com"
"""What a sub-domain served by Vercel points at (plan 2.6)."""


@dataclass(frozen=True)
class PreviewEnvironmentArgs:
    """Args of PreviewEnvironment. branch: the one that the domain serves, which has to exist before."""

    settings: Vercel
    branch: pulumi.Input[str]
    wiring: Wiring


class PreviewEnvironment(pulumi.ComponentResource):
    """Variables of Vercel's preview environment, and a domain bound to one branch.

    The plan's staging uses the preview environment (2.5), so the variables reach every preview build: pull requests
    talk to the staging backend too. The team comes from the provider's own `vercel:team`: with a team on the
    variable the provider asks for the team's policy at every preview.

    Attributes: project_id (text).
    """

    project_id: pulumi.Output[str]

    def __init__(self, name: str, args: PreviewEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:vercel:PreviewEnvironment", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.project_id = _project_id(args.settings.project, child)
        for variable in args.settings.variables:
            vercel.ProjectEnvironmentVariable(
                f"{name}-{variable.key}",
                project_id=self.project_id,
                key=str(variable.key),
                value=args.wiring.value(variable),
                targets=["preview"],
                # A sensitive value cannot be read back, so a change of it would go unseen: only secrets are.
                sensitive=variable.from_secret is not None or variable.from_output == "auth0.clientSecret",
                comment="Declared by the staging gate",
                opts=child,
            )
        vercel.ProjectDomain(
            name,
            project_id=self.project_id,
            domain=args.settings.domain,
            git_branch=args.branch,
            # Its DNS record is made from this stack's outputs, so it cannot be ready before.
            wait_for_ready=False,
            opts=child,
        )
        self.register_outputs({"project_id": self.project_id})


def _project_id(project: str, options: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The id of a project given by name or by id; a name is looked up at every run."""
    if project.startswith("prj_"):
        return pulumi.Output.from_input(project)
    found = vercel.get_project_output(name=project, opts=pulumi.InvokeOutputOptions(parent=options.parent))
    # The answer is secret as a whole, once one of the project's variables is; its id is not.
    return pulumi.Output.unsecret(found.id)
