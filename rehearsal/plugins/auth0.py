"""The Auth0 plugin, and what an Auth0 tenant does when it is asked for a new application or grant."""

import secrets
import string
from collections.abc import Mapping

import pulumi_auth0 as auth0

from .estate import Object, Objects, Store
from .provider import VendorProvider
from .resource_type import ProviderError, resource_types
from .values import Properties

_LETTERS = string.ascii_letters + string.digits
_PUBLIC_APPLICATIONS = ("spa", "native")


def _token(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_client(_: Objects, new: Object) -> Object:
    """Return what Auth0 makes for a new application: its id, its secret and how it authenticates."""
    id = str(new.get("id") or new.get("clientId") or _token(32))
    method = "none" if new.get("appType") in _PUBLIC_APPLICATIONS else "client_secret_post"
    return {
        "id": id,
        "clientId": id,
        "clientSecret": new.get("clientSecret") or _token(64),
        "authenticationMethod": new.get("authenticationMethod") or method,
    }


def new_grant(objects: Objects, new: Object) -> Object:
    """Return the grant's id. The tenant has to have the API; it always has the Management API."""
    audience = str(new["audience"])
    if not audience.endswith(".auth0.com/api/v2/") and not objects.find("resource_server", identifier=audience):
        raise ProviderError(f"404 Not Found: No resource server found with the identifier {audience}")
    if not objects.find("client", clientId=new["clientId"]):
        raise ProviderError(f"404 Not Found: No client found with the id {new['clientId']}")
    return {"id": f"cgr_{_token(16)}"}


def get_client(objects: Objects, arguments: Properties) -> Properties:
    """Return an application by its id or its name."""
    wanted = {name: arguments[name] for name in ("clientId", "name") if arguments.get(name)}
    if wanted and (found := objects.find("client", **wanted)):
        return found
    raise ProviderError(f"404 Not Found: no client found with {wanted or 'neither clientId nor name'}")


class Plugin(VendorProvider):
    """The Auth0 plugin. It refuses to start without a domain, or without both parts of the management credentials."""

    name = "auth0"
    config = auth0.ProviderArgs
    types = resource_types(auth0, {"Client": new_client, "ClientGrant": new_grant})

    def __init__(self, estate: Store) -> None:
        super().__init__(estate, {"auth0:index/getClient:getClient": get_client})

    def configure(self, settings: Mapping[str, str]) -> None:
        wanted = {"domain": "AUTH0_DOMAIN", "clientId": "AUTH0_CLIENT_ID", "clientSecret": "AUTH0_CLIENT_SECRET"}
        if self.setting(settings, "apiToken", "AUTH0_API_TOKEN"):
            wanted = {"domain": "AUTH0_DOMAIN"}
        missing = [variable for name, variable in wanted.items() if not self.setting(settings, name, variable)]
        if missing:
            raise ProviderError(f"Missing environment variables: {', '.join(missing)}")
