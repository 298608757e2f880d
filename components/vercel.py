"""What the frontend's builds get and where they are served, and the project itself (plan 2.5, 2.6)."""

from collections.abc import Mapping

import pulumi
import pulumiverse_vercel as vercel

from components.addresses import Domain
from components.variables import is_secret
from components.vendor_settings import Vercel, VercelProject
from components.vendors import PUBLIC_VARIABLES as PUBLIC
from components.vercel_project import ExistingProject
from components.wiring import Wiring


class Frontend(pulumi.ComponentResource):
    """The variables of one of Vercel's environments, production's or preview's, and its domains.

    The plan's staging uses the preview environment (2.5). So its variables reach every preview build, and pull requests
    use the staging backend too. The team comes from the provider's own `vercel:team`. With a team on the variable, the
    provider would ask for the team's policy at every preview.

    Attributes:
        project_id: text.
    """

    project_id: pulumi.Output[str]

    def __init__(
        self, name: str, declared: Vercel, project: ExistingProject, branch: pulumi.Input[str] | None, wiring: Wiring
    ) -> None:
        """Declare the variables and the domains.

        Args:
            project: as it is at Vercel.
            branch: the one that the domains serve, which has to exist first. None for production's domains: they serve
                what was promoted last. They also existed before, so a redirect of theirs stays.
        """
        # The provider makes every value a secret. These are none: as inputs of the component a preview shows them.
        public = {str(v.key): wiring.value(v) for v in declared.variables if not is_secret(v)}
        super().__init__("marketedge:vercel:Frontend", name, {PUBLIC: public})
        self.project_id = pulumi.Output.from_input(project.id)
        production = branch is None
        for variable in declared.variables:
            # A sensitive value cannot be read back, so a change of it would go unseen: only secrets are.
            secret = is_secret(variable)
            vercel.ProjectEnvironmentVariable(
                f"{name}-{variable.key}",
                project_id=self.project_id,
                key=str(variable.key),
                value=wiring.value(variable),
                targets=["production" if production else "preview"],
                git_branch=branch if declared.target == "branch" else None,
                sensitive=secret,
                comment="Declared by the staging gate",
                # One that was there and is sensitive stays so: making it readable would replace it.
                opts=_kept(self, ["sensitive"] if production and not secret else []),
            )
        for domain in declared.domains:
            vercel.ProjectDomain(
                name if domain == declared.domain else f"{name}-{domain}",
                project_id=self.project_id,
                domain=domain,
                git_branch=branch,
                # Its DNS record is made from this stack's outputs, so it cannot be ready before.
                wait_for_ready=False,
                opts=_kept(self, ["redirect", "redirect_status_code", "custom_environment_id"] if production else []),
            )
        self.register_outputs({"project_id": self.project_id})


_KEPT = [
    "build_command", "dev_command", "framework", "git_comments", "git_fork_protection", "ignore_command",
    "install_command", "oidc_token_config", "options_allowlist", "output_directory", "passport", "password_protection",
    "preview_deployment_suffix", "protected_sourcemaps", "public_source", "skew_protection", "trusted_ips",
    "trusted_sources",
]  # fmt: skip
"""What the provider would reset if it is not declared: these are optional, and not computed."""


class Project(pulumi.ComponentResource):
    """The project's own settings. The project exists and is adopted (see `adoption`); what is not declared stays."""

    def __init__(
        self, name: str, project_name: str, declared: VercelProject, repository: str, *, assign_domains: bool
    ) -> None:
        """Declare the project.

        Args:
            repository: owner/name at GitHub.
            assign_domains: whether a build of the production branch gets the production domains by itself. Without it,
                such a build is staged until somebody promotes it (plan 4.2, 5.4).
        """
        super().__init__("marketedge:vercel:Project", name)
        project = vercel.Project(
            name,
            name=project_name,
            root_directory=None if declared.at_the_top else declared.root_directory,
            git_repository={"type": "github", "repo": repository, "production_branch": declared.production_branch},
            auto_assign_custom_domains=assign_domains,
            preview_deployments_disabled=False,  # every branch has one (plan 1.3, the environment matrix, and 2.5)
            opts=_kept(self, _KEPT if declared.root_directory else [*_KEPT, "root_directory"]),
        )
        self.register_outputs({"project_id": project.id})


class ZoneRecords(pulumi.ComponentResource):
    """The records, in a zone at Vercel, of domains that others serve. Vercel makes those of its own domains."""

    def __init__(self, name: str, targets: Mapping[Domain, pulumi.Input[str]], ttl_seconds: int) -> None:
        """Declare the records.

        Args:
            targets: where the record of each domain points.
        """
        super().__init__("marketedge:vercel:ZoneRecords", name)
        for domain, target in targets.items():
            # Vercel keeps a host's name with its final dot; a value without it would look changed after an import.
            value = pulumi.Output.concat(target, "." if domain.record_type == "CNAME" else "")
            vercel.DnsRecord(
                f"{name}-{domain.name}",
                domain=domain.zone,
                name=domain.name_in_zone,
                type=domain.record_type,
                value=value,
                ttl=ttl_seconds,
                comment="Declared by the staging gate",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _kept(parent: pulumi.Resource, properties: list[str]) -> pulumi.ResourceOptions:
    """Return options of a child of which these properties stay as they are."""
    return pulumi.ResourceOptions(parent=parent, ignore_changes=properties)
