"""An object that a killed plugin leaves behind, under the real engine: refused at the next up, healed by import."""

import pulumi
import pulumi_github as github
import pytest
from pulumi import automation

from .conftest import Engine

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.processes,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def seed(engine: Engine) -> None:
    engine.estate.seed("github", "repository", name="platform")
    engine.estate.seed("github", "branch", repository="platform", branch="main", sha="a" * 40)
    engine.estate.seed("vercel", "project", name="frontend", id="prj_frontend")


def test_what_is_orphaned_by_a_killed_plugin_is_refused_and_can_be_imported(engine: Engine) -> None:
    seed(engine)
    engine.estate.fail_create("github", "ruleset", kill=True)

    def tags(imported: str | None = None) -> automation.PulumiFn:
        def declare() -> None:
            github.RepositoryRuleset(
                "tags",
                name="release tags",
                repository="platform",
                target="tag",
                enforcement="active",
                conditions={"ref_name": {"includes": ["refs/tags/v*"], "excludes": []}},
                rules={"deletion": True, "non_fast_forward": True},
                opts=pulumi.ResourceOptions(import_=imported),
            )

        return declare

    with pytest.raises(automation.CommandError):
        engine.stack(tags()).up()
    orphan = engine.estate.find("github", "ruleset", name="release tags")
    assert orphan is not None
    with pytest.raises(automation.CommandError, match="409 Already exists"):
        engine.stack(tags()).up()

    engine.stack(tags(f"platform:{orphan['rulesetId']}")).up()
    engine.stack(tags()).preview(refresh=True, expect_no_changes=True)
    assert engine.estate.find_all("github", "ruleset") == [orphan]
