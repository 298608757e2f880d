"""gate prices: the list with its source, and the plans that Render tells no price of."""

from __future__ import annotations

import json

import pytest

from gate import cli


def test_every_plan_has_its_price_or_is_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("US dollars a month; source: render.com/pricing")
    assert lines[0].endswith("2026-10-02")
    found = {" ".join(line.split()) for line in lines}
    assert found >= {"service starter 7.00", "service 0.5c-512mb 7.00", "postgres basic_256mb 6.00", "disk 1 GB 0.25"}
    assert "keyValue custom not known" in found


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prices", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    assert {"kind": "service", "plan": "pro_plus", "dollarsAMonth": 175} in report["plans"]
