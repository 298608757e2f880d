"""A stack without an engine: answers a preview with events that a test made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from pulumi.automation import CommandError, ConfigValue
from pulumi.automation._cmd import CommandResult
from pulumi.automation.events import EngineEvent

CREDENTIALS = {
    "GITHUB_TOKEN": "github-token-of-a-test",
    "AUTH0_DOMAIN": "tenant.example.com",
    "AUTH0_CLIENT_ID": "management-client",
    "AUTH0_CLIENT_SECRET": "auth0-secret-of-a-test",
    "VERCEL_API_TOKEN": "abcdefghijklmnopqrstuvwx",
    "RENDER_API_KEY": "rnd-key-of-a-test",
    "PULUMI_CONFIG_PASSPHRASE": "passphrase-of-a-test",
}


def failure(stderr: str) -> CommandError:
    return CommandError(CommandResult(stderr=stderr, stdout="much output", code=255))


@dataclass
class FakeStack:
    """Args: events: of the preview. …_fails: what it ends with."""

    events: list[EngineEvent] = field(default_factory=list)
    preview_fails: Exception | None = None
    config_fails: CommandError | None = None
    export_fails: CommandError | None = None
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: dict(CREDENTIALS))
    name: str = "staging"
    options: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workspace: Any = SimpleNamespace(env_vars=self.environment)

    def get_all_config(self) -> Mapping[str, ConfigValue]:
        if self.config_fails:
            raise self.config_fails
        return self.config

    def preview(self, *, on_event: Callable[[EngineEvent], None], **options: Any) -> None:
        self.options.append(options)
        for event in self.events:
            on_event(event)
        if self.preview_fails:
            raise self.preview_fails

    def export_stack(self) -> Any:
        if self.export_fails:
            raise self.export_fails
        return SimpleNamespace(deployment={"resources": [{"urn": "urn:pulumi:staging::x::a:b:C::d"}]})
