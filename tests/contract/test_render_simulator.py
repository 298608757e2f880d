"""What the simulator does beyond the recordings: paging, who sees what, refusals, quotas."""

from typing import Any

import pytest

from tests.contract.render_account import KEY_VALUE, POSTGRES, Account, details, service


@pytest.fixture
def account() -> Account:
    return Account()


# Lists


def test_a_list_is_read_page_by_page_until_it_is_empty(account: Account) -> None:
    path = f"/services/{account.service()['id']}/env-vars"
    keys = [f"KEY_{number}" for number in range(45)]
    account.http.put(path, json=[{"key": key, "value": "v"} for key in keys])

    sizes, seen, cursor = [], [], ""
    while page := account.http.get(path, params={"cursor": cursor} if cursor else {}).json():
        sizes.append(len(page))
        seen += [item["envVar"]["key"] for item in page]
        cursor = page[-1]["cursor"]

    assert sizes == [20, 20, 5]
    assert seen == keys[::-1]
    assert len(account.http.get(path, params={"limit": "100"}).json()) == 45


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "cursor=nonsense"])
def test_a_page_that_cannot_be_asked_for_is_refused(account: Account, query: str) -> None:
    assert account.http.get(f"/services?{query}").status_code == 400


def test_services_are_filtered_by_exact_name_type_and_owner(account: Account) -> None:
    for name in ("api", "api-staging"):
        account.service(name)

    def names(**filters: str) -> list[str]:
        return [item["service"]["name"] for item in account.http.get("/services", params=filters).json()]

    assert names() == ["api-staging", "api"]
    assert names(name="api") == ["api"]
    assert names(type="cron_job") == []
    assert names(ownerId="tea-2") == []


def test_preview_instances_can_be_left_out(account: Account) -> None:
    account.service("api")
    account.service("api PR 7")
    account.sim.estate.find_service("api PR 7")["serviceDetails"]["parentServer"] = {"id": "srv-1", "name": "api"}

    assert len(account.http.get("/services").json()) == 2
    assert len(account.http.get("/services?includePreviews=false").json()) == 1


@pytest.mark.parametrize(("old", "shown"), [(True, {"envGroup", "cursor"}), (False, {"id", "name", "serviceLinks"})])
def test_the_list_of_groups_leaves_their_variables_out(old: bool, shown: set[str]) -> None:
    account = Account(as_recorded=old)
    account.http.post("/env-groups", json={"name": "shared", "ownerId": "tea-1", "envVars": []})
    (item,) = account.http.get("/env-groups").json()

    assert shown <= item.keys()
    assert not {"envVars", "secretFiles"} & item.get("envGroup", item).keys()


def test_datastores_are_listed_newest_first_and_may_share_a_name(account: Account) -> None:
    for path, field, body in (("/postgres", "postgres", POSTGRES), ("/key-value", "keyValue", KEY_VALUE)):
        made = [account.http.post(path, json=body).json()["id"] for _ in range(2)]
        account.http.post(path, json=body | {"name": "different"})

        assert [item[field]["id"] for item in account.http.get(path, params={"name": body["name"]}).json()] == made[
            ::-1
        ]


# Who may see what


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer rnd_unknown"}, {"Authorization": "rnd_x"}])
def test_without_a_known_key_nothing_is_answered(account: Account, header: dict[str, str]) -> None:
    response = account.sim.handle("GET", "/v1/services", "", header, b"")

    assert response.status == 401
    assert response.json().keys() == {"id", "message"}


def test_another_workspace_is_as_good_as_not_there(account: Account) -> None:
    made = account.service()
    stranger = account.client("rnd_other")

    answer = stranger.get(f"/services/{made['id']}")
    assert (answer.status_code, answer.json()) == (404, {"message": f"not found: {made['id']}"})
    assert stranger.get("/services").json() == []
    assert [item["owner"]["id"] for item in stranger.get("/owners").json()] == ["tea-2"]
    assert stranger.post("/services", json=service("intruder")).status_code == 403
    assert account.client("rnd_both").get(f"/services/{made['id']}").status_code == 200


def test_the_log_has_every_request_and_no_key(account: Account) -> None:
    account.http.get("/services?name=api")
    account.http.get("/services/srv-none")

    first, second = account.sim.requests
    assert (first.number, first.method, first.path, first.status) == (1, "GET", "/services?name=api", 200)
    assert (second.number, second.path, second.status) == (2, "/services/srv-none", 404)
    assert "rnd_x" not in repr(account.sim.requests)


# What is refused


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/services", service("x") | {"type": "lambda"}),
        ("/services", service("x") | {"name": ""}),
        ("/services", service("x") | {"repo": None}),
        ("/services", service("x") | {"autoDeploy": "maybe"}),
        ("/services", service("x") | {"colour": "red"}),
        ("/services", service("x") | details(plan="enormous")),
        ("/services", service("x") | details(region="mars")),
        ("/services", service("x") | details(runtime="cobol")),
        ("/services", service("x") | {"envVars": [{"key": "A"}]}),
        ("/services", service("x") | {"envVars": [{"key": "1A", "value": ""}]}),
        ("/postgres", POSTGRES | {"version": "9"}),
        ("/postgres", POSTGRES | {"plan": "starter"}),
        ("/postgres", POSTGRES | {"region": "mars"}),
        ("/postgres", {"name": "db", "ownerId": "tea-1"}),
        ("/key-value", KEY_VALUE | {"plan": "tiny"}),
        ("/key-value", KEY_VALUE | {"maxmemoryPolicy": "never"}),
        ("/env-groups", {"name": "shared", "ownerId": "tea-1"}),
    ],
)
def test_a_body_against_the_reference_is_refused(account: Account, path: str, body: dict[str, Any]) -> None:
    assert account.http.post(path, json=body).status_code == 400
    assert account.http.get(path).json() == []


