"""The REST APIs of GitHub, Auth0 and Vercel on loopback, over the same estate that the stand-in plugins act on."""

from .server import Addresses, serve

__all__ = ["Addresses", "serve"]
