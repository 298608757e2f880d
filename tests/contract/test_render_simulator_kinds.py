"""Every kind of object in the simulator: what it takes, what it refuses, what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.render_account import POSTGRES, REPO, Account, details

Json = dict[str, Any]
STATIC: Json = {"type": "static_site", "serviceDetails": {"buildCommand": "npm run build", "publishPath": "dist"}}
AUTOSCALING: Json = {
    "enabled": True,
    "min": 1,
    "max": 3,
    "criteria": {"cpu": {"enabled": True, "percentage": 60}, "memory": {"enabled": False, "percentage": 60}},
}
DISK: Json = {"name": "data", "mountPath": "/data", "sizeGB": 10}
CREDENTIAL: Json = {"name": "hub", "registry": "DOCKER", "username": "u", "authToken": "t", "ownerId": "tea-1"}


@pytest.fixture
def account() -> Account:
    return Account(rate_limits=False)


def in_details(account: Account, service_id: str) -> Json:
    found: Json = account.http.get(f"/services/{service_id}").json()["serviceDetails"]
    return found


def test_a_static_site_has_routes_and_headers_that_are_replaced_whole(account: Account) -> None:
    rule = {"type": "rewrite", "source": "/*", "destination": "/index.html"}
    header = {"path": "/*", "name": "X-Frame-Options", "value": "DENY"}
    site = STATIC | {"serviceDetails": STATIC["serviceDetails"] | {"routes": [rule], "headers": [header]}}
    path = f"/services/{account.service(**site)['id']}"
    (made,) = account.http.get(f"{path}/routes").json()
    replaced = account.http.put(f"{path}/routes", json=[rule | {"type": "redirect"}, rule]).json()

    assert made["route"].items() >= rule.items()
    assert [one["priority"] for one in replaced] == [0, 1]
    assert account.http.get(f"{path}/headers").json()[0]["header"]["value"] == "DENY"
    assert account.http.put(f"{path}/headers", json=[]).json() == []
    assert account.http.get(f"/services/{account.service('web')['id']}/routes").status_code == 400


def test_an_image_is_pulled_with_a_registry_credential(account: Account) -> None:
    credential = account.http.post("/registrycredentials", json=CREDENTIAL)
    image = {"ownerId": "tea-1", "imagePath": "acme/app:1.2", "registryCredentialId": credential.json()["id"]}
    made = account.service(image=image, repo="x", serviceDetails={"runtime": "image", "plan": "starter"})

    assert (credential.status_code, "authToken" in credential.json()) == (200, False)
    assert made["imagePath"] == "docker.io/acme/app:1.2"
    assert made["registryCredential"]["name"] == "hub"
    assert [one["name"] for one in account.http.get("/registrycredentials").json()] == ["hub"]
    assert account.http.post("/registrycredentials", json=CREDENTIAL).status_code == 409


def test_a_docker_service_has_its_defaults_and_no_native_commands(account: Account) -> None:
    made = account.service(serviceDetails={"runtime": "docker"})
    refused = account.http.patch(
        f"/services/{made['id']}", json={"serviceDetails": {"envSpecificDetails": {"buildCommand": "make"}}}
    )

    assert made["serviceDetails"]["envSpecificDetails"]["dockerfilePath"] == "./Dockerfile"
    assert refused.status_code == 400


def test_a_native_service_needs_its_commands(account: Account) -> None:
    body = {"name": "x", "ownerId": "tea-1", "type": "web_service", "repo": REPO}
    for sent in ({"runtime": "node"}, {"runtime": "node", "envSpecificDetails": {"buildCommand": "b"}}):
        assert account.http.post("/services", json=body | {"serviceDetails": sent}).status_code == 400


def test_a_service_is_scaled_by_hand_or_by_rule(account: Account) -> None:
    service_id = account.service(**details(plan="standard"))["id"]
    path = f"/services/{service_id}"

    assert account.http.post(f"{path}/scale", json={"numInstances": 2}).status_code == 202
    assert account.http.put(f"{path}/autoscaling", json=AUTOSCALING).json() == AUTOSCALING
    assert in_details(account, service_id)["numInstances"] == 2
    assert in_details(account, service_id)["autoscaling"] == AUTOSCALING
    assert account.http.put(f"{path}/autoscaling", json=AUTOSCALING | {"min": 4}).status_code == 400
    assert account.http.patch(path, json={"serviceDetails": {"numInstances": 3}}).status_code == 400


def test_a_disk_is_added_and_grown_and_forbids_a_second_instance(account: Account) -> None:
    service_id = account.service(**details(plan="starter"))["id"]
    disk = account.http.post("/disks", json=DISK | {"serviceId": service_id})
    path = f"/disks/{disk.json()['id']}"

    assert disk.status_code == 201
    assert account.http.get("/disks").json()[0]["disk"]["serviceId"] == service_id
    assert account.http.post(f"/services/{service_id}/scale", json={"numInstances": 2}).status_code == 400
    assert account.http.patch(path, json={"sizeGB": 5}).status_code == 400
    assert account.http.patch(path, json={"sizeGB": 20}).json()["sizeGB"] == 20
    assert in_details(account, service_id)["disk"]["sizeGB"] == 20


def test_a_project_has_environments_that_hold_objects(account: Account) -> None:
    project = account.http.post(
        "/projects", json={"name": "Shop", "ownerId": "tea-1", "environments": [{"name": "Staging"}]}
    ).json()
    (environment_id,) = project["environmentIds"]
    service_id = account.service(environmentId=environment_id)["id"]
    account.http.patch(f"/environments/{environment_id}", json={"protectedStatus": "protected"})
    second = account.http.post("/environments", json={"name": "Production", "projectId": project["id"]})
    shown = account.http.get("/environments", params={"projectId": project["id"]}).json()

    assert second.status_code == 201
    assert [one["environment"]["name"] for one in shown] == ["Production", "Staging"]
    assert shown[1]["environment"]["serviceIds"] == [service_id]
    assert shown[1]["environment"]["protectedStatus"] == "protected"
    assert account.http.post("/projects", json={"name": "x", "ownerId": "tea-1", "environments": []}).status_code == 400
    assert account.http.delete(f"/projects/{project['id']}").status_code == 204
    assert "environmentId" not in account.http.get(f"/services/{service_id}").json()


def test_a_database_has_replicas_high_availability_and_a_disk_that_only_grows(account: Account) -> None:
    wanted = {"diskSizeGB": 10, "enableDiskAutoscaling": True, "enableHighAvailability": True}
    made = account.http.post("/postgres", json=POSTGRES | wanted | {"readReplicas": [{"name": "reader"}]}).json()
    path = f"/postgres/{made['id']}"
    listed = {one["postgres"]["name"]: one["postgres"]["role"] for one in account.http.get("/postgres").json()}
    reader = made["readReplicas"][0]["id"]

    assert listed == {"db": "primary", "reader": "replica"}
    assert len(account.http.get("/postgres?includeReplicas=false").json()) == 1
    assert account.http.get(f"/postgres/{reader}").json()["primaryPostgresID"] == made["id"]
    assert reader in account.http.get(f"/postgres/{reader}/connection-info").json()["internalConnectionString"]
    assert account.http.delete(f"/postgres/{reader}").status_code == 400
    assert (made["diskSizeGB"], made["diskAutoscalingEnabled"], made["highAvailabilityEnabled"]) == (10, True, True)
    assert account.http.patch(path, json={"diskSizeGB": 5}).status_code == 400
    assert account.http.patch(path, json={"diskSizeGB": 22}).status_code == 400
    assert account.http.patch(path, json={"readReplicas": []}).json()["readReplicas"] == []


def test_a_paid_database_is_exported_and_can_be_recovered_and_a_free_one_cannot() -> None:
    account = Account(provisioning_seconds=30)
    free, paid = (
        account.http.post("/postgres", json=POSTGRES | {"plan": plan}).json()["id"] for plan in ("free", "1c-2g")
    )
    recovery = [account.http.get(f"/postgres/{one}/recovery").json()["recoveryStatus"] for one in (free, paid)]

    assert recovery == ["NOT_AVAILABLE", "AVAILABLE"]
    assert account.http.post(f"/postgres/{free}/export").status_code == 400
    assert account.http.post(f"/postgres/{paid}/export").status_code == 202
    assert "url" not in account.http.get(f"/postgres/{paid}/export").json()[0]
    account.clock.now += 30
    assert account.http.get(f"/postgres/{paid}/export").json()[0]["url"].startswith("https://")


@pytest.mark.parametrize(
    ("kind", "plan", "taken"),
    [
        ("web_service", "0.5c-512mb", True),
        ("web_service", "standard_legacy", False),
        ("web_service", "starter_plus", False),
        ("background_worker", "4c-16g", True),
        ("background_worker", "free", False),
    ],
)
def test_new_plans_are_taken_and_legacy_ones_refused_for_new_services(
    account: Account, kind: str, plan: str, taken: bool
) -> None:
    commands = {"buildCommand": "b", "startCommand": "s"}
    body = {"name": "x", "ownerId": "tea-1", "type": kind, "repo": REPO}
    sent = {"runtime": "node", "plan": plan, "envSpecificDetails": commands}

    assert (account.http.post("/services", json=body | {"serviceDetails": sent}).status_code == 201) == taken


def test_what_a_living_service_has_can_be_sent_back(account: Account) -> None:
    made = account.service()
    account.sim.estate.find_service("api")["serviceDetails"]["plan"] = "standard_legacy"
    same = account.http.patch(f"/services/{made['id']}", json={"serviceDetails": {"plan": "standard_legacy"}})

    assert same.json()["serviceDetails"]["plan"] == "standard_legacy"


def test_maintenance_mode_is_switched_by_a_patch(account: Account) -> None:
    made = account.service()
    wanted = {"enabled": True, "uri": "https://status.example.com"}
    account.http.patch(f"/services/{made['id']}", json={"serviceDetails": {"maintenanceMode": wanted}})

    assert in_details(account, made["id"])["maintenanceMode"] == wanted


def test_a_list_of_groups_has_no_cursor_and_is_paged_by_the_moment_of_creation(account: Account) -> None:
    for number in range(25):
        account.clock.now += 1
        account.http.post("/env-groups", json={"name": f"g{number}", "ownerId": "tea-1", "envVars": []})
    first = account.http.get("/env-groups").json()
    rest = account.http.get("/env-groups", params={"createdBefore": first[-1]["createdAt"]}).json()

    assert [one["name"] for one in first + rest] == [f"g{number}" for number in reversed(range(25))]


@pytest.mark.parametrize("kind", ["private_service", "background_worker", "cron_job"])
def test_only_what_the_public_reaches_has_domains(account: Account, kind: str) -> None:
    schedule = {"schedule": "0 3 * * *"} if kind == "cron_job" else {}
    path = f"/services/{account.service(type=kind, **details(plan='starter', **schedule))['id']}/custom-domains"

    assert account.http.post(path, json={"name": "a.example.com"}).status_code == 400
