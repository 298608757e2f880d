"""An environment's own Auth0 application and its credentials (plan 1.3)."""

from dataclasses import dataclass

import pulumi
import pulumi_auth0 as auth0

from components.frontend_settings import Auth0, LoginTest


@dataclass(frozen=True)
class ApplicationArgs:
    """Arguments of Application.

    Attributes:
        environment: shown in the application's description.
        credentials: whether anything needs the client secret. If not, the way the application authenticates stays.
        adopted: whether it exists already. Then only its addresses are managed.
    """

    settings: Auth0
    environment: str
    credentials: bool
    adopted: bool


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
        client_id: text.
        client_secret: secret; None without credentials.
    """

    client_id: pulumi.Output[str]
    client_secret: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: ApplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:auth0:Application", name, None, opts)
        settings = args.settings
        kept = pulumi.ResourceOptions(parent=self, ignore_changes=_KEPT if args.adopted else None)
        client = auth0.Client(
            name,
            name=settings.application,
            description=f"{args.environment}; declared by the staging gate, do not edit by hand",
            app_type="regular_web",
            is_first_party=True,
            oidc_conformant=True,
            grant_types=["authorization_code", "refresh_token"],
            callbacks=list(settings.callbacks),
            allowed_logout_urls=list(settings.logout_urls),
            web_origins=list(settings.web_origins),
            allowed_origins=list(
                settings.web_origins if settings.allowed_origins is None else settings.allowed_origins
            ),
            allowed_clients=[],
            client_aliases=[],
            cross_origin_auth=False,
            sso_disabled=False,
            custom_login_page_on=True,
            is_token_endpoint_ip_header_trusted=False,
            organization_usage="allow" if settings.for_organizations else "deny",
            organization_require_behavior="no_prompt",
            jwt_configuration=auth0.ClientJwtConfigurationArgs(alg="RS256", lifetime_in_seconds=36_000),
            refresh_token=auth0.ClientRefreshTokenArgs(
                rotation_type="rotating",
                expiration_type="expiring",
                leeway=0,
                token_lifetime=2_592_000,
                idle_token_lifetime=1_296_000,
                infinite_token_lifetime=False,
                infinite_idle_token_lifetime=False,
            ),
            opts=kept,
        )
        self.client_id = client.client_id
        if args.credentials:
            credentials = auth0.ClientCredentials(
                name,
                client_id=client.client_id,
                authentication_method="client_secret_post",
                opts=pulumi.ResourceOptions(
                    parent=self, ignore_changes=["authentication_method"] if args.adopted else None
                ),
            )
            self.client_secret = pulumi.Output.secret(credentials.client_secret.apply(_readable))
        self.register_outputs({"client_id": self.client_id, "client_secret": self.client_secret})


class LoginTestClient(pulumi.ComponentResource):
    """The application of the smoke tests' login, with the one grant that the stack file chooses.

    Attributes:
        client_id: text.
        client_secret: secret.
    """

    client_id: pulumi.Output[str]
    client_secret: pulumi.Output[str]

    def __init__(
        self, name: str, settings: LoginTest, audience: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Args: audience: the API at Auth0 that the token is for."""
        super().__init__("marketedge:auth0:LoginTestClient", name, None, opts)
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
            jwt_configuration=auth0.ClientJwtConfigurationArgs(alg="RS256", lifetime_in_seconds=3_600),
            opts=child,
        )
        credentials = auth0.ClientCredentials(
            f"{name}-login-test", client_id=client.client_id, authentication_method="client_secret_post", opts=child
        )
        if not settings.logs_a_user_in:  # without it Auth0 refuses the audience: access_denied
            auth0.ClientGrant(
                f"{name}-login-test", client_id=client.client_id, audience=audience, scopes=[], opts=child
            )
        self.client_id = client.client_id
        self.client_secret = pulumi.Output.secret(credentials.client_secret.apply(_readable))
        self.register_outputs({"client_id": self.client_id, "client_secret": self.client_secret})


def _readable(secret: str) -> str:
    """Refuse an empty secret, which the provider returns without an error if it may not read it."""
    if not secret:
        raise pulumi.RunError(
            "Auth0 did not show the application's client secret: give the management application (AUTH0_CLIENT_ID) "
            "the scopes read:client_keys and read:client_credentials, then run the same command again"
        )
    return secret
