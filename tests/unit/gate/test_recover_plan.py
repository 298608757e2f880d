"""From a preview's steps to what would be created, and from there to the file of an import."""

from __future__ import annotations

from typing import Any

from pulumi.automation.events import StepEventMetadata

from gate.recover.plan import Plan, import_list, plan

STACK = "urn:pulumi:staging::gate::pulumi:pulumi:Stack::gate-staging"
GITHUB = "urn:pulumi:staging::gate::pulumi:providers:github::default_6_15_0"
VERCEL = "urn:pulumi:staging::gate::pulumi:providers:vercel::default_5_21_1_github_/api.github.com/pulumiverse"
OUTER = "urn:pulumi:staging::gate::marketedge:x:Outer::staging"
INNER = "urn:pulumi:staging::gate::marketedge:x:Outer$marketedge:x:Inner::staging"
OTHER = "urn:pulumi:staging::gate::marketedge:x:Other::staging"
BRANCH = "urn:pulumi:staging::gate::marketedge:x:Outer$marketedge:x:Inner$github:index/branch:Branch::staging"
DOMAIN = "urn:pulumi:staging::gate::marketedge:x:Other$vercel:index/projectDomain:ProjectDomain::staging"


def step(
    op: str, urn: str, *, parent: str = "", provider: str = "", inputs: dict[str, Any] | None = None, id: str = ""
) -> StepEventMetadata:
    type = urn.split("::")[2].rpartition("$")[2]
    state = {
        "type": type,
        "urn": urn,
        "custom": not type.startswith(("marketedge:", "pulumi:pulumi:")),
        "parent": parent,
        "provider": f"{provider}::some-id" if provider else "",
        "inputs": inputs or {},
        "id": id,
    }
    old = None if op == "create" else state
    return StepEventMetadata.from_json({"op": op, "urn": urn, "type": type, "provider": "", "old": old, "new": state})


def half_done() -> Plan:
    """One component is in the state and one is not; the Vercel provider is not either."""
    return plan(
        [
            step("same", STACK),
            step("same", GITHUB, inputs={"version": "6.15.0"}),
            step("create", OUTER, parent=STACK),
            step("create", INNER, parent=OUTER),
            step("same", OTHER, parent=STACK),
            step(
                "create",
                VERCEL,
                inputs={
                    "version": "5.21.1",
                    "__internal": {"pluginDownloadURL": "github://api.github.com/pulumiverse"},
                },
            ),
            step("create", BRANCH, parent=INNER, provider=GITHUB, inputs={"branch": "staging"}),
            step("create", DOMAIN, parent=OTHER, provider=VERCEL),
        ]
    )


def test_components_and_providers_are_not_among_what_is_looked_up() -> None:
    found = half_done()
    assert [resource.urn for resource in found.new()] == [BRANCH, DOMAIN]
    assert found.resources[BRANCH].inputs == {"branch": "staging"}
    assert [resource.urn for resource in found.kept()] == []


def test_a_resource_that_is_replaced_or_in_the_state_is_not_new() -> None:
    found = plan([step("same", BRANCH, id="platform:staging"), step("create-replacement", DOMAIN, id="x")])
    assert list(found.new()) == []
    assert [resource.id for resource in found.kept()] == ["platform:staging", "x"]


def test_an_import_brings_the_components_that_the_state_lacks_outermost_first() -> None:
    resources, names = import_list(half_done(), {BRANCH: "platform:staging:main"})
    component = {"component": True, "logicalName": "staging"}
    assert resources == [
        {**component, "type": "marketedge:x:Outer", "name": "resource-0"},
        {**component, "type": "marketedge:x:Inner", "name": "resource-1", "parent": "resource-0"},
        {
            "type": "github:index/branch:Branch",
            "name": "resource-2",
            "logicalName": "staging",
            "id": "platform:staging:main",
            "parent": "resource-1",
            "provider": "provider-3",
        },
    ]
    assert names == {"provider-3": GITHUB}


def test_an_import_makes_a_provider_that_the_state_lacks_from_its_version_and_address() -> None:
    resources, names = import_list(half_done(), {DOMAIN: "prj_1/staging.example.com"})
    (domain,) = resources
    assert domain["version"] == "5.21.1"
    assert domain["pluginDownloadUrl"] == "github://api.github.com/pulumiverse"
    assert names == {domain["parent"]: OTHER}


def test_names_of_an_import_are_unique_though_the_program_repeats_them() -> None:
    resources, names = import_list(half_done(), {BRANCH: "a", DOMAIN: "b"})
    used = [resource["name"] for resource in resources] + list(names)
    assert len(used) == len(set(used))
    assert {resource["logicalName"] for resource in resources} == {"staging"}
