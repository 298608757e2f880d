"""The Vercel plugin, and what Vercel does when it is asked for a new object: what it adds and refuses."""

import re
import secrets
import string
from collections.abc import Mapping

import pulumiverse_vercel as vercel

from .estate import Object, Objects, Store
from .provider import VendorProvider
from .resource_type import ProviderError, resource_types
from .values import Properties, Secret

_TOKEN = re.compile(r"[0-9a-zA-Z]{24}")
_RECORD_TYPES = ("A", "AAAA", "ALIAS", "CAA", "CNAME", "HTTPS", "MX", "NS", "SRV", "TXT")


def _id(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def new_project(_: Objects, new: Object) -> Object:
    """Return the project's id. Vercel takes lower-case letters, digits, dots, hyphens and underscores in a name."""
    if not re.fullmatch(r"[a-z0-9._-]{1,100}", str(new["name"])):
        raise ProviderError(
            f"Error creating project: invalid name {new['name']!r}: lowercase letters, digits and hyphens"
        )
    return {"id": new.get("id") or _id("prj_", 28)}


def _need_project(objects: Objects, new: Object, doing: str) -> None:
    if not objects.find("project", id=new["projectId"], teamId=new.get("teamId")):
        raise ProviderError(
            f"Error {doing}: Could not find project, please make sure both the project_id and team_id match the "
            "project and team you wish to deploy to."
        )


def new_domain(objects: Objects, new: Object) -> Object:
    """Return how a new domain stands. The project has to exist."""
    _need_project(objects, new, "creating project domain")
    return {"verified": True, "misconfigured": False, "verifications": []}


def new_variable(objects: Objects, new: Object) -> Object:
    """Return the variable's id. Vercel takes only some combinations of targets, branch and sensitivity."""
    _need_project(objects, new, "creating project environment variable")
    targets = set(new.get("targets", []))
    refused = "Could not create project environment variable, unexpected error"
    if not targets and not new.get("customEnvironmentIds"):
        raise ProviderError(f"{refused}: at least one of targets and custom_environment_ids must be set")
    if new.get("gitBranch") and targets != {"preview"}:
        raise ProviderError(f"{refused}: 400 - git_branch is for variables of the target preview only")
    if new.get("sensitive") and "development" in targets:
        raise ProviderError(f"{refused}: 400 - sensitive variables cannot have the target development")
    return {"id": new.get("id") or _id("", 16)}


def same_variable(new: Object, existing: Object) -> bool:
    """Whether two variables of one name and branch share a target."""
    where, other = ({*one.get("targets", []), *one.get("customEnvironmentIds", [])} for one in (new, existing))
    same = all(new.get(name) == existing.get(name) for name in ("projectId", "key", "gitBranch"))
    return same and bool(where & other)


def new_record(objects: Objects, new: Object) -> Object:
    """Check a new DNS record as the provider's schema and then Vercel do (rest-api/dns/create-a-dns-record)."""
    refused = "Error creating DNS Record: Could not create DNS Record, unexpected error"
    if new["recordType"] not in _RECORD_TYPES:
        raise ProviderError(f"Invalid Attribute Value Match: type must be one of {', '.join(_RECORD_TYPES)}")
    if new.get("ttl", 60) < 60:
        raise ProviderError("Invalid Attribute Value: ttl value must be at least 60")
    if new["recordType"] != "SRV" and not new.get("value"):
        raise ProviderError("DNS Record Invalid: The `value` attribute must be set on records of this type")
    if not objects.find("zone", name=new["domain"], teamId=new.get("teamId")):
        raise ProviderError(f"{refused}: not_found - 404 - Domain not found.")
    if new["recordType"] == "CNAME" and not new["name"]:
        raise ProviderError(f"{refused}: invalid_name - 400 - Please specify a name or use an ALIAS Record instead")
    return {"id": new.get("id") or _id("rec_", 24)}


def same_record(new: Object, existing: Object) -> bool:
    """Whether two records exclude each other. A CNAME excludes every record of its name, another type an equal one."""
    if any(new[name] != existing[name] for name in ("domain", "name")):
        return False
    kinds = {new["recordType"], existing["recordType"]}
    return "CNAME" in kinds or (len(kinds) == 1 and new.get("value") == existing.get("value"))


def get_project(objects: Objects, arguments: Properties) -> Properties:
    """Return a project with its variables. The provider asks Vercel for a project "by id or name"."""
    asked, team = arguments.get("name"), arguments.get("teamId")
    for project in objects.all("project"):
        if asked in (project["name"], project["id"]) and project.get("teamId") == team:
            variables = [
                {**{n: v for n, v in found.items() if n != "type"}, "value": Secret(found.get("value", ""))}
                for found in objects.all("environment_variable", projectId=project["id"])
            ]
            return {**project, "environments": variables}
    raise ProviderError(
        f"Error reading project: Could not read project {team or ''} {asked}, "
        "unexpected error: not_found - 404 - Project not found."
    )


class Plugin(VendorProvider):
    """The Vercel plugin. When it starts it checks only the form of the token, as the real one does."""

    name = "vercel"
    config = vercel.ProviderArgs
    types = resource_types(
        vercel,
        {
            "Project": new_project,
            "ProjectDomain": new_domain,
            "ProjectEnvironmentVariable": new_variable,
            "DnsRecord": new_record,
        },
        clashes={"ProjectEnvironmentVariable": same_variable, "DnsRecord": same_record},
    )

    def __init__(self, estate: Store) -> None:
        super().__init__(estate, {"vercel:index/getProject:getProject": get_project})

    def configure(self, settings: Mapping[str, str]) -> None:
        token = self.setting(settings, "apiToken", "VERCEL_API_TOKEN")
        if not token:
            raise ProviderError("Unable to find api_token: api_token cannot be an empty string")
        if not _TOKEN.search(token):
            raise ProviderError("Invalid api_token: api_token (VERCEL_API_TOKEN) must be 24 letters or digits")
        if team := settings.get("team"):
            self.extra = {"teamId": team}
