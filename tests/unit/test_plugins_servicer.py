"""The stand-in plugins without an engine: what they check, compare, keep secret, read back and refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pulumi.runtime.proto import provider_pb2

from rehearsal.plugins import Estate, install
from rehearsal.plugins.catalog import make_provider
from rehearsal.plugins.servicer import Servicer
from rehearsal.plugins.values import UNKNOWN, Secret, from_struct, plain, to_struct

TOKENS = {
    "branch": "github:index/branch:Branch",
    "protection": "github:index/branchProtection:BranchProtection",
    "environment": "github:index/repositoryEnvironment:RepositoryEnvironment",
    "secret": "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    "variable": "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
    "file": "github:index/repositoryFile:RepositoryFile",
    "ruleset": "github:index/repositoryRuleset:RepositoryRuleset",
    "client": "auth0:index/client:Client",
    "credentials": "auth0:index/clientCredentials:ClientCredentials",
    "grant": "auth0:index/clientGrant:ClientGrant",
    "vercel variable": "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable",
    "domain": "vercel:index/projectDomain:ProjectDomain",
    "record": "vercel:index/dnsRecord:DnsRecord",
    "command": "command:local:Command",
}
CHECKS = [{"strict": True, "contexts": ["build", "test"]}]
VARIABLE = {"projectId": "prj_1", "key": "API", "value": "https://api", "targets": ["preview"], "sensitive": False}


def variable_named(name: str) -> dict[str, Any]:
    return {"repository": "platform", "environment": "test", "variableName": name, "value": "1"}


class Refused(Exception):
    pass


class Context:
    def abort(self, code: Any, message: str) -> NoReturn:
        raise Refused(message)


class Plugin:
    """A plugin's servicer, called as the engine calls it, in plain properties."""

    def __init__(self, vendor: str, estate: Estate) -> None:
        self.servicer = Servicer(make_provider(vendor, str(estate.folder)))

    def configure(self, **settings: str) -> None:
        variables = {f"any:config:{name}": value for name, value in settings.items()}
        self.servicer.Configure(provider_pb2.ConfigureRequest(variables=variables), Context())

    def check(self, kind: str, inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        request = provider_pb2.CheckRequest(urn=_urn(kind), news=to_struct(inputs), randomSeed=b"seed")
        answer = self.servicer.Check(request, Context())
        return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def create(self, kind: str, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=_urn(kind), properties=to_struct(inputs), preview=preview)
        answer = self.servicer.Create(request, Context())
        return answer.id, from_struct(answer.properties)

    def diff(self, kind: str, state: dict[str, Any], news: dict[str, Any], *ignored: str) -> tuple[set[str], set[str]]:
        """The paths that differ, and the properties that force a replacement."""
        request = provider_pb2.DiffRequest(
            urn=_urn(kind),
            olds=to_struct(state),
            old_inputs=to_struct(state),
            news=to_struct(news),
            ignoreChanges=ignored,
        )
        answer = self.servicer.Diff(request, Context())
        assert bool(answer.detailedDiff) == (answer.changes == provider_pb2.DiffResponse.DIFF_SOME)
        return set(answer.detailedDiff), set(answer.replaces)

    def read(
        self, kind: str, id: str, state: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = provider_pb2.ReadRequest(
            urn=_urn(kind), id=id, properties=to_struct(state or {}), inputs=to_struct(inputs or {})
        )
        answer = self.servicer.Read(request, Context())
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def update(self, kind: str, id: str, state: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(urn=_urn(kind), id=id, olds=to_struct(state), news=to_struct(news))
        return from_struct(self.servicer.Update(request, Context()).properties)

    def delete(self, kind: str, id: str, state: dict[str, Any]) -> None:
        self.servicer.Delete(provider_pb2.DeleteRequest(urn=_urn(kind), id=id, properties=to_struct(state)), Context())

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        answer = self.servicer.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)), Context())
        return from_struct(getattr(answer, "return"))


def _urn(kind: str) -> str:
    return f"urn:pulumi:staging::marketedge::marketedge:index:Estate${TOKENS[kind]}::example"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="platform")
    estate.seed("github", "branch", repository="platform", branch="main", sha="a" * 40)
    estate.seed("github", "environment", repository="platform", environment="test")
    estate.seed("vercel", "project", name="frontend", id="prj_1")
    with estate.edit("vercel") as objects:
        objects.append({"type": "zone", "name": "example.com"})
    return estate


