"""The certificates that connections trust: read once, because that takes 25 ms of CPU for each client."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return what all clients of a process check servers with: certifi's authorities, or those of SSL_CERT_FILE."""
    return httpx.create_ssl_context()
