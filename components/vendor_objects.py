"""What people call the objects that a stack declares at GitHub, Auth0 and Vercel, by the engine's resource type."""

import re
from collections.abc import Mapping
from typing import Any

from components.command_environment import HIDDEN
from components.vocabulary import UNKNOWN

BRANCH_PROTECTION = "github:index/branchProtection:BranchProtection"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
ENVIRONMENT_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
ENVIRONMENT_SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
CLIENT = "auth0:index/client:Client"
DNS_RECORD = "vercel:index/dnsRecord:DnsRecord"
PROJECT = "vercel:index/project:Project"
PROJECT_DOMAIN = "vercel:index/projectDomain:ProjectDomain"
PROJECT_VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"

NAMED: Mapping[str, tuple[str, str]] = {
    "github:index/branch:Branch": ("branch", "{branch}"),
    BRANCH_PROTECTION: ("branch protection", "{pattern}"),
    ENVIRONMENT: ("environment", "{environment}"),
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": (
        "deployment policy",
        "{environment}",
    ),
    ENVIRONMENT_VARIABLE: ("environment variable", "{environment}/{variableName}"),
    ENVIRONMENT_SECRET: ("environment secret", "{environment}/{secretName}"),
    RULESET: ("ruleset", "{name}"),
    "github:index/actionsVariable:ActionsVariable": ("variable", "{variableName}"),
    "github:index/actionsSecret:ActionsSecret": ("secret", "{secretName}"),
    "github:index/repository:Repository": ("repository", "{name}"),
    CLIENT: ("application", "{name}"),
    "auth0:index/clientCredentials:ClientCredentials": ("application credentials", "{clientId}"),
    "auth0:index/clientGrant:ClientGrant": ("client grant", "{audience}"),
    PROJECT: ("project", "{name}"),
    PROJECT_DOMAIN: ("domain", "{domain}"),
    PROJECT_VARIABLE: ("variable", "{key}"),
    DNS_RECORD: ("DNS record", "{name} {type} in {domain}"),
}
"""The vendor's own words for a kind of object, and how one is told from another, in properties of the resource."""


def filled(template: str, properties: Mapping[str, Any]) -> str:
    """Return a template with the properties that it names; empty if one of them is not known, or secret."""
    parts = {key: properties.get(key) for key in re.findall(r"{(\w+)}", template)}
    known = all(isinstance(part, str | int) and part not in (HIDDEN, UNKNOWN) for part in parts.values())
    return template.format_map(parts) if parts and known else ""
