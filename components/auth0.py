"""An environment's own Auth0 application and its credentials (plan 1.3)."""

import pulumi
import pulumi_auth0 as auth0

from components.settings import Settings
from components.vendor_settings import LoginTest

_KEPT = [
    "description", "app_type", "is_first_party", "oidc_conformant", "grant_types", "allowed_clients", "client_aliases",
    "cross_origin_auth", "sso_disabled", "custom_login_page_on", "is_token_endpoint_ip_header_trusted",
    "organization_usage", "organization_require_behavior", "jwt_configuration", "refresh_token",
]  # fmt: skip
"""What an adopted application keeps.

Its users log in through it, and another grant or organization would lock them out.
"""


class Application(pulumi.ComponentResource):
    """A regular web application. The backend exchanges the code, with the client secret in the request's body.

    Everything that can be switched in the dashboard is declared. Otherwise the provider does not see a change
    (callbacks, grant types, first party, JWT and refresh token settings, organizations), or sees it and cannot undo it
    (the other lists, cross-origin authentication). For an adopted application all that is ignored.

    Attributes:
        outputs: what variables elsewhere can refer to, by the name that `fromOutput` uses; the secret only if one does.
    """

    client_id: pulumi.Output[str]
    outputs: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__("marketedge:auth0:Application", name)
        declared = settings.auth0
        client = auth0.Client(
            name,
            name=declared.application,
            description=f"{settings.environment}; declared by the staging gate, do not edit by hand",
            app_type="regular_web",
            is_first_party=True,
            oidc_conformant=True,
            grant_types=["authorization_code", "refresh_token"],
            callbacks=list(declared.callbacks),
            allowed_logout_urls=list(declared.logout_urls),
            web_origins=list(declared.web_origins),
            allowed_origins=list(
                declared.web_origins if declared.allowed_origins is None else declared.allowed_origins
            ),
            allowed_clients=[],
            client_aliases=[],
            cross_origin_auth=False,
            sso_disabled=False,
            custom_login_page_on=True,
            is_token_endpoint_ip_header_trusted=False,
            organization_usage="allow" if declared.for_organizations else "deny",
            organization_require_behavior="no_prompt",
            jwt_configuration={"alg": "RS256", "lifetime_in_seconds": 36_000},
            refresh_token={
                "rotation_type": "rotating",
                "expiration_type": "expiring",
                "leeway": 0,
                "token_lifetime": 2_592_000,
                "idle_token_lifetime": 1_296_000,
                "infinite_token_lifetime": False,
                "infinite_idle_token_lifetime": False,
            },
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=_KEPT if settings.adopted else None),
        )
        self.client_id = client.client_id
        self.outputs = {"auth0.clientId": client.client_id}
        if "auth0.clientSecret" in settings.wired:  # else the way in which the application authenticates stays
            credentials = auth0.ClientCredentials(
                name,
                client_id=client.client_id,
                authentication_method="client_secret_post",
                opts=pulumi.ResourceOptions(
                    parent=self, ignore_changes=["authentication_method"] if settings.adopted else None
                ),
            )
            self.outputs["auth0.clientSecret"] = _secret_of(credentials)
        secret = self.outputs.get("auth0.clientSecret")
        self.register_outputs({"client_id": self.client_id, "client_secret": secret})


class LoginTestClient(pulumi.ComponentResource):
    """The application of the smoke tests' login, with the one grant that the stack file chooses.

    Attributes:
        outputs: what variables elsewhere can refer to, by the name that `fromOutput` uses.
    """

    outputs: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, settings: LoginTest, audience: str) -> None:
        """Declare the application.

        Args:
            audience: the API at Auth0 that the token is for.
        """
        super().__init__("marketedge:auth0:LoginTestClient", name)
        child = pulumi.ResourceOptions(parent=self)
        client = auth0.Client(
            f"{name}-login-test",
            name=settings.application,
            description="Login of the staging gate's smoke tests; declared by the staging gate, do not edit by hand",
            app_type="non_interactive",
            is_first_party=True,
            oidc_conformant=True,
            grant_types=[settings.grant_type],
            callbacks=[],
            allowed_logout_urls=[],
            web_origins=[],
            allowed_origins=[],
            jwt_configuration={"alg": "RS256", "lifetime_in_seconds": 3_600},
            opts=child,
        )
        credentials = auth0.ClientCredentials(
            f"{name}-login-test", client_id=client.client_id, authentication_method="client_secret_post", opts=child
        )
        if not settings.logs_a_user_in:  # without it Auth0 refuses the audience: access_denied
            auth0.ClientGrant(
                f"{name}-login-test", client_id=client.client_id, audience=audience, scopes=[], opts=child
            )
        secret = _secret_of(credentials)
        self.outputs = {"auth0.testClientId": client.client_id, "auth0.testClientSecret": secret}
        self.register_outputs({"client_id": client.client_id, "client_secret": secret})


def _secret_of(credentials: auth0.ClientCredentials) -> pulumi.Output[str]:
    return pulumi.Output.secret(credentials.client_secret.apply(_readable))


def _readable(secret: str) -> str:
    """Refuse an empty secret, which the provider returns without an error if it may not read it."""
    if not secret:
        raise pulumi.RunError(
            "Auth0 did not show the application's client secret: give the management application (AUTH0_CLIENT_ID) "
            "the scopes read:client_keys and read:client_credentials, then run the same command again"
        )
    return secret
