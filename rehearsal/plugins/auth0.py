"""What the Auth0 plugin and an Auth0 tenant do with applications and their credentials."""

import secrets
import string
from collections.abc import Mapping

import pulumi_auth0 as auth0

from .estate import Object, Store, select
from .provider import VendorProvider
from .resource_type import ProviderError, ResourceType
from .values import Properties

_LETTERS = string.ascii_letters + string.digits
_PUBLIC_APPLICATIONS = ("spa", "native")
REALM = "http://auth0.com/oauth/grant-type/password-realm"
GRANTS = (
    *("authorization_code", "client_credentials", "implicit", "password", "refresh_token", REALM),
    *(f"http://auth0.com/oauth/grant-type/{name}" for name in ("mfa-oob", "mfa-otp", "mfa-recovery-code")),
    *("http://auth0.com/oauth/grant-type/passwordless/otp", "urn:ietf:params:oauth:grant-type:device_code"),
)
"""auth0.com/docs/get-started/applications/application-grant-types."""
APP_TYPES = (
    *("native", "spa", "regular_web", "non_interactive", "resource_server", "express_configuration", "rms", "box"),
    *("cloudbees", "concur", "dropbox", "mscrm", "echosign", "egnyte", "newrelic", "office365", "salesforce"),
    *("sentry", "sharepoint", "slack", "springcm", "zendesk", "zoom", "sso_integration", "oag"),
)


def _token(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _new_client(_: list[Object], new: Object) -> Object:
    id = str(new.get("id") or new.get("clientId") or _token(32))
    method = "none" if new.get("appType") in _PUBLIC_APPLICATIONS else "client_secret_post"
    return {
        "id": id,
        "clientId": id,
        "clientSecret": new.get("clientSecret") or _token(64),
        "authenticationMethod": new.get("authenticationMethod") or method,
    }


def _new_grant(objects: list[Object], new: Object) -> Object:
    """Refused for an API that the tenant does not have; the Management API is always there."""
    audience = str(new["audience"])
    if not audience.endswith(".auth0.com/api/v2/") and not select(objects, "resource_server", identifier=audience):
        raise ProviderError(f"404 Not Found: No resource server found with the identifier {audience}")
    if not select(objects, "client", clientId=new["clientId"]):
        raise ProviderError(f"404 Not Found: No client found with the id {new['clientId']}")
    return {"id": f"cgr_{_token(16)}"}


TYPES = (
    ResourceType(
        resource=auth0.Client,
        args=auth0.ClientArgs,
        type="client",
        key=("name",),
        # Auth0 never compares names: a second application of the same name is made without a word.
        on_existing="duplicate",
        all_unseen=True,
        vendor_defaults={
            "callbacks": [],
            "allowedLogoutUrls": [],
            "webOrigins": [],
            "allowedOrigins": [],
            "grantTypes": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
            "isFirstParty": True,
            "oidcConformant": False,
            "crossOriginAuth": False,
            "customLoginPageOn": True,
            "isTokenEndpointIpHeaderTrusted": False,
        },
        replaces=frozenset({"clientId", "jwtConfiguration.secretEncoded"}),
        secrets=frozenset({"signingKeys"}),
        sets=frozenset({"oidcBackchannelLogoutUrls"}),
        values={
            "appType": APP_TYPES,
            "grantTypes": GRANTS,
            "organizationUsage": ("deny", "allow", "require"),
            "organizationRequireBehavior": ("no_prompt", "pre_login_prompt", "post_login_prompt"),
        },
        complete=_new_client,
        autonamed=True,
    ),
    ResourceType(
        resource=auth0.ClientGrant,
        args=auth0.ClientGrantArgs,
        type="client_grant",
        key=("clientId", "audience"),
        refusal="409 Conflict: A client grant for this client and audience already exists",
        vendor_defaults={"scopes": [], "subjectType": "client"},
        replaces=frozenset({"clientId", "audience", "subjectType"}),
        complete=_new_grant,
        all_unseen=True,
    ),
    ResourceType(
        resource=auth0.ClientCredentials,
        args=auth0.ClientCredentialsArgs,
        type="client",
        key=("clientId",),
        id_format="{clientId}",
        view=True,
        all_unseen=True,
        replaces=frozenset({"clientId"}),
        secrets=frozenset({"clientSecret", "clientSecretWo"}),
        sealed=lambda _: ("clientSecretWo", "clientSecretWoVersion", "privateKeyJwt", "selfSignedTlsClientAuth"),
    ),
)


def get_client(objects: list[Object], arguments: Properties) -> Properties:
    wanted = {name: arguments[name] for name in ("clientId", "name") if arguments.get(name)}
    found = select(objects, "client", **wanted)
    if not wanted or not found:
        raise ProviderError(f"404 Not Found: no client found with {wanted or 'neither clientId nor name'}")
    return {name: value for name, value in found[0].items() if name != "type"}


class Auth0(VendorProvider):
    """The Auth0 plugin. It refuses to start without a domain, or without both parts of the management credentials."""

    def __init__(self, estate: Store) -> None:
        super().__init__("auth0", TYPES, auth0.ProviderArgs, estate, {"auth0:index/getClient:getClient": get_client})

    def configure(self, settings: Mapping[str, str]) -> None:
        wanted = {"domain": "AUTH0_DOMAIN", "clientId": "AUTH0_CLIENT_ID", "clientSecret": "AUTH0_CLIENT_SECRET"}
        if self.setting(settings, "apiToken", "AUTH0_API_TOKEN"):
            wanted = {"domain": "AUTH0_DOMAIN"}
        missing = [variable for name, variable in wanted.items() if not self.setting(settings, name, variable)]
        if missing:
            raise ProviderError(f"Missing environment variables: {', '.join(missing)}")
