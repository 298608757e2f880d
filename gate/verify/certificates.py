"""Certificates of every host of an environment (plan 2.3, 2.6). A proxy that opens TLS shows its own."""

import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from gate.checks.verdict import Line, Verdict, failed, passed, unknown
from gate.stack.target import Target

_LEAST_DAYS = 14


def lines(target: Target) -> Iterator[Line]:
    """Check the addresses in use, and every domain that the stack declares."""
    settings = target.settings
    own = {urlsplit(url).hostname for url in (target.frontend_url, target.backend_url) if url.startswith("https://")}
    backends = {domain.name for domain in settings.domains if domain.service}
    for host in sorted(filter(None, own | {domain.name for domain in settings.domains})):
        yield Line("2.3" if host in backends else "2.6", f"certificate of {host}", certificate(str(host)))


def certificate(host: str) -> Verdict:
    """Check that a certificate is valid for this host, and for how long.

    Proxies and further authorities come from the environment.
    """
    try:
        with httpx.Client(timeout=10.0) as client, client.stream("HEAD", f"https://{host}/") as answer:
            shown = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert() or {}
    except httpx.HTTPError as error:
        refused = _refusal(error)
        if refused is not None:
            return failed(refused.verify_message, "check the domain in the vendor's dashboard")
        return unknown(f"no connection from here: {type(error).__name__}")
    days = 0.0
    with suppress(KeyError, ValueError):
        days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86400
    told = f"valid for {days:.0f} days"
    return (
        passed(told) if days > _LEAST_DAYS else failed(told, "check in the vendor's dashboard why it was not renewed")
    )


def _refusal(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return the certificate's problem behind an error of the client, if that is the cause."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause
