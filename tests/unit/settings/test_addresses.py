"""Origins, callbacks, host names and branch names: what is taken, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.kinds_of_text import branch_name
from components import addresses as values
from components.addresses import Domain
from components.observation import Observation
from components.rules import Facts
from components.security_rules import own_hosts_are_allowed
from components.stack import Before
from tests.unit.settings.stack_file import StackFile

WILDCARD = (
    "a wildcard or {organization_name} may only stand in the first part of a host, as in https://*.example.com and "
    "https://shop-*.example.com"
)
ADDRESS = f"expected https://host[:port] in lower case (http for localhost and private addresses only); {WILDCARD}"
NO_PATH = "expected an origin without a path or a final slash, such as https://a.example.com"
PATH = f"expected a path without a wildcard and without a fragment: {WILDCARD}"
NO_BLANKS = "expected an address without blanks and control characters"
HOST = "expected a host name in lower case such as staging.example.com, without scheme or wildcard"
BRANCH = "expected a branch name such as staging or feature/x (see git help check-ref-format)"

TAKEN: list[tuple[Callable[[str], str], list[str]]] = [
    (
        values.origin,
        [
            "https://a.example.com",
            "https://a.example.com:8443",
            "https://*.vercel.app",
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:8000",
            "http://[::1]:3000",
            "http://app.localhost:3000",
            "http://192.168.1.10:8081",
            "https://*.preview.example.com",
            "https://shop-*-acme.vercel.app",
            "https://x*.example.com",
            "https://*x.example.com",
            "https://{organization_name}.example.com",
            "https://203.0.113.7",
            "capacitor://localhost",
        ],
    ),
    (
        values.callback,
        [
            "https://a.example.com/callback",
            "https://*.onrender.com/callback",
            "http://localhost:3000/callback",
            "https://a.example.com",
            "https://a.example.com/callback?from=login",
            "https://shop-*-acme.vercel.app/callback",
            "https://{organization_name}.example.com/callback",
            "https://app-{organization_name}.example.com/callback",
            "com.example.app://callback",
            "com.example.app:/oauth2redirect",
            "com.example.app://dev-x.us.auth0.com/ios/com.example.app/callback",
            "app://callback",
            "exp://192.168.1.10:19000",
        ],
    ),
    (values.host_name, ["staging.zebra.associates", "a-b.example.com", "x1.example.xn--p1ai"]),
    (branch_name, ["staging", "feature/x", "release-1.2", "a@b", "a/b.c", "v1.0_x"]),
]

REFUSED: list[tuple[Callable[[str], str], str, list[str]]] = [
    (
        values.origin,
        ADDRESS,
        [
            "a.example.com",
            "*",
            "null",
            "",
            "http://a.example.com",
            "http://203.0.113.7.example",
            "http://8.8.8.8",
            "ftp://a.example.com",
            "https://example",
            "https://A.example.com",
            "HTTPS://a.example.com",
            "https://-a.example.com",
            "https://a_b.example.com",
            "https://[::1",
            "https://a.example.com:",
            "https://a.example.com:0",
            "https://a.example.com:99999",
            "https://a.example.com:x",
            "https://user:word@a.example.com",
            " https://a.example.com",
            "https://a.exa\tmple.com",
            "https://a.example.com\\x",
            # a wildcard elsewhere than as the whole first label
            "https://*",
            "https://*.com",
            "https://a.*.example.com",
            "https://*.*.example.com",
            "https://x*y*.example.com",
            "https://-*.example.com",
            "https://a.{organization_name}.example.com",
            "https://{organization_name}-*.example.com",
            "https://{tenant}.example.com",
            "javascript://alert",
            "app://*.example.com",
            "https://a.example.*",
            "https://a.example.com:*",
        ],
    ),
    (
        values.origin,
        NO_PATH,
        [
            "https://a.example.com/",
            "https://a.example.com/x",
            "https://a.example.com?",
            "https://a.example.com?x=1",
            "https://a.example.com#",
            "https://a.example.com#x",
            "https://a.example.com\n",
        ],
    ),
    (
        values.callback,
        PATH,
        [
            "https://a.example.com/*",
            "https://a.example.com/*/callback",
            "https://a.example.com/callback?to=*",
            "https://a.example.com/{organization_name}/callback",
            "https://a.example.com/callback#",
            "https://a.example.com/callback#x",
        ],
    ),
    (values.callback, NO_BLANKS, ["https://a.example.com/call back", "https://a.example.com/callback\n"]),
    (
        values.callback,
        ADDRESS,
        [
            "https://a.*.example.com/callback",
            "/callback",
            "javascript:alert(1)",
            "javascript://x/y",
            "data:/text",
            "com.example.app://*/callback",
            "com.example.app://",
            "App://callback",
        ],
    ),
    (
        values.host_name,
        HOST,
        [
            "https://a.example.com",
            "a.example.com:443",
            "a.example.com/",
            "a.example.com.",
            "A.example.com",
            "localhost",
            "a_b.example.com",
            "-a.example.com",
            "a..example.com",
            "203.0.113.7",
            "",
            "*.example.com",
            "a.example.com\n",
            f"{'a' * 64}.example.com",
        ],
    ),
    (
        branch_name,
        BRANCH,
        # git help check-ref-format, rule by rule
        [
            "a/.b",
            ".a",
            "a.lock",
            "a.lock/b",  # 1
            "a..b",  # 3
            "a\tb",
            "a\x7f",
            "a b",
            "a~b",
            "a^b",
            "a:b",  # 4
            "a?b",
            "a*b",
            "a[b",  # 5
            "/a",
            "a/",
            "a//b",  # 6
            "a.",
            "a@{b",
            "@",
            "a\\b",  # 7 to 10
            "-a",
            "HEAD",
            "",
            "refs/heads/a",
        ],  # what `git branch` refuses besides, or would take for something else
    ),
]


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, taken in TAKEN for value in taken])
def test_taken(check: Callable[[str], str], value: str) -> None:
    assert check(value) == value


@pytest.mark.parametrize(
    ("check", "value", "message"), [(check, value, message) for check, message, refused in REFUSED for value in refused]
)
def test_refused(check: Callable[[str], str], value: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as refusal:
        check(value)
    assert str(refusal.value) == message


# Where the kinds are used: a problem of the settings with its path and value.
WILDCARD_ORIGIN, WILDCARD_HOST = "https://*.example.com", "*.example.com"


@pytest.mark.parametrize("path", ["auth0.callbacks.0", "auth0.logoutUrls.0", "auth0.webOrigins.0", "cors.origins.0"])
def test_wildcards_are_taken_by_auth0_and_cors(stack_file: StackFile, path: str) -> None:
    stack_file.put(path, WILDCARD_ORIGIN)
    assert stack_file.problems() == []


@pytest.mark.parametrize("path", ["vercel.domain", "auth0.domain"])
def test_a_domain_takes_no_wildcard(stack_file: StackFile, path: str) -> None:
    stack_file.put(path, WILDCARD_HOST)
    assert stack_file.problems() == [f"marketedge:{path}: '*.example.com' — {HOST}"]


def test_a_domain_of_a_service_is_a_host_or_all_hosts_below_one(stack_file: StackFile) -> None:
    stack_file.put("render.service.domains.0", WILDCARD_HOST)
    assert stack_file.problems() == []
    stack_file.put("render.service.domains.0", "https://api.example.com")
    assert stack_file.problems() == [
        "marketedge:render.service.domains[0]: 'https://api.example.com' — expected a host name such as "
        "api.example.com, without scheme, or *.example.com"
    ]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("github.branch.name", "stag ing", f"marketedge:github.branch.name: 'stag ing' — {BRANCH}"),
        ("github.branch.source", "main..x", f"marketedge:github.branch.source: 'main..x' — {BRANCH}"),
        (
            "auth0.callbacks.2",
            "https://a.example.com/*",
            f"marketedge:auth0.callbacks[2]: 'https://a.example.com/*' — {PATH}",
        ),
        (
            "auth0.logoutUrls.1",
            "http://a.example.com",
            f"marketedge:auth0.logoutUrls[1]: 'http://a.example.com' — {ADDRESS}",
        ),
        (
            "auth0.webOrigins.3",
            "https://a.example.com/",
            f"marketedge:auth0.webOrigins[3]: 'https://a.example.com/' — {NO_PATH}",
        ),
        ("auth0.allowedOrigins", ["*"], f"marketedge:auth0.allowedOrigins[0]: '*' — {ADDRESS}"),
        (
            "cors.origins.1",
            "https://a.*.example.com",
            f"marketedge:cors.origins[1]: 'https://a.*.example.com' — {ADDRESS}",
        ),
    ],
)
def test_where_they_are_used(stack_file: StackFile, path: str, value: object, problem: str) -> None:
    stack_file.put(path, value)
    assert stack_file.problems() == [problem]


def test_a_host_is_written_once() -> None:
    stack_file = StackFile("production")
    stack_file["vercel"].update(domain="www.shop.example", aliases=["shop.example", "shop.test"])
    stack_file["auth0"]["callbacks"] = [
        "{frontend}/callback",
        "{aliases}/callback",
        "https://{organization_name}.shop.test/in",
    ]
    stack_file["cors"]["origins"] = ["{aliases}", "{frontend}"]
    settings = stack_file.load().settings
    assert settings.cors.origins == ["https://shop.example", "https://shop.test", "https://www.shop.example"]
    assert settings.auth0.callbacks[:3] == [
        "https://www.shop.example/callback",
        "https://shop.example/callback",
        "https://shop.test/callback",
    ]


def test_a_host_that_nobody_declares_cannot_be_referred_to(stack_file: StackFile) -> None:
    del stack_file.config["marketedge:vercel"]
    stack_file.put("github.environment.variables", [])
    (problem,) = stack_file.problems()
    assert problem == (
        "marketedge: this section — {frontend} or {aliases} in a list of addresses needs the section "
        "marketedge:vercel, or smoke.frontendUrl"
    )


WITHOUT_OWN_HOST = [
    ("auth0.callbacks", "https://staging.zebra.associates/callback", "'{frontend}/callback'"),
    ("auth0.logoutUrls", "https://staging.zebra.associates", "'{frontend}'"),
    ("auth0.webOrigins", "https://staging.zebra.associates", "'{frontend}'"),
    ("cors.origins", "https://staging.zebra.associates", "'{frontend}'"),
]


def without_own_host(stack_file: StackFile) -> list[str]:
    facts = Facts(stack_file.load(), Before(None, {}, {}), Observation())
    return [finding.text for finding in own_hosts_are_allowed(facts)]


@pytest.mark.parametrize(("path", "address", "written"), WITHOUT_OWN_HOST)
def test_the_frontends_own_host_has_to_be_in_every_list(
    stack_file: StackFile, path: str, address: str, written: str
) -> None:
    assert without_own_host(stack_file) == []
    stack_file.put(path, ["https://other.example/callback" if path.endswith("callbacks") else "https://other.example"])
    assert without_own_host(stack_file) == [
        f"marketedge:{path}: {address} is missing, so logins from the frontend fail; add {written} to the list"
    ]


def test_a_wildcard_counts(stack_file: StackFile) -> None:
    stack_file.put("vercel.domain", "shop-staging.vercel.app")
    for section, key in (("auth0", "callbacks"), ("auth0", "logoutUrls"), ("auth0", "webOrigins"), ("cors", "origins")):
        stack_file[section][key] = [entry for entry in stack_file[section][key] if "{frontend}" not in entry]
    assert without_own_host(stack_file) == []


def test_a_custom_domain_needs_an_audience(stack_file: StackFile) -> None:
    """The Management API has no custom domain: tokens for https://login.shop.example/api/v2/ are never accepted."""
    stack_file.put("auth0.domain", "login.shop.example")
    (problem,) = stack_file.problems()
    assert problem.startswith("marketedge:auth0: this section — with the custom domain login.shop.example an audience")
    stack_file.put("auth0.audience", "https://api.shop.example")
    assert stack_file.problems() == []