@pytest.fixture
def plugin(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Plugin]:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token")

    def configured(vendor: str) -> Plugin:
        started = Plugin(vendor, estate)
        started.configure(
            domain="x.auth0.com", clientId="id", clientSecret="secret", apiToken="abcdefghijklmnopqrstuvwx"
        )
        return started

    return configured


def test_check_refuses_what_the_sdk_does_not_know(plugin: Callable[[str], Plugin]) -> None:
    _, failures = plugin("github").check(
        "protection", {"pattern": "main", "requiredStatusChecks": [{"contexts": "build", "colour": "red"}]}
    )
    assert failures.keys() == {"repositoryId", "requiredStatusChecks[0].contexts", "requiredStatusChecks[0].colour"}
    assert failures["requiredStatusChecks[0].colour"] == "Invalid or unknown key"


@pytest.mark.parametrize(
    ("vendor", "kind", "inputs", "path"),
    [
        ("github", "variable", variable_named("GITHUB_URL"), "variableName"),
        ("github", "variable", variable_named("2ND"), "variableName"),
        ("github", "ruleset", {"target": "tags"}, "target"),
        (
            "github",
            "ruleset",
            {"bypassActors": [{"actorType": "Group", "bypassMode": "always"}]},
            "bypassActors.actorType",
        ),
        ("auth0", "client", {"grantTypes": ["password", "magic"]}, "grantTypes"),
        ("auth0", "client", {"appType": "web"}, "appType"),
        ("vercel", "vercel variable", {**VARIABLE, "targets": ["staging"]}, "targets"),
    ],
)
def test_check_refuses_values_that_the_vendor_does_not_know(
    plugin: Callable[[str], Plugin], vendor: str, kind: str, inputs: dict[str, Any], path: str
) -> None:
    _, failures = plugin(vendor).check(kind, inputs)
    assert f"expected {path} to be " in failures[path]


def test_a_client_grant_needs_an_api_of_the_tenant_and_is_made_once(
    plugin: Callable[[str], Plugin], estate: Estate
) -> None:
    client = estate.seed("auth0", "client", name="Smoke tests")["clientId"]
    auth0, wanted = plugin("auth0"), {"clientId": client, "audience": "https://api.test", "scopes": []}
    with pytest.raises(Refused, match="No resource server"):
        auth0.create("grant", wanted)
    with estate.edit("auth0") as objects:
        objects.append({"type": "resource_server", "identifier": "https://api.test"})
    auth0.create("grant", wanted)
    with pytest.raises(Refused, match="409"):
        auth0.create("grant", wanted)


def test_check_lets_unknown_values_and_secrets_pass(plugin: Callable[[str], Plugin]) -> None:
    inputs, failures = plugin("github").check(
        "secret",
        {"repository": "platform", "environment": UNKNOWN, "secretName": "KEY", "value": Secret("hidden")},
    )
    assert failures == {}
    assert inputs["value"] == Secret("hidden")


def test_check_adds_the_providers_defaults_and_names(plugin: Callable[[str], Plugin]) -> None:
    branch, _ = plugin("github").check("branch", {"repository": "platform", "branch": "staging"})
    assert branch["sourceBranch"] == "main"
    review, _ = plugin("github").check(
        "protection", {"repositoryId": "R", "pattern": "main", "requiredPullRequestReviews": [{}]}
    )
    assert review["requiredPullRequestReviews"] == [{"requiredApprovingReviewCount": 1}]
    client, _ = plugin("auth0").check("client", {})
    assert client["name"].startswith("example-")


