"""The enumerations and limits of the Render API reference, and the checks of a request body against them."""

from collections.abc import Collection, Mapping

from rehearsal.render_api.wire import ApiError, Json

REGIONS = frozenset({"frankfurt", "ohio", "oregon", "singapore", "virginia"})
SERVICE_TYPES = {
    # The API's name of a type, and the short one of links and dashboard addresses.
    "web_service": "web",
    "private_service": "pserv",
    "background_worker": "worker",
    "cron_job": "cron",
    "static_site": "static",
}
RUNTIMES = frozenset({"docker", "elixir", "go", "image", "node", "python", "ruby", "rust"})
SERVICE_PLANS = frozenset(
    {"free", "starter", "standard", "pro", "pro_plus", "pro_max", "pro_ultra", "custom"}
    | {"starter_plus", "standard_plus"}  # legacy
)
POSTGRES_VERSIONS = frozenset(str(version) for version in range(11, 19))
POSTGRES_PLANS = frozenset(
    {"free", "basic_256mb", "basic_1gb", "basic_4gb", "custom"}
    | {f"pro_{size}gb" for size in (4, 8, 16, 32, 64, 128, 192, 256, 384, 512)}
    | {f"accelerated_{size}gb" for size in (16, 32, 64, 128, 256, 384, 512, 768, 1024)}
)
# Databases that have one of these keep it; a new one cannot be created with it.
LEGACY_POSTGRES_PLANS = frozenset({"starter", "standard", "pro", "pro_plus"})
KEY_VALUE_PLANS = frozenset({"free", "starter", "standard", "pro", "pro_plus", "custom"})
PERSISTENCE_MODES = frozenset({"off", "snapshot", "journal_snapshot"})
MAXMEMORY_POLICIES = frozenset(
    {"allkeys_lru", "allkeys_lfu", "allkeys_random", "noeviction", "volatile_lru", "volatile_lfu"}
    | {"volatile_random", "volatile_ttl"}
)
AUTO_DEPLOY = frozenset({"yes", "no"})
AUTO_DEPLOY_TRIGGERS = frozenset({"off", "commit", "checksPass"})
CLEAR_CACHE = frozenset({"clear", "do_not_clear"})
DEPLOY_MODES = frozenset({"build_and_deploy", "deploy_only"})
PREVIEWS_GENERATION = frozenset({"off", "manual", "automatic"})
NOTIFICATIONS = {"default": "default", "all": "notify", "failure": "notify", "none": "ignore"}

RUNNING = frozenset({"created", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
UNFINISHED = RUNNING | {"queued"}


def require(body: Json, *names: str) -> None:
    """400 unless each of these fields is there, as a string that is not empty."""
    for name in names:
        value = body.get(name)
        if not isinstance(value, str) or not value:
            raise ApiError(400, f"missing required field: {name}")


def only(body: Json, allowed: Collection[str], *, fixed: Collection[str] = ()) -> None:
    """400 for a field that cannot be changed any more, and for one the API does not have."""
    for name in body:
        if name in fixed:
            raise ApiError(400, f"{name} cannot be changed")
        if name not in allowed:
            raise ApiError(400, f"unknown field: {name}")


def one_of(body: Json, values: Mapping[str, Collection[str]]) -> None:
    """400 unless each of these fields, where it is given, has one of its values."""
    for name, known in values.items():
        if (value := body.get(name)) is not None and value not in known:
            raise ApiError(400, f"invalid {name}: {value}")
