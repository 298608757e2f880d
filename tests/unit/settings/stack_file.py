"""A configuration of the plan's as Pulumi hands it to a program, with fake secrets, to be changed by a test."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

import yaml

from components.configuration import Loaded, load
from components.configuration_errors import SettingsError

PROJECT = Path(__file__).resolve().parents[3]
STACKS = PROJECT / "rehearsal" / "stacks"
"""The plan's stacks as the tests and the rehearsal know them; the files in the project's folder are the team's."""

SECRETS = {"REDIS_URL": "rediss://fake-redis-password@redis.test:6379", "AUTH0_ACTION_SECRET": "fake-action-secret"}
VERCEL_TOKEN = "abcdefghijklmnopqrstuvwx"


@functools.cache
def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))["config"]


class StackFile:
    """A stack's configuration: its keys, those among them that are secrets, and the environment beside it.

    The files hold no secret: SECRETS is what `pulumi config set --secret` has put in, but for production.
    """

    def __init__(self, stack: str = "staging", folder: Path = STACKS) -> None:
        self.stack = stack
        secrets = {} if stack == "production" else {"marketedge:secrets": dict(SECRETS)}
        self.config: dict[str, Any] = copy.deepcopy(_read(folder / f"Pulumi.{stack}.yaml")) | secrets
        self.secret_keys = set(secrets)
        self.environ = {"VERCEL_API_TOKEN": VERCEL_TOKEN}

    def __getitem__(self, section: str) -> Any:
        """A section of the program's own configuration, to be changed in place."""
        return self.config[f"marketedge:{section}"]

    def put(self, path: str, value: Any) -> None:
        """Set the value at a path such as `render.service.envVars.0.key`."""
        parent, last = self.parent_of(path)
        parent[last] = value

    def delete(self, path: str) -> None:
        parent, last = self.parent_of(path)
        del parent[last]

    def parent_of(self, path: str) -> tuple[Any, Any]:
        """The section or list that holds a path's value, and the key or index that the value has in it."""
        first, *steps = path.split(".")
        keys: list[Any] = [f"marketedge:{first}", *(int(step) if step.isdigit() else step for step in steps)]
        parent: Any = self.config
        for key in keys[:-1]:
            parent = parent[key]
        return parent, keys[-1]

    @property
    def values(self) -> dict[str, str]:
        """Every key's value as text, objects as JSON: what Pulumi gives to a program."""
        return {k: v if isinstance(v, str) else json.dumps(v) for k, v in self.config.items()}

    def load(self) -> Loaded:
        return load(self.stack, self.values, frozenset(self.secret_keys), self.environ)

    def problems(self) -> list[str]:
        """What loading complains about; an empty list when it does not."""
        try:
            self.load()
        except SettingsError as error:
            return [str(problem) for problem in error.problems]
        return []