def test_a_preview_leaves_open_what_only_the_vendor_knows(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    _, outputs = plugin("auth0").create("credentials", {"clientId": UNKNOWN}, preview=True)
    assert outputs["clientSecret"] == Secret(UNKNOWN)
    assert estate.objects("auth0") == []


def test_an_order_that_means_nothing_is_no_change(plugin: Callable[[str], Plugin]) -> None:
    state = {"repositoryId": "R_1", "pattern": "main", "enforceAdmins": False, "requiredStatusChecks": CHECKS}
    shuffled = {
        "repositoryId": "R_1",
        "pattern": "main",
        "requiredStatusChecks": [{"strict": True, "contexts": ["test", "build"]}],
    }
    assert plugin("github").diff("protection", state, shuffled) == (set(), set())


def test_diff_tells_an_update_from_a_replacement(plugin: Callable[[str], Plugin]) -> None:
    state = {"repositoryId": "R_1", "pattern": "main", "lockBranch": True, "requiredStatusChecks": CHECKS}
    lenient = {"repositoryId": "R_1", "pattern": "main", "requiredStatusChecks": [{"strict": False}]}
    assert plugin("github").diff("protection", state, lenient) == (
        {"lockBranch", "requiredStatusChecks[0].strict"},
        set(),
    )
    assert plugin("github").diff("protection", state, {**state, "repositoryId": UNKNOWN}) == (
        {"repositoryId"},
        {"repositoryId"},
    )
    assert plugin("github").diff("protection", state, lenient, "lockBranch", "requiredStatusChecks") == (set(), set())
    assert plugin("vercel").diff("vercel variable", VARIABLE, {**VARIABLE, "sensitive": True})[1] == {"sensitive"}


def test_undeclared_auth0_lists_never_show_as_drift(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    auth0 = plugin("auth0")
    id, state = auth0.create("client", {"name": "app", "webOrigins": ["https://a"]})
    with estate.edit("auth0") as objects:
        objects[0] |= {"callbacks": ["https://stranger"], "webOrigins": ["https://b"]}
    _, state, inputs = auth0.read("client", id, state, {"name": "app", "webOrigins": ["https://a"]})
    assert inputs == {"name": "app", "webOrigins": ["https://b"]}
    assert state["callbacks"] == ["https://stranger"]
    assert auth0.diff("client", state, {"name": "app", "webOrigins": ["https://a"]})[0] == {"webOrigins"}


def test_auth0_makes_a_second_client_of_a_name_without_a_word(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    first, _ = plugin("auth0").create("client", {"name": "app"})
    second, _ = plugin("auth0").create("client", {"name": "app"})
    assert first != second
    assert len(estate.find_all("auth0", "client", name="app")) == 2


def test_credentials_are_a_secret_view_of_their_client(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    auth0 = plugin("auth0")
    id, client = auth0.create("client", {"name": "app"})
    assert "clientSecret" not in client
    credentials, outputs = auth0.create("credentials", {"clientId": id, "authenticationMethod": "client_secret_basic"})
    stored = estate.find("auth0", "client")
    assert stored is not None
    assert credentials == id
    assert outputs["clientSecret"] == Secret(stored["clientSecret"])
    assert stored["authenticationMethod"] == "client_secret_basic"
    assert auth0.read("credentials", id)[1]["clientSecret"] == outputs["clientSecret"]
    auth0.delete("credentials", id, outputs)
    assert estate.find("auth0", "client") is not None
    with pytest.raises(Refused, match="404"):
        auth0.create("credentials", {"clientId": "nobody"})


def test_secrets_never_reach_the_log_and_stay_secret(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    github = plugin("github")
    github.create("environment", {"repository": "platform", "environment": "staging"})
    given = {"repository": "platform", "environment": "staging", "secretName": "KEY", "value": "hidden"}
    id, state = github.create("secret", given)
    assert id == "platform:staging:KEY"
    assert state["value"] == Secret("hidden")
    _, refreshed, _ = github.read("secret", id, state, given)
    assert refreshed == state
    assert "hidden" not in (estate.folder / "log.jsonl").read_text()


def test_a_secret_that_somebody_else_wrote_shows_by_its_date(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    github = plugin("github")
    github.create("environment", {"repository": "platform", "environment": "staging"})
    given = {"repository": "platform", "environment": "staging", "secretName": "KEY", "value": "hidden"}
    id, state = github.create("secret", given)
    assert github.diff("secret", state, given) == (set(), set())
    with estate.edit("github") as objects:
        objects[-1]["remoteUpdatedAt"] = "2999-01-01T00:00:00+00:00"
    _, state, _ = github.read("secret", id, state, given)
    assert github.diff("secret", state, given)[0] == {"updatedAt"}
    state = github.update("secret", id, state, given)
    assert github.diff("secret", state, given) == (set(), set())


def test_a_secret_in_a_nested_input_stays_secret_in_the_output(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    _, state = plugin("auth0").create("client", {"name": "app", "clientMetadata": {"key": Secret("hidden"), "a": "b"}})
    assert state["clientMetadata"] == {"key": Secret("hidden"), "a": "b"}
    assert estate.objects("auth0")[0]["clientMetadata"] == {"key": "hidden", "a": "b"}


def test_a_refresh_finds_an_object_gone(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    vercel = plugin("vercel")
    id, state = vercel.create("vercel variable", VARIABLE)
    with estate.edit("vercel") as objects:
        objects.pop()
    assert vercel.read("vercel variable", id, state, VARIABLE) == ("", {}, {})
    with pytest.raises(Refused, match="404"):
        vercel.update("vercel variable", id, state, VARIABLE)


def test_sensitive_variables_cannot_be_read_back(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    vercel = plugin("vercel")
    hidden, state = vercel.create("vercel variable", {**VARIABLE, "sensitive": True})
    other = {**VARIABLE, "key": "OTHER"}
    shown, other_state = vercel.create("vercel variable", other)
    with estate.edit("vercel") as objects:
        for found in objects[1:]:
            found["value"] = "edited"
    assert vercel.read("vercel variable", hidden, state, VARIABLE)[1]["value"] == Secret("https://api")
    assert vercel.read("vercel variable", shown, other_state, other)[1]["value"] == Secret("edited")
    assert "value" not in vercel.read("vercel variable", f"prj_1/{hidden}")[1]


@pytest.mark.parametrize(
    ("vendor", "kind", "inputs", "message"),
    [
        ("github", "variable", variable_named("A"), "409 Already exists"),
        ("github", "protection", {"repositoryId": "platform", "pattern": "main"}, "already exists"),
        ("vercel", "vercel variable", VARIABLE, "409"),
        ("vercel", "domain", {"projectId": "prj_1", "domain": "a.example.com"}, "already in use"),
        ("vercel", "record", {"domain": "example.com", "name": "api", "type": "CNAME", "value": "x.test."}, "409"),
        ("github", "file", {"repository": "platform", "file": "a/b.txt", "content": "c"}, "refusing to overwrite"),
    ],
)
def test_what_exists_already_is_refused(
    plugin: Callable[[str], Plugin], vendor: str, kind: str, inputs: dict[str, Any], message: str
) -> None:
    plugin(vendor).create(kind, inputs)
    with pytest.raises(Refused, match=message):
        plugin(vendor).create(kind, inputs)


def test_a_file_is_overwritten_only_where_that_is_declared(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    file = {"repository": "platform", "file": "a/b.txt", "branch": "main"}
    plugin("github").create("file", {**file, "content": "old"})
    plugin("github").create("file", {**file, "content": "new", "overwriteOnCreate": True})
    assert [one["content"] for one in estate.find_all("github", "file")] == ["new"]


@pytest.mark.parametrize("vendor", ["github", "auth0", "vercel", "command"])
def test_the_tables_name_only_properties_that_the_sdk_has(vendor: str, tmp_path: Path) -> None:
    for spec in make_provider(vendor, str(tmp_path)).types:
        known = spec.properties | set(spec.inputs.fields) | {"id", *spec.renames.values()}
        named = {*spec.key, *spec.unique, *spec.defaults, *spec.vendor_defaults, *spec.unseen, *spec.replaces}
        named |= {*spec.secrets, *spec.sets, *spec.sealed, *spec.sealed_if, *spec.exactly_one, *spec.values}
        named |= {*spec.import_knows, *spec.renames, *spec.touched}
        assert {name.partition(".")[0] for name in named} - known == set(), spec.token


def test_an_existing_branch_is_adopted_and_a_new_one_needs_its_source(
    plugin: Callable[[str], Plugin], estate: Estate
) -> None:
    github = plugin("github")
    adopted, _ = github.create("branch", {"repository": "platform", "branch": "main", "sourceBranch": "main"})
    assert adopted == "platform:main"
    assert len(estate.find_all("github", "branch")) == 1
    with pytest.raises(Refused, match="refs/heads/develop"):
        github.create("branch", {"repository": "platform", "branch": "staging", "sourceBranch": "develop"})


def test_imports_take_the_vendors_ids(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    github = plugin("github")
    created, state = github.create("protection", {"repositoryId": "platform", "pattern": "release/*"})
    id, outputs, inputs = github.read("protection", "platform:release/*")
    repository = estate.find("github", "repository")
    assert repository is not None
    assert state["repositoryId"] == "platform"
    assert (id, outputs["repositoryId"]) == (created, repository["nodeId"])
    assert inputs["pattern"] == "release/*"
    assert github.read("branch", "platform:main:develop")[1]["sourceBranch"] == "develop"
    assert github.read("branch", "platform:nowhere")[0] == ""
    with pytest.raises(Refused, match="invalid import id"):
        github.read("branch", "platform")
    domain, _ = plugin("vercel").create("domain", {"projectId": "prj_1", "domain": "a.example.com"})
    assert plugin("vercel").read("domain", "prj_1/a.example.com")[0] == domain
    assert plugin("vercel").read("domain", "team_x/prj_1/a.example.com")[0] == ""


def test_a_fault_leaves_an_orphan(plugin: Callable[[str], Plugin], estate: Estate) -> None:
    estate.fail_create("github", "environment_variable", nth=2)
    github = plugin("github")
    github.create("variable", variable_named("A"))
    with pytest.raises(Refused, match="502"):
        github.create("variable", variable_named("B"))
    assert estate.find("github", "environment_variable", variableName="B") is not None
    github.create("variable", variable_named("C"))


def test_lookups_answer_from_the_estate(plugin: Callable[[str], Plugin]) -> None:
    token = "vercel:index/getProject:getProject"
    assert plugin("vercel").invoke(token, name="frontend")["id"] == "prj_1"
    with pytest.raises(Refused, match="404"):
        plugin("vercel").invoke(token, name="backend")
    repository = "github:index/getRepository:getRepository"
    assert plugin("github").invoke(repository, fullName="acme/platform")["name"] == "platform"
    with pytest.raises(Refused, match="404"):
        plugin("github").invoke(repository, name="other")


def test_each_vendor_refuses_without_credentials_when_the_real_one_does(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "VERCEL_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    github = Plugin("github", estate)
    github.configure()
    with pytest.raises(Refused, match="401"):
        github.create("variable", variable_named("A"))
    with pytest.raises(Refused, match="AUTH0_CLIENT_SECRET"):
        Plugin("auth0", estate).configure(domain="x.auth0.com", clientId="id")
    with pytest.raises(Refused, match="cannot be an empty string"):
        Plugin("vercel", estate).configure()
    with pytest.raises(Refused, match="must be 24"):
        Plugin("vercel", estate).configure(apiToken="too-short")


def test_a_command_gets_its_stdin_environment_and_previous_output(plugin: Callable[[str], Plugin]) -> None:
    command = plugin("command")
    inputs = {
        "create": "cat; echo $NAME; echo noise >&2",
        "update": "echo was $PULUMI_COMMAND_STDERR",
        "stdin": Secret("hidden "),
        "environment": {"NAME": Secret("value")},
    }
    id, state = command.create("command", inputs)
    assert (state["stdout"], state["stderr"]) == ("hidden value", "noise")
    assert (state["stdin"], state["environment"]) == (Secret("hidden "), {"NAME": Secret("value")})
    assert command.update("command", id, state, inputs)["stdout"] == "was noise"
    assert command.read("command", id, state, inputs)[1] == state
    assert command.create("command", inputs, preview=True)[1]["stdout"] == UNKNOWN
    assert command.diff("command", state, plain(inputs)) == (set(), set())
    assert command.diff("command", state, {**inputs, "triggers": [1]})[1] == {"triggers"}


def test_a_failing_command_fails_its_resource_and_shows_its_output(plugin: Callable[[str], Plugin]) -> None:
    with pytest.raises(Refused, match=r'exit status 3: running "echo out; echo why >&2; exit 3":\nout\nwhy'):
        plugin("command").create("command", {"create": "echo out; echo why >&2; exit 3"})


def test_the_plugins_are_never_installed_into_the_source_tree(tmp_path: Path) -> None:
    names = {path.name for path in install(tmp_path / "bin").iterdir()}
    providers = {f"pulumi-resource-{name}" for name in ("github", "auth0", "vercel", "command")}
    assert names == {*providers, "pulumi-language-python"}
    with pytest.raises(ValueError, match="source tree"):
        install(Path(__file__).parent / "bin")


def test_a_record_of_a_zone_is_read_and_imported_with_its_type(plugin: Callable[[str], Plugin]) -> None:
    """Which the estate keeps under another name, since every object of it has a type."""
    record = {"domain": "example.com", "name": "api", "type": "CNAME", "value": "x.onrender.com.", "ttl": 300}
    id, state = plugin("vercel").create("record", record)
    assert state == {**record, "comment": ""}
    assert plugin("vercel").read("record", id)[2] == {**record, "comment": ""}
    assert plugin("vercel").diff("record", state, {**record, "type": "A"})[1] == {"type"}
    assert plugin("vercel").update("record", id, state, {**record, "ttl": 60})["ttl"] == 60


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"domain": "elsewhere.com"}, "Domain not found"),
        ({"name": ""}, "use an ALIAS Record"),
        ({"ttl": 30}, "at least 60"),
        ({"type": "PTR"}, "must be one of"),
        ({"type": "A", "value": "1.2.3.4"}, "409"),
    ],
)
def test_records_that_vercel_or_its_provider_refuses(
    plugin: Callable[[str], Plugin], changed: dict[str, Any], said: str
) -> None:
    record = {"domain": "example.com", "name": "api", "type": "CNAME", "value": "x.onrender.com."}
    plugin("vercel").create("record", record)
    with pytest.raises(Refused, match=said):
        plugin("vercel").create("record", {**record, "name": "api", **changed})
