"""Checks which of the vendors' hosts can be reached from here."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from gate.checks.verdict import Verdict, failed, passed

_TIMEOUT = httpx.Timeout(15.0, connect=10.0)


def reach(url: str, transport: httpx.BaseTransport | None = None) -> Verdict:
    """Check one host. Any answer will do: nothing is asked and no credential is sent."""
    parts_ = urlsplit(url)
    proxy = getproxies().get(parts_.scheme) if not proxy_bypass(parts_.hostname or "") else None
    way = "through the proxy" if proxy else "directly"
    fix = "check the network: HTTPS_PROXY, NO_PROXY, and SSL_CERT_FILE where the proxy has a certificate of its own"
    try:
        with httpx.Client(timeout=_TIMEOUT, transport=transport) as client:
            client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return failed(f"{parts_.hostname} is not reached {way}: {type(error).__name__}", fix)
    return passed(f"{parts_.hostname} answers, {way}")