@pytest.mark.parametrize(
    ("name", "vendor", "record"),
    [
        ("app.example.com", "Vercel", ("CNAME", "cname.vercel-dns.com")),
        ("example.com", "Vercel", ("A", "76.76.21.21")),
        ("example.co.uk", "Vercel", ("A", "76.76.21.21")),
        ("shop.example.co.uk", "Vercel", ("CNAME", "cname.vercel-dns.com")),
        ("api.example.com", "Render", ("CNAME", "api.onrender.com")),
        *((name, "Render", ("A", "216.24.57.1")) for name in ("example.id.au", "example.plc.uk", "example.gen.tr")),
        ("example.associates", "Render", ("A", "216.24.57.1")),
    ],
)
def test_an_apex_domain_gets_no_cname(name: str, vendor: Any, record: tuple[str, str]) -> None:
    domain = Domain(name, vendor)
    assert (domain.record_type, domain.record_target("api.onrender.com")) == record


def test_an_apex_may_have_an_alias_where_its_registrar_has_them() -> None:
    at_vercel, at_render = Domain("example.com", "Vercel"), Domain("example.com", "Render", "api")
    assert at_vercel.how_to_point("76.76.21.21") == (
        "create the DNS record example.com A 76.76.21.21, or an ALIAS or ANAME record to cname.vercel-dns.com"
    )
    assert at_render.how_to_point("216.24.57.1").endswith("or an ALIAS or ANAME record to the onrender.com host of api")
    assert "ALIAS" not in Domain("www.example.com", "Vercel").how_to_point("cname.vercel-dns.com")
