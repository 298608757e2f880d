"""A simulated Render account on a clock that stands still, and clients of it."""

from typing import Any

import httpx

from rehearsal.render_api import RenderSimulator

REPO = "https://github.com/zebra-devops/MarketEdge-Platform"
OWNERS = [
    {"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"},
    {"id": "tea-2", "name": "Elsewhere", "email": "else@example.com", "type": "team"},
]
KEYS = {"rnd_x": ["tea-1"], "rnd_other": ["tea-2"], "rnd_both": ["tea-1", "tea-2"]}
POSTGRES = {"name": "db", "ownerId": "tea-1", "plan": "basic_256mb", "version": "16"}
KEY_VALUE = {"name": "cache", "ownerId": "tea-1", "plan": "starter"}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_040.0  # a full minute, 40 seconds after a multiple of the hour's quota window

    def __call__(self) -> float:
        return self.now


class Account:
    """A simulator on a clock that stands still, and a client of it."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.sim = RenderSimulator(api_keys=KEYS, owners=OWNERS, clock=self.clock, **options)
        self.http = self.client("rnd_x")

    def client(self, key: str) -> httpx.Client:
        return client("https://api.render.test/v1", key, self.sim.transport())

    def service(self, name: str = "api", **fields: Any) -> Any:
        answer = self.http.post("/services", json=service(name) | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["service"]

    def deploy(self, service_id: str, **body: Any) -> Any:
        answer = self.http.post(f"/services/{service_id}/deploys", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def deploys(self, service_id: str) -> list[str]:
        return [item["deploy"]["status"] for item in self.http.get(f"/services/{service_id}/deploys").json()]


def client(url: str, key: str = "rnd_x", transport: httpx.BaseTransport | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, transport=transport, trust_env=False)


def service(name: str) -> dict[str, Any]:
    commands = {"buildCommand": "pip install .", "startCommand": "uvicorn app:app"}
    details = {"runtime": "python", "plan": "free", "envSpecificDetails": commands}
    return {
        "name": name,
        "ownerId": "tea-1",
        "type": "web_service",
        "repo": REPO,
        "branch": "staging",
        "serviceDetails": details,
    }


def details(**changes: Any) -> dict[str, Any]:
    return {"serviceDetails": service("x")["serviceDetails"] | changes}
