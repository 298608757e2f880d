"""The simulator gives the answers that Render gave: every recorded exchange, in its sequence."""

import pytest

from tests.contract.replay import RECORDINGS, Replay, exchanges

# So many exchanges were recorded, and so many of them are of routes that the simulator has; a recording that loses
# lines must not pass for a shorter one.
RECORDED = {
    "env_group.jsonl": (15, 15),
    "key_value.jsonl": (114, 92),
    "postgres.jsonl": (112, 92),
    "web_service.jsonl": (64, 48),
    "web_service_env_vars.jsonl": (166, 120),
}


def test_every_recording_is_replayed() -> None:
    assert {path.name: len(exchanges(path.name)) for path in RECORDINGS.glob("*.jsonl")} == {
        name: recorded for name, (recorded, _) in RECORDED.items()
    }


@pytest.mark.parametrize("name", RECORDED)
def test_the_simulator_answers_as_recorded(name: str) -> None:
    replay = Replay(name)

    replay.run()

    assert replay.differences == []
    assert replay.played == RECORDED[name][1]
