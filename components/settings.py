"""The typed configuration of a stack: every value of `Pulumi.<stack>.yaml`, checked before anything is declared.

It knows neither Pulumi nor a vendor's API. `configuration.load` builds these models and reports everything that is
wrong.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from blueprint.kinds_of_text import repeated, unique
from blueprint.sources import Model
from components.addresses import NO_FRONTEND, Domain, HostName, Names, Origins, StackName, expanded
from components.gate_settings import Release, Seed, Smoke, Watch
from components.phases import Part, Phase, added, parts
from components.render_settings import Render
from components.vendor_settings import Auth0, GitHub, Vercel


class Cors(Model):
    """The origins of browsers that the backend answers (plan 1.2, 2.4)."""

    origins: Origins = Field(min_length=1)


class Dns(Model):
    """The DNS records that the stack's domains need (plan 2.3, 2.6)."""

    ttl_seconds: int = Field(ge=30, le=86400)
    zone: HostName | None = None

    def _problems(self) -> Iterator[str]:
        if self.zone and self.ttl_seconds < _LEAST_TTL:
            yield f"expected ttlSeconds of at least {_LEAST_TTL} with a zone at Vercel"

    def zone_of(self, name: str) -> str:
        """Return the zone at Vercel that a host is in; empty if its DNS is elsewhere."""
        return self.zone if self.zone and f".{name}".endswith(f".{self.zone}") else ""


_LEAST_TTL = 60
"""Seconds, of a record at Vercel (the provider's DnsRecord, ttl)."""


def _adoptable(adopt: dict[str, str]) -> dict[str, str]:
    if bad := [key for key in adopt if not _ADOPT_KEY.fullmatch(key)]:
        raise ValueError(f"expected <package>:<Type>/<name> such as auth0:Client/production; found {', '.join(bad)}")
    return adopt


_ADOPT_KEY = re.compile(r"[a-z0-9]+:\w+/.+")


