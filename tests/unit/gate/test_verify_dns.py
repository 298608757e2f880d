"""`gate verify --wait dns` on a clock and a resolver of its own."""

from __future__ import annotations

import socket

import pytest

from components.settings import Settings
from gate.checks.dns import wait
from gate.common.budget import Budget
from gate.common.errors import GateError
from tests.unit import plan
from tests.unit.settings.stack_file import StackFile

RECORDS = {plan.BACKEND_DOMAIN: plan.BACKEND_CNAME}
MADE_AFTER = {plan.FRONTEND_DOMAIN: 40.0, plan.BACKEND_DOMAIN: 200.0}
TARGETS = {plan.FRONTEND_DOMAIN: plan.FRONTEND_CNAME, plan.BACKEND_DOMAIN: plan.BACKEND_CNAME}


class Clock:
    now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def budget(self, seconds: float, told: list[str]) -> Budget:
        return Budget(seconds, told.append, clock=lambda: self.now, sleep=self.sleep)

    def ask(self, host: str) -> list[str]:
        """Each record is there from its moment on."""
        if host in TARGETS and self.now < MADE_AFTER[host]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [TARGETS.get(host, host), "192.0.2.1"]


@pytest.fixture
def settings() -> Settings:
    return StackFile("staging").load().settings


def test_it_waits_until_every_record_holds_and_tells_each_once(settings: Settings) -> None:
    clock, told = Clock(), list[str]()
    lines = wait(settings, RECORDS, clock.budget(600, told), clock.ask)
    assert [(line.topic, line.verdict.outcome) for line in lines] == [("2.6", "pass"), ("2.3", "pass")]
    assert 200 <= clock.now < 220
    assert [line.partition("s of 600  ")[2] for line in told] == [
        f"DNS of {domain}, as this machine sees it: holds" for domain in MADE_AFTER
    ]


def test_what_does_not_hold_within_the_budget_has_failed_with_the_record_to_create(settings: Settings) -> None:
    clock = Clock()
    lines = wait(settings, RECORDS, clock.budget(100, []), clock.ask)
    assert clock.now <= 100
    assert [line.verdict.outcome for line in lines] == ["pass", "fail"]
    assert lines[1].verdict.fix == f"create the DNS record {plan.BACKEND_DOMAIN} CNAME {plan.BACKEND_CNAME}"


def test_a_record_that_points_elsewhere_is_waited_for(settings: Settings) -> None:
    clock = Clock()
    lines = wait(settings, RECORDS, clock.budget(60, []), lambda host: [f"{len(host)}.elsewhere.test"])
    assert {line.verdict.outcome for line in lines} == {"fail"}


def test_a_target_that_no_up_has_told_yet_cannot_be_waited_for(settings: Settings) -> None:
    with pytest.raises(GateError, match=f"{plan.BACKEND_DOMAIN} has to point is known after pulumi up"):
        wait(settings, {}, Clock().budget(60, []), Clock().ask)
