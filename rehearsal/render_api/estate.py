"""The objects of the simulated workspace: dictionaries by id, which tests read and change directly."""

import string
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from functools import partialmethod
from random import Random
from typing import Any

from rehearsal.render_api.wire import Call, Json, not_found

ID_ALPHABET = "0123456789abcdefghijklmnopqrstuv"


def timestamp(nanoseconds: int) -> str:
    """Format a time as Go does, without trailing zeros of the fraction (recording key_value.jsonl line 5)."""
    seconds, fraction = divmod(nanoseconds, 10**9)
    digits = f"{fraction:09d}".rstrip("0")
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


Table = dict[str, Json]


@dataclass(repr=False, eq=False)
class Estate:
    """Everything that exists. A key with a leading underscore is a note of the simulator, which no answer shows.

    Args:
        workspaces: the owners.

    Attributes:
        deploy_seconds: how long a deploy takes that starts from now on, and a job.
        provisioning_seconds: how long a datastore is created or resized, and an export written.
        queue_deploys: whether a deploy waits for the running one, or cancels it.
        env_vars, secret_files: by service id, values by name in the order of creation.
        deploy_environment: by deploy id, the variables that it runs with.
        job_output: by start command, the lines that a job which begins now prints.
        http_requests: by service id, how many requests had which status. A plan without metrics has no entry.
        repos: by repository URL and branch, the commit that a deploy takes.
        bad_commits: do not build.
        builds_kept: how many of the newest builds of a service a rollback can use; None is all of them.
        recovery_status: what a paid database answers of its recovery.
    """

    workspaces: InitVar[Sequence[Mapping[str, Any]]]
    clock: Callable[[], float]
    deploy_seconds: float = 0.0
    provisioning_seconds: float = 0.0
    queue_deploys: bool = False
    builds_kept: int | None = None
    recovery_status: str = "AVAILABLE"
    random: Random = field(default_factory=lambda: Random(0))
    owners: Table = field(init=False)
    services: Table = field(default_factory=dict)
    deploys: Table = field(default_factory=dict)
    custom_domains: Table = field(default_factory=dict)
    env_groups: Table = field(default_factory=dict)
    postgres: Table = field(default_factory=dict)
    key_values: Table = field(default_factory=dict)
    projects: Table = field(default_factory=dict)
    environments: Table = field(default_factory=dict)
    registry_credentials: Table = field(default_factory=dict)
    blueprints: Table = field(default_factory=dict)
    jobs: Table = field(default_factory=dict)
    deploy_environment: dict[str, dict[str, str]] = field(default_factory=dict)
    env_vars: dict[str, dict[str, str]] = field(default_factory=dict)
    secret_files: dict[str, dict[str, str]] = field(default_factory=dict)
    job_output: dict[str, list[str]] = field(default_factory=dict)
    http_requests: dict[str, dict[int, int]] = field(default_factory=dict)
    repos: dict[str, dict[str, Json]] = field(default_factory=dict)
    bad_commits: set[str] = field(default_factory=set)

    def __post_init__(self, workspaces: Sequence[Mapping[str, Any]]) -> None:
        self.owners = {owner["id"]: dict(owner) for owner in workspaces}

    # Time and identity

    def nanoseconds(self) -> int:
        """Return the time with nanoseconds. The clock itself does not have them."""
        return round(self.clock() * 10**6) * 1000 + self.random.randrange(-499, 500)

    def now(self) -> str:
        """Return the time as stored objects have it, to the microsecond."""
        return timestamp(round(self.nanoseconds(), -3))

    def birth(self) -> tuple[str, str]:
        """Return one time twice: with the nanoseconds of a POST's answer, and rounded as in every later answer.

        Recording postgres.jsonl lines 5 and 6.
        """
        exact = self.nanoseconds()
        return timestamp(exact), timestamp(round(exact, -3))

    def new_id(self, prefix: str, suffix: str = "") -> str:
        """Return an id in Render's form, for example srv-ct6vmjtj0q5s700ckea0."""
        return f"{prefix}-{''.join(self.random.choices(ID_ALPHABET, k=20))}{suffix}"

    def generated_value(self) -> str:
        """Return what `generateValue` makes: 32 random bytes in base64 (recording web_service.jsonl line 46)."""
        return b64encode(self.random.randbytes(32)).decode()

    def password(self) -> str:
        """Return a datastore's password: 32 letters and digits (recording key_value.jsonl line 4)."""
        return "".join(self.random.choices(string.ascii_uppercase + string.ascii_lowercase + string.digits, k=32))

    # Finding

    @staticmethod
    def owner_of(row: Json) -> str:
        """Return the workspace of an object. Services name its id, datastores hold it whole, environments omit it."""
        return str(row["owner"]["id"] if "owner" in row else row.get("ownerId", row.get("_ownerId")))

    def visible(self, call: Call, table: dict[str, Json]) -> list[Json]:
        """Return the objects of a table that the key of the call may see, newest first."""
        return [row for row in reversed(table.values()) if self.owner_of(row) in call.owners]

    def get(self, call: Call, table: Mapping[str, Json], identifier: str) -> Json:
        """Return one object, or raise the 404, also when it is in a workspace that the key of the call does not see."""
        row = table.get(identifier)
        if row is None or self.owner_of(row) not in call.owners:
            raise not_found(identifier)
        return row

    @staticmethod
    def named(table: Mapping[str, Json], name: str, owner_id: str | None = None) -> list[Json]:
        """Return every object of a table with this name, oldest first."""
        return [
            row
            for row in table.values()
            if row["name"] == name and (owner_id is None or Estate.owner_of(row) == owner_id)
        ]

    def find(self, table: str, name: str) -> Json:
        """Return the one object of a table with this name.

        Raises:
            LookupError: there is none, or more than one. It says how many.
        """
        found = self.named(getattr(self, table), name)
        if len(found) != 1:
            raise LookupError(f"{len(found)} objects are named {name}")
        return found[0]

    find_service = partialmethod(find, "services")
    find_env_group = partialmethod(find, "env_groups")
    find_postgres = partialmethod(find, "postgres")
    find_key_value = partialmethod(find, "key_values")

    def deploys_of(self, service_id: str) -> list[Json]:
        """Return the deploys of a service, newest first."""
        return [deploy for deploy in reversed(self.deploys.values()) if deploy["_service"] == service_id]

    def live_deploy(self, service_id: str) -> Json | None:
        """Return the deploy whose code and environment a service runs now."""
        return next((deploy for deploy in self.deploys_of(service_id) if deploy["status"] == "live"), None)

    def domains_of(self, service_id: str) -> list[Json]:
        """Return the custom domains of a service, newest first."""
        return [row for row in reversed(self.custom_domains.values()) if row["_service"] == service_id]

    def linked_groups(self, service_id: str) -> list[Json]:
        """Return the environment groups that are linked to a service, oldest first."""
        return [
            group
            for group in self.env_groups.values()
            if any(link["id"] == service_id for link in group["serviceLinks"])
        ]

    def effective_environment(self, service_id: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what a deploy that starts now sees: the service's own variables (or `own`) over those of its groups.

        It is not documented which of two groups wins. Here the newer one does.
        """
        environment: dict[str, str] = {}
        for group in self.linked_groups(service_id):
            environment.update({variable["key"]: variable["value"] for variable in group["envVars"]})
        environment.update(self.env_vars.get(service_id, {}) if own is None else own)
        return environment