class Settings(Model):
    """One stack.

    Attributes:
        environment: its name, which the application and the vendors' objects get.
        adopted: whether its objects existed before. Of those, what is not declared stays as it is. If left out, it is
            true for the name production.
        phase: of the rollout; see `phases`.
        strict: warnings of `guardrails` are errors.
        budget_usd: what the stack's own Render objects may cost a month (plan 10.1).
        adopt: ids of objects that exist, by `<package>:<Type>/<resource name>`; found by `gate adopt`.
        give_up: names of Render objects that leaving a phase may delete, and the id of a service that is no longer
            ours.
        peers: the other environments' stacks, with which no secret and no object may be shared. If left out, production
            for staging, and staging for production.
        secrets_that_differ: variables whose values no two environments may share (plan 2.4).
    """

    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    adopted: bool
    phase: Phase = "infrastructure"
    strict: bool = False
    budget_usd: int = Field(14, ge=0)
    adopt: Annotated[dict[str, str], AfterValidator(_adoptable)] = Field({})
    give_up: Names = Field([])
    peers: Annotated[list[StackName], AfterValidator(unique)] = Field([])
    secrets_that_differ: Names = Field(["JWT_SECRET_KEY"])
    github: GitHub
    auth0: Auth0
    vercel: Vercel | None = None
    render: Render
    cors: Cors
    dns: Dns
    smoke: Smoke = Smoke()
    seed: Seed = Seed()
    release: Release = Release()
    watch: Watch = Watch()

    @model_validator(mode="before")
    @classmethod
    def _usual_for_its_name(cls, data: Any) -> Any:
        """Fill in what a file may omit for the plan's two environments, and what older files say in another way."""
        if not isinstance(data, dict):
            return data
        data = expanded(data)
        name = data.get("environment")
        data.setdefault("adopted", name == "production")
        if isinstance(peer := data.get("peerStack"), str) and "peers" not in data:
            data["peers"] = [peer]
            del data["peerStack"]
        data.setdefault("peers", {"staging": ["production"], "production": ["staging"]}.get(str(name), []))
        release = data.get("release", {})
        if isinstance(release, dict) and name == "production":
            data["release"] = {"by": "tag"} | release
        return data

    @property
    def released_by_tag(self) -> bool:
        """Whether a tag starts a release, and not a merge."""
        return self.release.by == "tag"

    @property
    def login_required(self) -> bool:
        """Whether a login test that is not made is a failure."""
        declared = self.smoke.require_login
        return self.auth0.login_test is not None if declared is None else declared

    @property
    def live(self) -> bool:
        """Whether people depend on it: then there is no debugging, no test data, and no wildcard."""
        return self.adopted or self.released_by_tag

    @property
    def parts(self) -> frozenset[Part]:
        """Everything that is declared in the stack's phase."""
        return parts(self.phase, adopted=self.adopted, by_tag=self.released_by_tag)

    def added(self, phase: Phase) -> tuple[Part, ...]:
        """Return what a phase adds to this environment."""
        return added(phase, adopted=self.adopted, by_tag=self.released_by_tag)

    @property
    def vercel_branch(self) -> str | None:
        """The branch whose builds the frontend's domains serve; None if they serve what was promoted last."""
        return self.github.branch.name if self.vercel and self.vercel.target != "production" else None

    @property
    def domains(self) -> list[Domain]:
        """Every domain that is declared in the stack's phase."""
        vercel = self.vercel.domains if self.vercel and Part.FRONTEND in self.parts else []
        services = self.render.services if Part.BACKEND in self.parts else []
        return [
            *(Domain(name, "Vercel", zone=self.dns.zone_of(name)) for name in vercel),
            *(Domain(name, "Render", one.name, self.dns.zone_of(name)) for one in services for name in one.domains),
        ]

    @property
    def frontend_url(self) -> str | None:
        """Where people open the frontend; None if the settings do not say it."""
        return f"https://{self.vercel.domain}" if self.vercel else self.smoke.frontend_url

    @property
    def frontend_folder(self) -> str:
        """Where the frontend is in the repository; empty if it is the whole repository, or not known."""
        settings = self.vercel.settings if self.vercel else None
        return (settings.root_directory or "") if settings and not settings.at_the_top else ""

    @property
    def outputs(self) -> dict[str, str]:
        """What the settings themselves tell of what variables refer to, by the names that `fromOutput` uses."""
        return {
            "environment": self.environment,
            "cors.origins": ",".join(self.cors.origins),
            "frontend.url": self.frontend_url or "",
            "auth0.domain": self.auth0.domain,
            "auth0.audience": self.auth0.audience,
        }

    @property
    def wired(self) -> set[str]:
        """Every output that some variable refers to."""
        lists = [self.github.environment.variables, self.github.environment.secrets]
        lists += [self.vercel.variables] if self.vercel else []
        named = {variable.from_output for variables in lists for variable in variables}
        return {str(name) for name in named | {v.from_output for v in self.render.variables} if name}

    def _problems(self) -> Iterator[str]:
        """Return what the engine or a vendor would refuse only after other objects are created, and what is missing."""
        hosts = [*(self.vercel.domains if self.vercel else ())]
        hosts += [domain for service in self.render.services for domain in service.domains]
        if twice := repeated(hosts):
            yield f"declared as a domain more than once: {', '.join(twice)}"
        tester = self.auth0.login_test
        if tester and tester.application == self.auth0.application:
            yield f"auth0.loginTest.application: {tester.application} is the application that people use"
        if self.environment in self.peers:
            yield f"peers: {self.environment} is this environment itself"
        if self.vercel and self.vercel.settings and self.vercel.settings.production_branch == self.vercel_branch:
            yield f"vercel.target: {self.vercel_branch} is Vercel's production branch; expected production"
        if tester is None and (tested := {o for o in self.wired if o.startswith("auth0.testClient")}):
            yield f"fromOutput {' and '.join(sorted(tested))} needs marketedge:auth0.loginTest"
        if self.render.backend is None and (named := {"render.serviceUrl", "render.serviceId"} & self.wired):
            yield f"fromOutput {' and '.join(sorted(named))} needs a web service in marketedge:render"
        needs = "needs the section marketedge:vercel, or smoke.frontendUrl"
        if self.frontend_url is None and "frontend.url" in self.wired:
            yield f"fromOutput frontend.url {needs}"
        if any(NO_FRONTEND in entry for entry in (*self.auth0.addresses, *self.cors.origins)):
            yield f"{{frontend}} or {{aliases}} in a list of addresses {needs}"
        if self.vercel and self.smoke.frontend_url:
            yield "smoke.frontendUrl: expected none beside marketedge:vercel, whose domain it is"
