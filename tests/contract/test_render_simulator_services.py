"""Services in the simulator, their variables and domains, and how long a datastore takes."""

from base64 import b64decode
from typing import Any

import pytest

from tests.contract.render_account import KEY_VALUE, POSTGRES, Account, details

NIGHTLY = {"schedule": "0 3 * * *"}


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.mark.parametrize(
    ("kind", "sent", "there", "not_there"),
    [
        ("private_service", {"plan": "starter"}, {"url": "api:10000", "numInstances": 1}, {"healthCheckPath"}),
        ("background_worker", {"plan": "starter"}, {"env": "python", "plan": "starter"}, {"url", "openPorts"}),
        (
            "cron_job",
            {"plan": "starter", "schedule": "0 3 * * *"},
            {"schedule": "0 3 * * *", "region": "oregon"},
            {"url", "numInstances"},
        ),
        ("web_service", {"region": "frankfurt"}, {"region": "frankfurt", "healthCheckPath": ""}, {"sshAddress"}),
    ],
)
def test_each_type_of_service_has_its_details(
    account: Account, kind: str, sent: dict[str, Any], there: dict[str, Any], not_there: set[str]
) -> None:
    shown = account.service(type=kind, **details(**sent))["serviceDetails"]

    assert shown | there == shown
    assert not not_there & shown.keys()


def test_a_static_site_has_no_plan(account: Account) -> None:
    sent = {"buildCommand": "npm run build", "ipAllowList": [], "previews": {"generation": "automatic"}}
    shown = account.service(type="static_site", serviceDetails=sent)["serviceDetails"]

    assert (shown["buildCommand"], shown["publishPath"]) == ("npm run build", "public")
    assert shown["previews"] == {"generation": "automatic"}
    assert not {"plan", "runtime", "envSpecificDetails", "ipAllowList"} & shown.keys()


def test_a_change_inside_the_details_moves_updated_at_and_the_same_again_does_not(account: Account) -> None:
    path = f"/services/{account.service()['id']}"
    moments = []
    for _ in range(2):
        account.clock.now += 1
        moments.append(account.http.patch(path, json={"serviceDetails": {"plan": "pro"}}).json()["updatedAt"])

    assert moments[0] == moments[1] > account.http.get(path).json()["createdAt"]


def test_a_renamed_service_keeps_its_address_and_its_links_follow(account: Account) -> None:
    made = account.service()
    body = {"name": "shared", "ownerId": "tea-1", "envVars": [], "serviceIds": [made["id"]]}
    group = account.http.post("/env-groups", json=body).json()["id"]
    renamed = account.http.patch(f"/services/{made['id']}", json={"name": "backend"}).json()

    assert (renamed["name"], renamed["slug"]) == ("backend", "api")
    assert renamed["serviceDetails"]["url"] == "https://api.onrender.com"
    assert account.http.get(f"/env-groups/{group}").json()["serviceLinks"][0]["name"] == "backend"


def test_auto_deploy_and_its_trigger_say_the_same(account: Account) -> None:
    def both(body: dict[str, str]) -> tuple[str, str]:
        answer = account.http.patch(f"/services/{made['id']}", json=body).json()
        return answer["autoDeploy"], answer["autoDeployTrigger"]

    made = account.service(autoDeploy="no")

    assert (made["autoDeploy"], made["autoDeployTrigger"]) == ("no", "off")
    assert both({"autoDeploy": "yes"}) == ("yes", "commit")
    assert both({"autoDeployTrigger": "checksPass"}) == ("yes", "checksPass")
    assert both({"autoDeployTrigger": "off"}) == ("no", "off")


def test_an_empty_build_filter_is_not_reported(account: Account) -> None:
    made = account.service(buildFilter={"paths": ["src/**"], "ignoredPaths": []})
    assert made["buildFilter"] == {"paths": ["src/**"], "ignoredPaths": []}

    emptied = account.http.patch(f"/services/{made['id']}", json={"buildFilter": {"paths": [], "ignoredPaths": []}})
    assert "buildFilter" not in emptied.json()


