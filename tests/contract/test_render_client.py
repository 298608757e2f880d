"""Render's own client as the judge: shapes of requests, and that every route of the simulator is one of Render's.

That the client can read every answer and express every request is checked in all tests (tests/conftest.py). Where the
recordings of 2024 and the client of 2026 differ, the simulator answers like the client and, with `as_recorded`, like
the recordings; the product is made to stand both:

- an empty address list is null in the recordings; the client wants a list;
- `finishedAt` and `commit` of a deploy are null in the recordings; the client wants a value or nothing;
- an environment's empty lists of ids are null in the recordings; the client wants lists;
- the Terraform provider reads a list of groups as `{envGroup, cursor}`; the client reads bare groups.
"""

from __future__ import annotations

import enum
from typing import get_args

import httpx
import pytest
from render.public_api import models
from render.public_api.api.postgres import create_postgres, retrieve_postgres
from render.public_api.api.services import create_service
from render.public_api.client import AuthenticatedClient

from blueprint import objects, service
from blueprint.kinds_of_text import PRICES
from rehearsal.render_api.shapes import SHAPES
from tests.contract.render_account import Account
from tests.contract.render_client import endpoints, find, judge, shapes


def test_the_shapes_of_requests_are_those_of_the_client() -> None:
    assert shapes(set(SHAPES)) == SHAPES


def test_every_route_of_the_simulator_is_an_operation_of_the_client() -> None:
    routes = [route for route, _ in Account().sim.router.routes]
    paths = [(route.method, route.template.format_map(Anything())) for route in routes]
    unknown = [path for path in paths if find(*path) is None]

    assert unknown == []
    assert len(routes) > 80
    assert len(endpoints()) > 250


class Anything(dict[str, str]):
    """Any parameter of a path."""

    def __missing__(self, key: str) -> str:
        return "x-1"


def test_the_client_itself_makes_and_reads_a_database() -> None:
    account = Account()
    client = AuthenticatedClient(base_url="https://api.render.test/v1", token="rnd_x")
    client.set_httpx_client(account.http)
    wanted = models.PostgresPOSTInput(
        name="db",
        owner_id="tea-1",
        plan=models.PostgresPlans.BASIC_256MB,
        version=models.PostgresVersion.VALUE_6,
        ip_allow_list=[],
    )
    made = create_postgres.sync(client=client, body=wanted)
    assert isinstance(made, models.PostgresDetail)
    read = retrieve_postgres.sync(made.id, client=client)

    assert isinstance(read, models.PostgresDetail)
    assert (read.ip_allow_list, read.status) == ([], models.DatabaseStatus.AVAILABLE)


def test_the_client_itself_makes_a_service() -> None:
    account = Account()
    client = AuthenticatedClient(base_url="https://api.render.test/v1", token="rnd_x")
    client.set_httpx_client(account.http)
    commands = models.NativeEnvironmentDetailsPOST(build_command="b", start_command="s")
    details = models.WebServiceDetailsPOST(runtime=models.ServiceRuntime.PYTHON, env_specific_details=commands)
    wanted = models.ServicePOST(
        type_=models.ServiceType.WEB_SERVICE,
        name="api",
        owner_id="tea-1",
        repo="https://github.com/o/r",
        service_details=details,
    )
    made = create_service.sync(client=client, body=wanted)

    assert isinstance(made, models.ServiceAndDeploy)
    assert isinstance(made.service, models.Service)
    assert isinstance(made.service.service_details, models.WebServiceDetails)


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("POST", "/env-groups", b'{"name": "g", "ownerId": "tea-1"}', b""),
        ("POST", "/postgres", b'{"name": "g", "ownerId": "t", "plan": "free", "version": "16", "size": 1}', b""),
        ("GET", "/services/srv-1/deploys", b"", b'[{"deploy": {"id": "dep-1", "finishedAt": null}, "cursor": "x"}]'),
        ("GET", "/services/srv-1/deploys", b"", b'[{"deploy": {"id": "dep-1", "status": "done"}, "cursor": "x"}]'),
        ("GET", "/services/srv-1/deploys", b"", b'[{"deploy": {"id": "dep-1", "colour": "red"}, "cursor": "x"}]'),
        ("GET", "/nothing", b"", b"[]"),
    ],
)
def test_the_judge_finds_what_the_client_cannot_read(method: str, path: str, body: bytes, answer: bytes) -> None:
    status = 201 if method == "POST" else 200
    assert judge(method, path, {}, body, status, answer or httpx.Response(200, json={}).content)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (get_args(objects.Region), models.Region),
        (get_args(get_args(service.AutoDeployTrigger)[0]), models.AutoDeployTrigger),
        (get_args(service.Runtime), models.ServiceRuntime),
    ],
)
def test_enumerations_of_the_product_are_those_of_the_client(ours: tuple[str, ...], theirs: type[enum.Enum]) -> None:
    assert set(ours) == {member.value for member in theirs}


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [("service", models.Plan), ("postgres", models.PostgresPlans), ("keyValue", models.KeyValuePlan)],
)
def test_every_plan_of_the_client_is_in_the_price_list(kind: str, theirs: type[enum.Enum]) -> None:
    assert {member.value for member in theirs} - PRICES[kind].keys() == set()
