"""What a rehearsal calls harm to production: everything but changes of fields and writes of single variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from rehearsal.estate import World, seed, world
from rehearsal.production import SERVICE, Living, harm, seed_production


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[World]:
    # Nothing here runs the engine.
    with world(tmp_path / "world", Path("/bin/true"), rate_limits=False, processes=True) as made:
        seed(made.vendors)
        yield made


@pytest.fixture
def before(lived: World) -> Living:
    return seed_production(lived)


def at_render(method: str, path: str, content: object = None) -> Callable[[World], None]:
    def edit(stage: World) -> None:
        place = f"/services/{stage.render.estate.find_service(SERVICE)['id']}{path}"
        with stage.render_session() as session:
            session.request(method, place, json=content).raise_for_status()

    return edit


def at_auth0(stage: World) -> None:
    with stage.vendors.edit("auth0") as objects:
        objects[0]["logoUri"] = "https://evil.example/logo.png"


def test_production_has_what_the_plan_says_it_has(before: Living) -> None:
    assert len(before.variables) == 25
    assert {vendor for vendor, _object, _property in before.kept} == {"github", "auth0", "vercel", "render"}


def test_what_the_gate_does_harms_nothing(lived: World, before: Living) -> None:
    at_render("GET", "")(lived)
    at_render("PATCH", "", {"autoDeploy": "no"})(lived)
    at_render("PUT", "/env-vars/CORS_ORIGINS", {"value": "https://app.zebra.associates"})(lived)
    assert harm(lived, before) == []


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (at_render("POST", "/deploys", {}), "/deploys"),
        (at_render("POST", "/custom-domains", {"name": "x.example.com"}), "render: service: domains lost or changed"),
        (at_render("PUT", "/env-vars/DEBUG", {"value": "true"}), "render: service: variable DEBUG lost or changed"),
        (at_render("PUT", "/env-vars/NEW", {"value": "x"}), "variable NEW added"),
        (at_auth0, "logoUri lost or changed"),
    ],
    ids=["deploy", "domain", "variable changed", "variable added", "another vendor"],
)
def test_everything_else_is_found(lived: World, before: Living, edit: Callable[[World], None], told: str) -> None:
    assert not [one for one in harm(lived, before) if told in one]
    edit(lived)
    assert [one for one in harm(lived, before) if told in one]


def test_a_refused_request_is_found_too(lived: World, before: Living) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        at_render("DELETE", "/env-vars/NOT_THERE")(lived)
    assert any(one.startswith("DELETE ") for one in harm(lived, before))
