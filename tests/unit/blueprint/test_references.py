"""Where variables get their values from: other objects, Render itself, or whoever set them in the dashboard."""

from __future__ import annotations

import pytest

from blueprint.errors import MissingReference
from blueprint.marker import KEY
from tests.unit.blueprint.account import GENERATED, Account
from tests.unit.blueprint.documents import (
    LINK,
    database,
    from_database,
    from_itself,
    group,
    key_value,
    known_of,
    only,
    service,
    variables,
)

KEPT = {"key": "STRIPE_KEY", "sync": False}


# Datastores


def test_every_property_of_a_database_is_that_of_its_internal_connection_string(account: Account) -> None:
    names = ("connectionString", "host", "port", "user", "password", "database")
    env = [from_database(f"DB_{name.upper()}", name) for name in names]
    account.apply({"databases": [database()], **only(*env)})

    live = account.estate.find_postgres("staging-db")
    user, secret, host, name = "marketedge_user", live["_password"], live["id"], live["databaseName"]
    assert account.variables("api") == {
        "DB_CONNECTIONSTRING": f"postgresql://{user}:{secret}@{host}/{name}",
        "DB_HOST": host,
        "DB_PORT": "5432",
        "DB_USER": user,
        "DB_PASSWORD": secret,
        "DB_DATABASE": name,
    }
    assert name.startswith("marketedge_staging_")


def test_a_password_with_reserved_characters_is_given_as_it_is_and_not_as_it_stands_in_the_url(
    account: Account,
) -> None:
    account.apply({"databases": [database()]})
    account.estate.find_postgres("staging-db")["_password"] = "p%40ss%2Fword"
    account.apply({"databases": [database()], **only(from_database("PASSWORD", "password"))})

    assert account.variables("api") == {"PASSWORD": "p@ss/word"}


def test_every_property_of_a_key_value_instance_is_that_of_its_internal_connection_string(account: Account) -> None:
    names = ("connectionString", "host", "port", "hostport")
    env = [{"key": name.upper(), "fromKeyValue": {"name": "cache", "property": name}} for name in names]
    account.apply({"services": [key_value(), service(*env)]})

    host = account.estate.find_key_value("cache")["id"]
    assert account.variables("api") == {
        "CONNECTIONSTRING": f"redis://{host}:6379",
        "HOST": host,
        "PORT": "6379",
        "HOSTPORT": f"{host}:6379",
    }


def test_one_connection_is_looked_up_once_however_often_it_is_used(account: Account) -> None:
    env = [from_database("A"), from_database("B", "host"), from_database("C", "port")]
    account.apply({"databases": [database()], **only(*env)})

    assert account.requests().count("GET /postgres/staging-db/connection-info") == 1


def test_a_group_may_refer_to_a_database(account: Account) -> None:
    account.apply({"databases": [database()], "envVarGroups": [group(from_database("DB_HOST", "host"))]})

    assert account.group_variables("staging-env")["DB_HOST"] == account.estate.find_postgres("staging-db")["id"]


def test_known_ids_save_their_look_up(account: Account) -> None:
    made = account.apply({"databases": [database()], "envVarGroups": [group()]})
    account.apply({**only(LINK, from_database()), "known": known_of(made)})

    assert [line for line in account.requests() if line.startswith("GET")] == [
        "GET /services",
        "GET /postgres/staging-db/connection-info",
    ]
    assert account.running("api")["LOG_LEVEL"] == "DEBUG"


def test_what_is_declared_elsewhere_and_not_known_is_looked_up_by_name(account: Account) -> None:
    account.apply({"databases": [database()], "envVarGroups": [group()]})
    account.apply(only(LINK, from_database("DB_HOST", "host")))

    assert account.variables("api") == {"DB_HOST": account.estate.find_postgres("staging-db")["id"]}
    assert account.running("api")["LOG_LEVEL"] == "DEBUG"


# Services


def test_the_port_of_the_service_itself_is_known_before_it_exists(account: Account) -> None:
    account.apply(only(from_itself("PORT", "port")))

    assert account.variables("api") == {"PORT": "10000"}


def test_the_port_of_the_service_itself_follows_what_render_says(account: Account) -> None:
    document = only(from_itself("PORT", "port"), from_itself("ADDRESS", "hostport"))
    account.apply(only(from_itself("PORT", "port")))
    account.estate.find_service("api")["serviceDetails"]["openPorts"] = [{"port": 8080, "protocol": "TCP"}]
    account.apply(document)

    assert account.variables("api") == {"PORT": "8080", "ADDRESS": "api:8080"}


def test_the_host_of_a_service_is_its_slug(account: Account) -> None:
    account.apply({"services": [service(name="Other One")]})
    env = [
        {"key": name.upper(), "fromService": {"name": "Other One", "property": name}}
        for name in ("host", "port", "hostport")
    ]
    account.apply(only(*env))

    assert account.variables("api") == {"HOST": "other-one", "PORT": "10000", "HOSTPORT": "other-one:10000"}


# What is missing


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (from_database(name="nowhere"), "no database is named 'nowhere'"),
        ({"key": "A", "fromKeyValue": {"name": "nowhere"}}, "no key-value instance is named 'nowhere'"),
        ({"key": "A", "fromService": {"name": "nowhere", "property": "host"}}, "no service is named 'nowhere'"),
        ({"fromGroup": "nowhere"}, "no environment group is named 'nowhere'"),
    ],
    ids=["database", "key-value", "service", "group"],
)
def test_a_reference_to_nothing_is_named_before_any_write(
    account: Account, variable: dict[str, object], message: str
) -> None:
    with pytest.raises(MissingReference, match=message):
        account.apply(only(variable))

    assert account.writes() == []


