"""docs/STATE.md, followed from the first block to the last: another backend, another passphrase, a key, repairs."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine import Engine
from rehearsal.estate import PROJECT, World, seed, world
from rehearsal.production import look, seed_production
from tests.documents import Reader, blocks, reading

from .stage import changes, writes

pytestmark = pytest.mark.e2e

DOCUMENT = PROJECT / "docs" / "STATE.md"
NEW_PASSPHRASE = "the-new-passphrase-of-a-test"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Object storage and a key service; its address."""
    from moto.server import ThreadedMotoServer  # here, because every worker imports this file

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def client(service: str, server: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=server, region_name="us-east-1", **keys)


@pytest.fixture(scope="module")
def cloud(server: str) -> dict[str, str]:
    """What a reader puts in place of the document's names, and the credentials."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    client("s3", server).create_bucket(Bucket="state")
    key = client("kms", server).create_key()["KeyMetadata"]["KeyId"]
    there = f"endpoint={server}&region=us-east-1"
    return {
        **credentials,
        "STATE_BACKEND": f"s3://state?{there}&s3ForcePathStyle=true",
        "STATE_KEY": f"awskms:///{key}?{there}",
        "NEW_PASSPHRASE": NEW_PASSPHRASE,
    }


def kill_a_run(reader: Readers, server: str) -> None:
    """What a killed `up` leaves in a bucket: an operation that was begun, and a lock."""
    bucket, state = client("s3", server), ".pulumi/stacks/marketedge-staging-gate/staging.json"
    content = json.loads(bucket.get_object(Bucket="state", Key=state)["Body"].read())
    latest = content["checkpoint"]["latest"]
    variable = next(r for r in latest["resources"] if r["urn"].endswith("::staging-BACKEND_URL"))
    latest["pending_operations"] = [{"resource": variable, "type": "updating"}]
    bucket.put_object(Bucket="state", Key=state, Body=json.dumps(content).encode())
    assert "pending_operations" in reader.asks("pulumi stack export --stack staging")
    lock = {"pid": 1, "username": "ci", "hostname": "runner", "timestamp": "2026-01-01T00:00:00Z"}
    key = ".pulumi/locks/organization/marketedge-staging-gate/staging/killed.json"
    bucket.put_object(Bucket="state", Key=key, Body=json.dumps(lock).encode())
    assert "the stack is currently locked by 1 lock" in reader.asks("pulumi refresh --stack staging --yes 2>&1 || true")


@pytest.fixture(scope="module")
def stage(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Staging is up in the file backend; production lives, and no stack knows it."""
    with world(tmp_path_factory.mktemp("state") / "world", pulumi_cli, rate_limits=False) as living:
        seed(living.vendors)
        seed_production(living)
        engine = Engine(living, "staging", lambda _line: None)
        engine.set_secrets(living.secrets.stack)
        engine.up()
        yield living
    gc.collect()


class Readers:
    """Types the document's blocks by what is in them, in the document's order, and keeps what was printed."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self.printed = reader, ""
        self._blocks = [commands for commands, by_hand in blocks(DOCUMENT) if by_hand is None]

    def through(self, last: str) -> str:
        """Go on through the block that holds a text; what that one printed."""
        while self._blocks:
            commands = self._blocks.pop(0)
            printed = self._reader.types(commands)
            self.printed += printed
            if last in commands:
                return printed
        raise AssertionError(f"{DOCUMENT.name} has no block with {last} after the ones before")

    def to_the_end(self) -> None:
        while self._blocks:
            self.printed += self._reader.types(self._blocks.pop(0))

    def asks(self, commands: str) -> str:
        """Something that is not in the document."""
        return self._reader.types(commands)


def test_every_command_works_and_nothing_is_lost_or_shown(stage: World, server: str, cloud: dict[str, str]) -> None:
    secrets, before = stage.secret_values(), (changes(stage), writes(stage))
    production = look(stage)
    variables = {**cloud, "OLD_BACKEND": stage.environment["PULUMI_BACKEND_URL"]}
    secret = "pulumi config get --stack staging --path 'marketedge:secrets.REDIS_URL'"
    with reading(stage, variables) as typed:
        reader = Readers(typed)
        reader.through("--file staging.moved.json")
        moved = (stage.project / "staging.moved.json").read_text()
        assert '"ciphertext"' in moved
        assert [value for value in secrets if value in moved] == []
        reader.through("stack rm")
        assert list((stage.state / ".pulumi" / "stacks").rglob("staging.json")) == []
        reader.through("$NEW_PASSPHRASE")
        assert reader.asks(secret).strip() == stage.secrets.stack["REDIS_URL"]
        refused = reader.asks(f"PULUMI_CONFIG_PASSPHRASE='{stage.secrets.passphrase}' {secret} 2>&1 || echo refused")
        assert refused == "error: incorrect passphrase\nrefused\n"
        reader.through("$STATE_KEY")
        assert reader.asks(f"env -u PULUMI_CONFIG_PASSPHRASE {secret}").strip() == stage.secrets.stack["REDIS_URL"]
        assert (changes(stage), writes(stage)) == before, "moving and encrypting anew change nothing at a vendor"
        assert "31 unchanged" in reader.through("stack import --stack staging --file staging.backup.json")
        kill_a_run(reader, server)
        assert "cleared" in reader.through("pulumi refresh")
        assert "pending_operations" not in reader.asks("pulumi stack export --stack staging")
        assert "imported 1 object" in reader.through("state delete")
        reader.to_the_end()
    assert "auth0:Client/production" in reader.printed
    assert (changes(stage), writes(stage)) == before, "repairing the state writes nothing at a vendor"
    assert look(stage).variables == production.variables
    assert [value for value in secrets if value in reader.printed] == []
