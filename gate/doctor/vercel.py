"""Vercel: the token's form, whether it is accepted, the team and the frontend's project."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx

from blueprint.sending import json_object
from components.accounts.vercel import Vercel
from components.configuration import VERCEL_TOKEN
from components.vendor_settings import Vercel as Declared
from gate.checks.login import login_wall
from gate.checks.verdict import Verdict, failed, note, passed

_NEW = "make a new one and export VERCEL_API_TOKEN: Account Settings, Tokens, with the project's team as its scope"


def token_form(token: str) -> Verdict:
    """Check the form of a token. The provider refuses a wrong one only after work has begun."""
    if VERCEL_TOKEN.fullmatch(token):
        return passed("as Vercel's are")
    return failed(f"{len(token)} characters, expected 24 letters and digits", _NEW)


def lines(
    stack: str, declared: Declared, team: str, vercel: Vercel, *, bypass: bool = False, zone: str = ""
) -> Iterator[tuple[str, Verdict]]:
    """Check one project.

    Args:
        team: as vercel:team; empty for a personal account.
        bypass: whether tests have the secret that gets past Vercel's protection.
        zone: as marketedge:dns.zone; empty if its DNS is elsewhere.

    Raises:
        VendorError: Vercel cannot be read.
    """
    if team:
        answer = vercel.look_at_team()
        if _is_refused(answer):
            yield "token", failed(f"is not accepted ({_message(answer)})", _NEW)
            return
        seen = passed("the token belongs to it")
        fix = f"correct vercel:team in Pulumi.{stack}.yaml, or {_NEW}"
        verdict = seen if answer.is_success else failed(f"the token sees no such team ({_message(answer)})", fix)
        yield f"team {team}", verdict
        if verdict.outcome == "fail":
            return
    answer = vercel.look(f"/v9/projects/{quote(declared.project, safe='')}")
    if _is_refused(answer):
        yield "token", failed(f"is not accepted ({_message(answer)})", _NEW)
        return
    yield "token", passed("accepted")
    if zone:
        yield f"zone {zone}", _zone(vercel.look(f"/v5/domains/{quote(zone, safe='')}/records"))
    if answer.is_success:
        yield f"project {declared.project}", passed("found")
        if declared.target != "production":
            wall = login_wall(answer.json(), bypass=bypass)
            # A team may want the wall: it is something to decide, and verify fails while the tests cannot pass it.
            yield f"login wall before {declared.domain}", note(wall.detail, wall.fix) if wall.fix else wall
        return
    where = f"in the team {team}" if team else "outside teams"
    hint = "" if team else f"; of a team's project: pulumi config set --stack {stack} vercel:team <slug>"
    yield (
        f"project {declared.project}",
        failed(f"the token sees none {where} ({_message(answer)})", f"correct marketedge:vercel.project{hint}"),
    )


def _zone(answer: httpx.Response) -> Verdict:
    """Return whether Vercel has the zone (dns/list-existing-dns-records): `pulumi up` makes records in it."""
    if answer.is_success:
        return passed("is at Vercel")
    fix = "add it at Vercel (Domains) and make its name servers Vercel's, or remove marketedge:dns.zone"
    return failed(f"is not there, or the token does not see it ({_message(answer)})", fix)


def _is_refused(answer: httpx.Response) -> bool:
    """Whether Vercel does not know the token. It answers 403 to such a token, and to one without the permission."""
    return answer.status_code == 401 or (answer.status_code == 403 and bool(_error(answer).get("invalidToken")))


def _error(answer: httpx.Response) -> dict[str, object]:
    found = json_object(answer).get("error")
    return found if isinstance(found, dict) else {}


def _message(answer: httpx.Response) -> str:
    return str(_error(answer).get("message") or f"status {answer.status_code}")[:160]
