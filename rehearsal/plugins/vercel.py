"""The resource types of the Vercel plugin that the program uses, and what Vercel does with each."""

import re
import secrets
import string
from collections.abc import Mapping

import pulumiverse_vercel as vercel

from .estate import Object, Store, select
from .provider import VendorProvider
from .resource_type import ProviderError, ResourceType
from .values import Properties, Secret

_TOKEN = re.compile(r"[0-9a-zA-Z]{24}")


def _id(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def _new_project(_: list[Object], new: Object) -> Object:
    if not re.fullmatch(r"[a-z0-9._-]{1,100}", str(new["name"])):
        raise ProviderError(
            f"Error creating project: invalid name {new['name']!r}: lowercase letters, digits and hyphens"
        )
    return {"id": new.get("id") or _id("prj_", 28)}


def _project_of(objects: list[Object], new: Object, doing: str) -> Object:
    for project in select(objects, "project", id=new["projectId"], teamId=new.get("teamId")):
        return project
    raise ProviderError(
        f"Error {doing}: Could not find project, please make sure both the project_id and team_id match the project "
        "and team you wish to deploy to."
    )


def _new_domain(objects: list[Object], new: Object) -> Object:
    _project_of(objects, new, "creating project domain")
    return {"verified": True, "misconfigured": False, "verifications": []}


def _same_domain(new: Object, existing: Object) -> bool:
    return bool(new["domain"] == existing["domain"])


def _new_variable(objects: list[Object], new: Object) -> Object:
    _project_of(objects, new, "creating project environment variable")
    targets = set(new.get("targets", []))
    refused = "Could not create project environment variable, unexpected error"
    if not targets and not new.get("customEnvironmentIds"):
        raise ProviderError(f"{refused}: at least one of targets and custom_environment_ids must be set")
    if new.get("gitBranch") and targets != {"preview"}:
        raise ProviderError(f"{refused}: 400 - git_branch is for variables of the target preview only")
    if new.get("sensitive") and "development" in targets:
        raise ProviderError(f"{refused}: 400 - sensitive variables cannot have the target development")
    return {"id": new.get("id") or _id("", 16)}


def _same_variable(new: Object, existing: Object) -> bool:
    same = all(new.get(name) == existing.get(name) for name in ("projectId", "key", "gitBranch"))
    shared = {*new.get("targets", []), *new.get("customEnvironmentIds", [])} & {
        *existing.get("targets", []),
        *existing.get("customEnvironmentIds", []),
    }
    return same and bool(shared)


_RECORD_TYPES = ("A", "AAAA", "ALIAS", "CAA", "CNAME", "HTTPS", "MX", "NS", "SRV", "TXT")


def _new_record(objects: list[Object], new: Object) -> Object:
    """Check a new DNS record as the provider's schema and then Vercel do (rest-api/dns/create-a-dns-record)."""
    refused = "Error creating DNS Record: Could not create DNS Record, unexpected error"
    if new["recordType"] not in _RECORD_TYPES:
        raise ProviderError(f"Invalid Attribute Value Match: type must be one of {', '.join(_RECORD_TYPES)}")
    if new.get("ttl", 60) < 60:
        raise ProviderError("Invalid Attribute Value: ttl value must be at least 60")
    if new["recordType"] != "SRV" and not new.get("value"):
        raise ProviderError("DNS Record Invalid: The `value` attribute must be set on records of this type")
    if not select(objects, "zone", name=new["domain"], teamId=new.get("teamId")):
        raise ProviderError(f"{refused}: not_found - 404 - Domain not found.")
    if new["recordType"] == "CNAME" and not new["name"]:
        raise ProviderError(f"{refused}: invalid_name - 400 - Please specify a name or use an ALIAS Record instead")
    return {"id": new.get("id") or _id("rec_", 24)}


def _same_record(new: Object, existing: Object) -> bool:
    """Whether two records exclude each other. A CNAME excludes every record of its name, another type an equal one."""
    if any(new[name] != existing[name] for name in ("domain", "name")):
        return False
    kinds = {new["recordType"], existing["recordType"]}
    return "CNAME" in kinds or (len(kinds) == 1 and new.get("value") == existing.get("value"))


TYPES = (
    ResourceType(
        resource=vercel.Project,
        args=vercel.ProjectArgs,
        type="project",
        values={
            "gitRepository.type": ("github", "gitlab", "bitbucket"),
            "vercelAuthentication.deploymentType": (
                *("standard_protection_new", "standard_protection", "all_deployments", "only_preview_deployments"),
                "none",
            ),
        },
        key=("teamId", "name"),
        import_formats=("{teamId}/{id}", "{id}"),
        refusal="Could not create project, unexpected error: conflict - 409 - Project already exists",
        defaults={"autoAssignCustomDomains": True, "gitForkProtection": True},
        vendor_defaults={
            "automaticallyExposeSystemEnvironmentVariables": True,
            "customerSuccessCodeVisibility": False,
            "directoryListing": False,
            "enableAffectedProjectsDeployments": True,
            "enablePreviewFeedback": True,
            "enableProductionFeedback": False,
            "functionFailover": False,
            "gitLfs": False,
            "nodeVersion": "22.x",
            "onDemandConcurrentBuilds": False,
            "previewDeploymentsDisabled": False,
            "prioritiseProductionBuilds": True,
            "serverlessFunctionRegion": "iad1",
            "vercelAuthentication": {"deploymentType": "standard_protection_new"},
        },
        unseen=frozenset(
            {
                *("teamId", "buildMachineType", "environments", "gitComments", "gitProviderOptions", "oidcTokenConfig"),
                *("passport", "previewComments", "protectedSourcemaps", "resourceConfig", "trustedSources"),
                *("gitRepository.productionBranch", "gitRepository.deployHooks"),
            }
        ),
        replaces=frozenset({"teamId"}),
        sets=frozenset({"environments", "gitRepository.deployHooks", "trustedIps.addresses"}),
        complete=_new_project,
        autonamed=True,
    ),
    ResourceType(
        resource=vercel.ProjectDomain,
        args=vercel.ProjectDomainArgs,
        type="domain",
        key=("projectId", "domain"),
        id_format="{domain}",
        import_formats=("{teamId}/{projectId}/{domain}", "{projectId}/{domain}"),
        refusal="Could not add domain, unexpected error: domain_already_in_use - 409 - already in use by a project",
        clashes=_same_domain,
        unseen=frozenset({"teamId"}),
        replaces=frozenset({"projectId", "domain", "teamId"}),
        sealed=lambda _: ("waitForReady",),
        complete=_new_domain,
    ),
    ResourceType(
        resource=vercel.ProjectEnvironmentVariable,
        args=vercel.ProjectEnvironmentVariableArgs,
        type="environment_variable",
        values={"targets": ("production", "preview", "development")},
        key=("projectId", "key", "targets", "gitBranch"),
        import_formats=("{teamId}/{projectId}/{id}", "{projectId}/{id}"),
        refusal="Could not create project environment variable, unexpected error: ENV_CONFLICT - 409 - "
        "a variable of this name already exists for this target",
        clashes=_same_variable,
        vendor_defaults={"comment": ""},
        unseen=frozenset({"teamId", "targets", "customEnvironmentIds", "visibility"}),
        replaces=frozenset({"projectId", "key", "teamId", "sensitive"}),
        secrets=frozenset({"value", "valueWo"}),
        sets=frozenset({"targets", "customEnvironmentIds"}),
        sealed=lambda found: ("value", "valueWo") if found.get("sensitive") else ("valueWo",),
        exactly_one=("value", "valueWo"),
        complete=_new_variable,
    ),
    ResourceType(
        resource=vercel.DnsRecord,
        args=vercel.DnsRecordArgs,
        type="dns_record",
        key=("domain", "name"),
        renames={"type": "recordType"},
        import_formats=("{teamId}/{id}", "{id}"),
        refusal="Error creating DNS Record: Could not create DNS Record, unexpected error: record_conflicts - 409 - "
        "an existing record conflicts with the attempted creation",
        clashes=_same_record,
        defaults={"comment": ""},
        vendor_defaults={"ttl": 60},
        unseen=frozenset({"teamId"}),
        replaces=frozenset({"domain", "type", "teamId"}),
        complete=_new_record,
        autonamed=True,
    ),
)


def get_project(objects: list[Object], arguments: Properties) -> Properties:
    asked = arguments.get("name")  # the provider asks Vercel for a project "by id or name"
    for project in (one for one in select(objects, "project") if asked in (one["name"], one["id"])):
        if project.get("teamId") != arguments.get("teamId"):
            continue
        variables = [
            {**{n: v for n, v in found.items() if n != "type"}, "value": Secret(found.get("value", ""))}
            for found in select(objects, "environment_variable", projectId=project["id"])
        ]
        return {**{n: v for n, v in project.items() if n != "type"}, "environments": variables}
    raise ProviderError(
        f"Error reading project: Could not read project {arguments.get('teamId', '')} {arguments.get('name')}, "
        "unexpected error: not_found - 404 - Project not found."
    )


class Vercel(VendorProvider):
    """The Vercel plugin. When it starts it checks only the form of the token, as the real one does."""

    def __init__(self, estate: Store) -> None:
        super().__init__(
            "vercel", TYPES, vercel.ProviderArgs, estate, {"vercel:index/getProject:getProject": get_project}
        )

    def configure(self, settings: Mapping[str, str]) -> None:
        token = self.setting(settings, "apiToken", "VERCEL_API_TOKEN")
        if not token:
            raise ProviderError("Unable to find api_token: api_token cannot be an empty string")
        if not _TOKEN.search(token):
            raise ProviderError("Invalid api_token: api_token (VERCEL_API_TOKEN) must be 24 letters or digits")
        if team := settings.get("team"):
            self.extra = {"teamId": team}
