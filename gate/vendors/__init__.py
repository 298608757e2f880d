"""Finds objects at GitHub, Auth0 and Vercel by the names that people give them. It knows no Pulumi."""

from gate.vendors.accounts import Accounts
from gate.vendors.errors import CredentialsMissing, VendorError
from gate.vendors.kinds import can_be_looked_up, look_up
from gate.vendors.lookup import Existing, NeedsDecision, Unknown

__all__ = [
    "Accounts",
    "CredentialsMissing",
    "Existing",
    "NeedsDecision",
    "Unknown",
    "VendorError",
    "can_be_looked_up",
    "look_up",
]
