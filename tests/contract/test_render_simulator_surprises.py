"""What Render does around the calls, in the simulator: lost builds, overlaps, Blueprints that sync, previews."""

from __future__ import annotations

from tests.contract.render_account import POSTGRES, REPO, Account, details

COMMITS = [letter * 40 for letter in "abcd"]
BLUEPRINT = """
services:
  - {type: web, name: api, runtime: python, plan: standard, envVars: [{key: MODE, value: theirs}, {key: N, value: 1}]}
  - {type: web, name: not-made-yet, runtime: node, plan: free}
databases:
  - {name: db, plan: basic-1gb}
"""


def test_only_the_newest_builds_are_kept_and_an_older_deploy_stays_in_the_list() -> None:
    account = Account()
    account.sim.estate.builds_kept = 2
    made = account.service()["id"]
    deploys = [account.deploy(made, commitId=commit)["id"] for commit in COMMITS]
    statuses = account.deploys(made)
    refused = account.http.post(f"/services/{made}/rollback", json={"deployId": deploys[0]})

    assert statuses == ["live"] + ["deactivated"] * 4
    assert (refused.status_code, "no longer available" in refused.json()["message"]) == (400, True)
    assert account.http.post(f"/services/{made}/rollback", json={"deployId": deploys[2]}).status_code == 201
    assert account.deploy(made, commitId=COMMITS[0])["status"] == "build_in_progress"


def test_a_newer_deploy_cancels_the_one_in_progress() -> None:
    account = Account(deploy_seconds=100)
    made = account.service()["id"]
    for commit in COMMITS[:2]:
        account.sim.push(REPO, "staging", commit)

    assert account.deploys(made) == ["build_in_progress", "canceled", "canceled"]


def test_a_blueprint_that_syncs_sets_again_what_its_file_says() -> None:
    account = Account()
    variables = [{"key": "MODE", "value": "ours"}, {"key": "OTHER", "value": "kept"}]
    made = account.service(autoDeploy="no", envVars=variables)
    account.http.post("/postgres", json=POSTGRES)
    row = account.sim.blueprints.connect("estate", "tea-1", REPO, "main", BLUEPRINT)
    service = account.http.get(f"/services/{made['id']}").json()

    assert (service["serviceDetails"]["plan"], service["autoDeployTrigger"]) == ("standard", "commit")
    assert account.sim.estate.env_vars[made["id"]] == {"MODE": "theirs", "OTHER": "kept", "N": "1"}
    assert account.http.get(f"/services/{made['id']}/deploys").json()[0]["deploy"]["trigger"] == "blueprint_sync"
    assert account.sim.estate.find_postgres("db")["plan"] == "basic_1gb"
    assert [one["name"] for one in account.http.get(f"/blueprints/{row['id']}").json()["resources"]] == ["api", "db"]


def test_a_push_syncs_a_blueprint_until_it_is_paused_or_disconnected() -> None:
    account = Account()
    made = account.service()
    row = account.sim.blueprints.connect("estate", "tea-1", REPO, "main", BLUEPRINT)
    path = f"/services/{made['id']}/env-vars/MODE"

    def after_a_push() -> str:
        account.http.put(path, json={"value": "ours"})
        account.sim.push(REPO, "main", "e" * 40)
        return str(account.http.get(path).json()["value"])

    assert after_a_push() == "theirs"
    paused = account.http.patch(f"/blueprints/{row['id']}", json={"autoSync": False}).json()
    assert (paused["status"], after_a_push()) == ("paused", "ours")
    assert account.http.get("/blueprints").json()[0]["blueprint"]["name"] == "estate"
    assert account.http.delete(f"/blueprints/{row['id']}").status_code == 204
    assert account.http.get(f"/services/{made['id']}").status_code == 200


def test_a_pull_request_gets_previews_of_the_services_linked_to_its_base_with_all_their_variables() -> None:
    account = Account()
    previews = details(previews={"generation": "automatic"})
    secret = [{"key": "DATABASE_URL", "value": "postgresql://production"}]
    staging = account.service("staging-api", branch="staging", envVars=secret, **previews)
    account.service("production-api", branch="main", **previews)
    account.service("without", branch="staging")
    account.sim.open_pull_request(REPO, "staging", 7, "f" * 40)
    preview = account.sim.estate.find_service("staging-api PR #7")

    assert len(account.sim.estate.services) == 4
    assert preview["serviceDetails"]["parentServer"]["id"] == staging["id"]
    assert account.sim.estate.env_vars[preview["id"]] == {"DATABASE_URL": "postgresql://production"}
    assert len(account.http.get("/services?includePreviews=false").json()) == 3
    account.sim.close_pull_request(REPO, 7)
    assert len(account.sim.estate.services) == 3


def test_a_preview_that_is_made_by_hand_has_to_be_asked_for() -> None:
    account = Account()
    account.service(**details(previews={"generation": "manual"}))
    for asked_for, services in ((False, 1), (True, 2)):
        account.sim.open_pull_request(REPO, "staging", 8, "f" * 40, asked_for=asked_for)
        assert len(account.sim.estate.services) == services