def test_a_body_that_is_not_json_is_refused(account: Account) -> None:
    answer = account.http.post("/services", content=b"{name:")

    assert (answer.status_code, answer.json()["message"]) == (400, "invalid JSON")


def test_what_is_fixed_at_creation_cannot_be_patched(account: Account) -> None:
    made = account.service()
    path = f"/services/{made['id']}"
    database = f"/postgres/{account.http.post('/postgres', json=POSTGRES).json()['id']}"
    refused: list[tuple[str, dict[str, Any]]] = [
        (path, {"type": "cron_job"}),
        (path, {"ownerId": "tea-2"}),
        (path, {"serviceDetails": {"region": "ohio"}}),
        (database, {"version": "17"}),
        (database, {"databaseName": "other"}),
    ]
    for place, body in refused:
        answer = account.http.patch(place, json=body)
        assert answer.status_code == 400
        assert "cannot be changed" in answer.json()["message"]

    assert account.http.get(path).json() == made


def test_a_name_is_one_service_and_one_group_a_workspace(account: Account) -> None:
    account.service("api")
    other = account.service("other")
    group = {"name": "shared", "ownerId": "tea-1", "envVars": []}
    account.http.post("/env-groups", json=group)

    assert account.http.post("/services", json=service("api")).status_code == 409
    assert account.http.patch(f"/services/{other['id']}", json={"name": "api"}).status_code == 409
    assert account.http.post("/env-groups", json=group).status_code == 409
    elsewhere = account.client("rnd_other").post("/services", json=service("api") | {"ownerId": "tea-2"})
    assert elsewhere.status_code == 201
    assert elsewhere.json()["service"]["slug"] != "api"


def test_a_workspace_has_one_free_database_that_expires(account: Account) -> None:
    free = POSTGRES | {"plan": "free"}
    made = account.http.post("/postgres", json=free).json()
    again = account.http.post("/postgres", json=free)

    assert made["expiresAt"].startswith("2023-12-14T22:14:00")
    assert again.status_code == 400
    assert "cannot have more than one active free tier database" in again.json()["message"]
    assert "expiresAt" not in account.http.patch(f"/postgres/{made['id']}", json={"plan": "basic_1gb"}).json()
    assert account.http.post("/postgres", json=free).status_code == 201


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/owners", 405)])
def test_an_endpoint_that_is_not_there_is_said_so(account: Account, method: str, path: str, status: int) -> None:
    assert account.http.request(method, path).status_code == status


# Quotas


@pytest.mark.parametrize(
    ("method", "path", "limit", "reset"),
    [
        ("GET", "/owners", 400, 60),
        ("PUT", "/services/srv-1/env-vars", 100, 60),
        ("PATCH", "/services/srv-1", 10, 60),
        ("POST", "/services/srv-1/deploys", 10, 60),
        ("POST", "/services/srv-1/custom-domains", 50, 2760),
        ("POST", "/services", 20, 2760),
        ("POST", "/postgres", 20, 2760),
        ("POST", "/key-value", 20, 2760),
    ],
)
def test_each_class_of_calls_has_its_quota(account: Account, method: str, path: str, limit: int, reset: int) -> None:
    for used in range(1, limit + 1):
        answer = account.http.request(method, path)
        assert answer.status_code != 429
        assert answer.headers["Ratelimit-Remaining"] == str(limit - used)
    late = account.http.request(method, path)

    assert late.status_code == 429
    assert (late.headers["Ratelimit-Limit"], late.headers["Ratelimit-Reset"]) == (str(limit), str(reset))
    assert late.headers["Retry-After"] == str(reset)
    account.clock.now += reset
    assert account.http.request(method, path).status_code != 429


def test_patching_a_service_and_deploying_it_share_a_quota(account: Account) -> None:
    made = account.service()
    for number in range(5):
        account.http.patch(f"/services/{made['id']}", json={"branch": f"b{number}"})
        account.deploy(made["id"])

    assert account.http.post(f"/services/{made['id']}/deploys", json={}).status_code == 429
    assert account.client("rnd_both").post(f"/services/{made['id']}/deploys", json={}).status_code == 201


def test_quotas_can_be_told_without_being_enforced() -> None:
    account = Account(rate_limits=False)
    answers = [account.http.patch("/services/srv-1") for _ in range(11)]

    assert {answer.status_code for answer in answers} == {404}
    # A client that paces itself by the headers is not held up either.
    assert [answer.headers["Ratelimit-Remaining"] for answer in answers[-3:]] == ["1", "1", "1"]