def test_a_service_is_suspended_and_resumed_with_a_deploy(account: Account) -> None:
    path = f"/services/{account.service()['id']}"

    assert account.http.post(f"{path}/suspend").status_code == 202
    suspended = account.http.get(path).json()
    assert (suspended["suspended"], suspended["suspenders"]) == ("suspended", ["user"])
    assert account.http.post(f"{path}/deploys", json={}).status_code == 400
    assert account.http.post(f"{path}/resume").status_code == 202
    assert account.http.get(path).json()["suspended"] == "not_suspended"
    assert account.http.get(f"{path}/deploys").json()[0]["deploy"]["trigger"] == "service_resumed"


def test_one_variable_is_read_changed_and_removed_in_its_place(account: Account) -> None:
    path = f"/services/{account.service(envVars=[{'key': 'A', 'value': '1'}, {'key': 'B', 'value': '2'}])['id']}"

    assert account.http.put(f"{path}/env-vars/A", json={"value": "new"}).json() == {"key": "A", "value": "new"}
    generated = account.http.put(f"{path}/env-vars/SECRET", json={"generateValue": True}).json()["value"]
    assert len(b64decode(generated)) == 32
    assert [item["envVar"]["key"] for item in account.http.get(f"{path}/env-vars").json()] == ["SECRET", "B", "A"]
    assert account.http.delete(f"{path}/env-vars/B").status_code == 204
    assert account.http.get(f"{path}/env-vars/B").status_code == 404
    assert account.http.put(f"{path}/secret-files/a%20b.txt", json={"content": "c"}).status_code == 201
    assert account.http.get(f"{path}/secret-files/a%20b.txt").json() == {"name": "a b.txt", "content": "c"}


def test_deleting_a_service_takes_everything_of_it_along(account: Account) -> None:
    made = account.service()["id"]
    body = {"name": "shared", "ownerId": "tea-1", "envVars": [], "serviceIds": [made]}
    group = account.http.post("/env-groups", json=body).json()
    account.http.post(f"/services/{made}/custom-domains", json={"name": "api.example.com"})

    assert group["serviceLinks"] == [{"id": made, "name": "api", "type": "web"}]
    assert account.http.delete(f"/services/{made}").status_code == 204
    assert account.http.get(f"/env-groups/{group['id']}").json()["serviceLinks"] == []
    estate = account.sim.estate
    assert [estate.services, estate.deploys, estate.env_vars, estate.custom_domains] == [{}, {}, {}, {}]


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("example.com", {"www.example.com": "example.com"}),
        ("www.example.co.uk", {"example.co.uk": "www.example.co.uk"}),
        ("api.example.com", {}),
    ],
)
def test_an_apex_and_its_www_come_together(account: Account, name: str, others: dict[str, str]) -> None:
    path = f"/services/{account.service()['id']}/custom-domains"
    answer = account.http.post(path, json={"name": name})

    assert answer.status_code == 201
    assert answer.json()[0]["name"] == name
    assert {row["name"]: row["redirectForName"] for row in answer.json()[1:]} == others
    assert account.http.post(path, json={"name": name}).status_code == 409
    assert account.http.delete(f"{path}/{answer.json()[0]['id']}").status_code == 204
    assert account.http.get(path).json() == []


def test_a_datastore_is_available_after_its_time(account: Account) -> None:
    account = Account(provisioning_seconds=30)
    for path, body in (("/postgres", POSTGRES), ("/key-value", KEY_VALUE)):
        made = account.http.post(path, json=body).json()
        statuses = [made["status"]]
        for seconds in (0, 29, 1):
            account.clock.now += seconds
            statuses.append(account.http.get(f"{path}/{made['id']}").json()["status"])
        assert statuses == ["unknown", "creating", "creating", "available"]
        resized = account.http.patch(f"{path}/{made['id']}", json={"plan": "custom"}).json()
        assert resized["status"] == "creating"
