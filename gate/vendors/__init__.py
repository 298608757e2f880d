"""Looks objects up at GitHub, Auth0 and Vercel by the names people give them. Reads only; knows no Pulumi."""

from gate.vendors.accounts import Accounts
from gate.vendors.errors import CredentialsMissing, VendorError
from gate.vendors.lookup import TYPES, Existing, Refused, Unknown, look_up

__all__ = ["TYPES", "Accounts", "CredentialsMissing", "Existing", "Refused", "Unknown", "VendorError", "look_up"]
