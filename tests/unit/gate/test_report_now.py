"""What goes on at this moment, for the page: what Render serves, a release that is being made, an open incident."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.accounts import Accounts
from gate.report.releases import live, news
from gate.vendors.issues import IssueTracker, incident_marker
from rehearsal.render_api import serve
from tests.unit.gate.release_world import REPOSITORY, SERVICE, ReleaseWorld, release_world
from tests.unit.gate.test_release import released


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def told(world: ReleaseWorld) -> list[tuple[str, str]]:
    with Accounts(world.environ, {"github:owner": "zebra-devops"}) as accounts:
        found = news(accounts.repository(REPOSITORY), "production", "production")
        return [(one.tone, one.text) for one in found]


def test_what_render_serves_is_known(world: ReleaseWorld) -> None:
    sha = released(world, "v1.0.0")
    with serve(world.render) as host:
        environ = {"RENDER_HOST": host, "RENDER_API_KEY": "rnd_release"}
        found = live(SERVICE, environ)
        assert found is not None
        assert found.sha == sha
        assert live("nobody", environ) is None
        assert live(SERVICE, environ | {"RENDER_API_KEY": "rnd_wrong"}) is None
        assert live(SERVICE, {"RENDER_HOST": host}) is None


def test_a_release_that_goes_on_is_told_and_one_that_has_ended_is_not(world: ReleaseWorld) -> None:
    sha = released(world, "v1.0.0")
    assert told(world) == []
    with world.environment() as environment:
        environment.records.begin("v1.1.0", sha, "deploy", environment.serving(), "")
    ((tone, text),) = told(world)
    assert (tone, text.partition(" began")[0]) == ("warn", "deploy of v1.1.0")


@pytest.mark.parametrize(("writer", "shown"), [("github-actions[bot]", True), ("stranger", False)])
def test_an_open_incident_is_told_if_the_gate_wrote_it(world: ReleaseWorld, writer: str, shown: bool) -> None:
    body = f"{incident_marker('production')}\n**health**"
    with Accounts(world.environ, {"github:owner": "zebra-devops"}) as accounts:
        tracker = IssueTracker(accounts.repository(REPOSITORY))
        tracker.open_issue(incident_marker("production"), "production is down", body)
    with world.estate.edit("github") as objects:
        next(one for one in objects if one["type"] == "issue")["user"] = writer
    assert told(world) == ([("bad", "incident #1: production is down")] if shown else [])