# Values that Render or somebody else keeps


def test_a_generated_value_is_made_once_and_kept_by_every_apply(account: Account) -> None:
    generated = {"key": "SECRET", "generateValue": True}
    account.apply(only(generated, *variables(A="1")))
    first = account.variables("api")["SECRET"]
    account.apply(only(generated, *variables(A="2")))

    assert GENERATED.fullmatch(first)
    assert account.variables("api") == {"SECRET": first, "A": "2"}
    assert account.running("api") == {"SECRET": first, "A": "2"}


def test_a_generated_value_of_a_group_is_kept_too(staged: Account) -> None:
    first = staged.group_variables("staging-env")["JWT_SECRET_KEY"]
    staged.apply({"envVarGroups": [group(*variables(NEW="1"))]})

    assert staged.group_variables("staging-env")["JWT_SECRET_KEY"] == first


def test_a_generated_value_that_was_deleted_is_generated_anew(staged: Account) -> None:
    rows = staged.estate.find_env_group("staging-env")["envVars"]
    rows.remove(next(row for row in rows if row["key"] == "JWT_SECRET_KEY"))
    staged.apply({"envVarGroups": [group()]})

    assert GENERATED.fullmatch(staged.group_variables("staging-env")["JWT_SECRET_KEY"])


def test_a_value_kept_by_hand_is_never_written(account: Account) -> None:
    account.apply(only(*variables(A="1")))
    own = account.estate.env_vars[account.estate.find_service("api")["id"]]
    own["STRIPE_KEY"] = "sk_live_by_hand"
    account.apply(only(KEPT, *variables(A="2", B="3")))

    path = "/services/api/env-vars"
    assert account.writes() == [
        f"PUT {path}/{KEY}",
        f"PUT {path}/A",
        f"PUT {path}/B",
        "POST /services/api/deploys",
    ]
    assert "sk_live_by_hand" not in "".join(account.wire.bodies)
    assert account.running("api") == {"A": "2", "B": "3", "STRIPE_KEY": "sk_live_by_hand"}


def test_a_value_kept_by_hand_may_change_there_without_being_a_difference(account: Account) -> None:
    account.apply(only())
    own = account.estate.env_vars[account.estate.find_service("api")["id"]]
    own["STRIPE_KEY"] = "one"
    account.apply(only(KEPT))
    own["STRIPE_KEY"] = "two"
    account.apply(only(KEPT))

    assert account.writes() == []


# Whose variables they are


def test_a_variable_that_is_not_declared_is_removed_where_the_service_is_ours(staged: Account) -> None:
    alone = only(*variables(A="1"))
    staged.apply(alone)

    assert staged.variables("api") == {"A": "1"}


def test_a_variable_that_is_not_declared_is_removed_beside_one_kept_by_hand(account: Account) -> None:
    account.apply(only(*variables(STRIPE_KEY="by hand", OLD="1")))
    account.apply(only(KEPT))

    assert account.variables("api") == {"STRIPE_KEY": "by hand"}
    assert "DELETE /services/api/env-vars/OLD" in account.writes()


@pytest.mark.parametrize(("ownership", "kept"), [("exact", False), ("merge", True)])
def test_a_group_follows_its_ownership(account: Account, ownership: str, kept: bool) -> None:
    account.apply({"envVarGroups": [group(*variables(OLD="1"))]})
    account.apply({"envVarGroups": [group(ownership=ownership)]})

    assert ("OLD" in account.group_variables("staging-env")) == kept


def test_more_variables_than_a_page_holds_are_all_seen(account: Account) -> None:
    many = variables(**{f"KEY_{number}": "x" for number in range(230)})
    account.apply(only(*many))
    account.apply(only(*many))

    assert account.writes() == []
    assert account.requests().count("GET /services/api/env-vars") == 3


def test_a_new_service_gets_its_own_address_once_it_has_one(account: Account) -> None:
    url = {"key": "URL", "fromService": {"type": "web", "name": "api", "envVarKey": "RENDER_EXTERNAL_URL"}}
    document = only(url, from_itself("HOST", "host"), *variables(A="1"))
    account.apply(document)
    assert account.running("api") == {"URL": "https://api.onrender.com", "HOST": "api", "A": "1"}

    account.apply(document)
    assert account.writes() == []


def test_a_service_that_is_made_in_the_same_run_can_be_referred_to(account: Account) -> None:
    front = service({"key": "API", "fromService": {"type": "web", "name": "api", "property": "hostport"}}, name="front")
    account.apply({"services": [service(), front]})
    assert account.variables("front") == {"API": "api:10000"}


def test_a_variable_of_another_service_is_copied(account: Account) -> None:
    secret = {"key": "SECRET", "generateValue": True}
    other = service({"key": "S", "fromService": {"type": "web", "name": "api", "envVarKey": "SECRET"}}, name="other")
    account.apply({"services": [service(secret), other]})
    assert account.variables("other")["S"] == account.variables("api")["SECRET"]


def test_a_read_replica_is_referred_to_like_a_database(account: Account) -> None:
    primary = database(plan="pro_4gb", readReplicas=[{"name": "replica"}])
    account.apply({"databases": [primary], "services": [service(from_database(name="replica", property="host"))]})
    (store,) = account.estate.postgres.values()
    assert account.variables("api")["DATABASE_URL"] == store["readReplicas"][0]["id"]
