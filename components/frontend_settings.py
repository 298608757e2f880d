"""The `marketedge:auth0` and `marketedge:vercel` sections: the login and the frontend (plan 1.3, 2.5)."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from blueprint.kinds_of_text import BranchName, Folder
from blueprint.sources import Model
from components.kinds_of_text import ORGANIZATION, CallbackUrls, HostName, HostNames, Origins
from components.variables import VercelVariables


class LoginTest(Model):
    """A separate Auth0 application for the login test of `gate smoke`, so that people's own needs no further grant.

    Its id and secret are the outputs `auth0.testClientId` and `auth0.testClientSecret`.

    Attributes:
        grant: `password` logs a test user in; `client_credentials` gets a token for the application itself, for a
            backend that takes such tokens.
        connection: the directory of the test user at Auth0, where it is not the tenant's default directory.
    """

    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    grant: Literal["password", "client_credentials"] = "password"
    connection: Annotated[str, Field(min_length=1)] | None = None

    @property
    def grant_type(self) -> str:
        """As Auth0 calls it (auth0.com/docs/get-started/applications/application-grant-types)."""
        return "http://auth0.com/oauth/grant-type/password-realm" if self.connection else self.grant

    @property
    def logs_a_user_in(self) -> bool:
        return self.grant == "password"

    @model_validator(mode="after")
    def _connection_is_of_a_user(self) -> Self:
        if self.connection and not self.logs_a_user_in:
            raise ValueError("connection: expected none beside the grant client_credentials, which logs no user in")
        return self


class Auth0(Model):
    """An application and the addresses that it may be used from (plan 1.3).

    Attributes:
        api: the configuration's `audience`: the identifier of the API at Auth0 that tokens are for.
    """

    domain: HostName
    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    api: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(None, alias="audience")
    callbacks: CallbackUrls = Field(min_length=1, max_length=100)
    logout_urls: CallbackUrls = Field(min_length=1, max_length=100)
    web_origins: Origins = Field(min_length=1, max_length=100)
    allowed_origins: Origins | None = None
    """For CORS. If left out, the web origins."""
    login_test: LoginTest | None = None

    @property
    def addresses(self) -> list[str]:
        """Every entry of its lists."""
        return [*self.callbacks, *self.logout_urls, *self.web_origins, *(self.allowed_origins or [])]

    @model_validator(mode="after")
    def _audience_is_known(self) -> Self:
        if self.api is None and not self.domain.endswith((".auth0.com", ".auth0app.com")):
            raise ValueError(
                f"with the custom domain {self.domain} an audience is required: the identifier of the API at Auth0 (of "
                "the Management API: https://<tenant>.<region>.auth0.com/api/v2/, which has no custom domain)"
            )
        return self

    @property
    def login(self) -> LoginTest:
        """How the login test logs in: without an application of its own, by the one that people use."""
        return self.login_test or LoginTest(application=self.application)

    @model_validator(mode="after")
    def _application_is_granted_an_api(self) -> Self:
        if self.login_test and not self.login_test.logs_a_user_in and self.api is None:
            raise ValueError(
                "loginTest.grant client_credentials needs auth0.audience: the identifier of your own API at Auth0. The "
                "default is Auth0's Management API, and a test's token must not be one for that"
            )
        return self

    @property
    def for_organizations(self) -> bool:
        """Whether an address names the organization. Auth0 replaces that only when somebody logs in to one."""
        return any(ORGANIZATION in entry for entry in self.addresses)

    @property
    def audience(self) -> str:
        """What makes Auth0 answer JWTs; by default the tenant's Management API, which is the plan's value (1.1)."""
        return self.api or f"https://{self.domain}/api/v2/"


class VercelProject(Model):
    """Settings of the project itself, for the one stack that owns it (plan 2.5).

    Attributes:
        root_directory: where the frontend is in the repository; `.` for the repository itself. If left out, it stays as
            it is at Vercel.
    """

    root_directory: Annotated[Folder, Field(min_length=1)] | None = None
    production_branch: BranchName

    @property
    def at_the_top(self) -> bool:
        """Whether the frontend is the repository itself, for which Vercel's API says null."""
        return self.root_directory in (".", "./")


class Vercel(Model):
    """The frontend's project, and what the builds of one of its environments get (plan 2.5, 2.6).

    Attributes:
        settings: of the project, in the one stack that owns it.
        target: whose builds the variables and domains are for: Vercel's production environment, all preview builds, or
            (`branch`) the preview builds of this stack's branch only. If left out, production if there are settings,
            else preview.
        domain: where people open the frontend.
        aliases: further domains.
    """

    project: Annotated[str, Field(min_length=1)]
    settings: VercelProject | None = None
    target: Literal["production", "preview", "branch"]
    domain: HostName
    aliases: HostNames = Field([])
    variables: VercelVariables = Field([])

    @model_validator(mode="before")
    @classmethod
    def _usual_target(cls, data: Any) -> Any:
        if isinstance(data, dict) and "target" not in data:
            return data | {"target": "production" if data.get("settings") else "preview"}
        return data

    @property
    def domains(self) -> list[str]:
        """The domain and its aliases."""
        return [self.domain, *self.aliases]
