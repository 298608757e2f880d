"""Deploys in the simulator: their course over time, what they run, rollback, cancellation and the queue."""

import pytest

from tests.contract.render_account import REPO, Account, details


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_deploy_passes_through_its_phases_and_replaces_the_live_one() -> None:
    account = Account(deploy_seconds=100)
    made = account.service()["id"]
    seen = []
    for seconds in (0, 20, 60, 19, 1):
        account.clock.now += seconds
        seen += account.deploys(made)

    assert seen == ["created", "build_in_progress", "update_in_progress", "update_in_progress", "live"]
    assert account.deploy(made)["status"] == "build_in_progress"
    account.clock.now += 100
    assert account.deploys(made) == ["live", "deactivated"]


def test_without_a_duration_a_deploy_is_live_at_the_next_look(account: Account) -> None:
    made = account.service()["id"]
    deploy = account.deploy(made)
    assert "finishedAt" not in deploy

    finished = account.http.get(f"/services/{made}/deploys/{deploy['id']}").json()
    assert (finished["status"], bool(finished["finishedAt"])) == ("live", True)


def test_a_pre_deploy_command_has_a_phase_of_its_own() -> None:
    account = Account(deploy_seconds=100)
    made = account.service(**details(preDeployCommand="alembic upgrade head"))
    account.clock.now += 75

    assert made["serviceDetails"]["envSpecificDetails"]["preDeployCommand"] == "alembic upgrade head"
    assert account.deploys(made["id"]) == ["pre_deploy_in_progress"]


def test_a_deploy_takes_the_head_of_the_branch_or_the_commit_asked_for(account: Account) -> None:
    account.sim.push(REPO, "staging", "a" * 40, "First")
    made = account.service(autoDeploy="no")["id"]

    assert account.deploy(made)["commit"]["message"] == "First"
    assert account.deploy(made, commitId="b" * 40)["commit"]["id"] == "b" * 40
    assert account.deploy(made, deployMode="deploy_only")["commit"]["id"] == "b" * 40
    both = account.http.post(f"/services/{made}/deploys", json={"deployMode": "deploy_only", "commitId": "a" * 40})
    assert both.status_code == 400


def test_a_commit_that_does_not_build_leaves_the_live_deploy(account: Account) -> None:
    made = account.service()["id"]
    account.sim.estate.bad_commits.add("c" * 40)
    account.deploy(made, commitId="c" * 40)

    assert account.deploys(made) == ["build_failed", "live"]


def test_a_push_deploys_the_services_that_follow_the_branch(account: Account) -> None:
    follows = account.service("follows")["id"]
    manual = account.service("manual", autoDeploy="no")["id"]
    other = account.service("other", branch="main")["id"]

    (begun,) = account.sim.push(REPO, "staging", "d" * 40)
    assert (begun["_service"], begun["trigger"], begun["commit"]["id"]) == (follows, "new_commit", "d" * 40)
    assert [len(account.deploys(name)) for name in (follows, manual, other)] == [2, 1, 1]


def test_a_change_of_settings_or_variables_reaches_the_app_with_the_next_deploy(account: Account) -> None:
    estate = account.sim.estate
    made = account.service(envVars=[{"key": "MODE", "value": "old"}])["id"]
    variables = [{"key": "MODE", "value": "group"}, {"key": "SHARED", "value": "group"}]
    group = account.http.post("/env-groups", json={"name": "g", "ownerId": "tea-1", "envVars": variables}).json()
    account.http.post(f"/env-groups/{group['id']}/services/{made}")
    account.http.patch(f"/services/{made}", json={"branch": "main"})
    account.http.put(f"/services/{made}/env-vars", json=[{"key": "MODE", "value": "new"}])

    assert account.deploys(made) == ["live"]
    live = estate.live_deploy(made)
    assert live is not None
    assert estate.deploy_environment[live["id"]] == {"MODE": "old"}
    deploy = account.deploy(made)
    assert estate.deploy_environment[deploy["id"]] == {"MODE": "new", "SHARED": "group"}
    assert account.http.delete(f"/env-groups/{group['id']}/services/{made}").status_code == 204
    assert estate.effective_environment(made) == {"MODE": "new"}


def test_a_rollback_skips_the_build_and_runs_with_the_variables_of_its_target(account: Account) -> None:
    made = account.service(envVars=[{"key": "MODE", "value": "good"}])["id"]
    good = account.deploy(made, commitId="a" * 40)
    account.http.put(f"/services/{made}/env-vars/MODE", json={"value": "bad"})
    bad = account.deploy(made, commitId="b" * 40)
    answer = account.http.post(f"/services/{made}/rollback", json={"deployId": good["id"]})

    assert (answer.status_code, answer.json()["trigger"], answer.json()["status"]) == (
        201,
        "rollback",
        "update_in_progress",
    )
    assert answer.json()["commit"]["id"] == "a" * 40
    assert account.sim.estate.deploy_environment[answer.json()["id"]] == {"MODE": "good"}
    assert account.sim.estate.deploy_environment[bad["id"]] == {"MODE": "bad"}
    assert account.http.get(f"/services/{made}").json()["autoDeploy"] == "yes"
    assert account.http.post(f"/services/{made}/rollback", json={"deployId": "dep-none"}).status_code == 404


def test_a_deploy_is_canceled_while_it_runs_only() -> None:
    account = Account(deploy_seconds=100)
    made = account.service()["id"]
    deploy = account.deploy(made)
    path = f"/services/{made}/deploys/{deploy['id']}/cancel"

    assert account.deploys(made) == ["build_in_progress", "canceled"]
    assert account.http.post(path).json()["status"] == "canceled"
    assert account.http.post(path).status_code == 400


def test_a_queued_deploy_is_answered_without_a_body_and_follows_the_running_one() -> None:
    account = Account(deploy_seconds=100, queue_deploys=True)
    made = account.service(envVars=[{"key": "MODE", "value": "old"}])["id"]
    answer = account.http.post(f"/services/{made}/deploys", json={})
    account.http.put(f"/services/{made}/env-vars/MODE", json={"value": "new"})

    assert (answer.status_code, answer.content) == (202, b"")
    assert account.deploys(made) == ["queued", "created"]
    account.clock.now += 110
    assert account.deploys(made) == ["build_in_progress", "live"]
    account.clock.now += 90
    assert account.deploys(made) == ["live", "deactivated"]
    newest = account.sim.estate.deploys_of(made)[0]
    assert account.sim.estate.deploy_environment[newest["id"]] == {"MODE": "new"}
