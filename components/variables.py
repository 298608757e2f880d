"""Variables in the settings: where a value comes from, and what GitHub, Vercel and Render each allow."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from blueprint.sources import EnvVar, Sourced, unique_keys

_GITHUB_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")

SecretName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an entry of `marketedge:secrets`."""

Auth0Output = Literal["auth0.domain", "auth0.audience", "auth0.clientId", "auth0.clientSecret"]
LoginTestOutput = Literal["auth0.testClientId", "auth0.testClientSecret"]
Auth0Credential = Literal["auth0.clientId", "auth0.clientSecret", LoginTestOutput]
SECRET_OUTPUTS = frozenset({"auth0.clientSecret", "auth0.testClientSecret"})
DerivedOutput = Literal["cors.origins", "frontend.url", "environment"]
RenderOutput = Literal["render.serviceUrl", "render.serviceId", "render.serviceUrls"]
"""The names of outputs. The last is every service's address by name, as JSON: what `gate` reads as SERVICE_URLS."""


class Variable(Sourced):
    """A variable at GitHub or Vercel: a value in clear, a named secret, or another component's output."""

    from_secret: SecretName | None = None
    from_output: Literal[Auth0Output, LoginTestOutput, DerivedOutput, RenderOutput] | None = None


_RESERVED_PORTS = frozenset({18012, 18013, 19099})
"""render.com/docs/web-services, Port binding."""


class RenderVariable(EnvVar):
    """A variable at Render: one of Blueprint's sources, a named secret, or another component's output."""

    from_secret: SecretName | None = None
    from_output: Literal[Auth0Output, DerivedOutput] | None = None

    def _problems(self) -> Iterator[str]:
        yield from super()._problems()
        if self.key == "PORT" and self.value is not None:
            number = int(self.value) if re.fullmatch("[0-9]{1,5}", self.value) else 0
            if not 0 < number < 2**16 or number in _RESERVED_PORTS:
                yield f"PORT: expected a number up to 65535, and none of {sorted(_RESERVED_PORTS)}"


def is_secret(variable: Variable | RenderVariable) -> bool:
    """Whether nobody may read the value: a named secret, or one that a vendor makes."""
    return variable.from_secret is not None or variable.from_output in SECRET_OUTPUTS


def _not_in_clear(variables: list[Variable]) -> list[Variable]:
    if clear := [str(variable.key) for variable in variables if variable.value is not None]:
        raise ValueError(f"written in clear: {', '.join(clear)}; expected fromSecret or fromOutput")
    return variables


def _in_clear(variables: list[Variable]) -> list[Variable]:
    hidden = [str(variable.key) for variable in variables if is_secret(variable)]
    if hidden:
        raise ValueError(f"anybody could read {', '.join(hidden)}; expected secrets under secrets, not variables")
    return variables


_MOST, _LONGEST = 100, 48 * 1024
"""Variables, and secrets, of one environment; bytes of a value (docs.github.com/en/actions: Variables reference)."""


def _github_names(variables: list[Variable]) -> list[Variable]:
    if len(variables) > _MOST:
        raise ValueError(f"expected at most {_MOST} of them, which is all that GitHub keeps for an environment")
    if long := [str(v.key) for v in variables if len((v.value or "").encode()) > _LONGEST]:
        raise ValueError(f"longer than 48 KB: {', '.join(long)}; GitHub takes no more")
    if bad := [str(v.key) for v in variables if not _GITHUB_NAME.fullmatch(str(v.key))]:
        raise ValueError(f"expected upper-case letters, digits and _, without GITHUB_ in front; found {', '.join(bad)}")
    return variables


_RESERVED_AT_VERCEL = re.compile(
    r"AWS_(SECRET_KEY|EXECUTION_ENV|LAMBDA_\w+)|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|NOW_REGION|TZ"
)
"""Names that Vercel reserves (vercel.com/docs, Reserved environment variables)."""


_VERCEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _vercel_names(variables: list[Variable]) -> list[Variable]:
    if bad := [str(v.key) for v in variables if not _VERCEL_NAME.fullmatch(str(v.key))]:
        raise ValueError(f"expected letters, digits and _, with a letter first; found {', '.join(bad)}")
    if bad := [str(v.key) for v in variables if _RESERVED_AT_VERCEL.fullmatch(str(v.key))]:
        raise ValueError(f"reserved by Vercel: {', '.join(bad)}; expected another name")
    return variables


Variables = Annotated[list[Variable], AfterValidator(unique_keys)]
VercelVariables = Annotated[Variables, AfterValidator(_vercel_names)]
GitHubVariables = Annotated[Variables, AfterValidator(_github_names), AfterValidator(_in_clear)]
GitHubSecrets = Annotated[Variables, AfterValidator(_github_names), AfterValidator(_not_in_clear)]
