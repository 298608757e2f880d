"""What can go wrong when a vendor is asked. Every message names what is missing and what to do, and no secret."""

from gate.common.errors import GateError, MissingCredentials


class VendorError(GateError):
    """A vendor could not be asked, or did not answer as it should. Base of the others."""


class CredentialsMissing(VendorError, MissingCredentials):
    """A variable that names or opens an account is not set."""


class VendorUnreachable(VendorError):
    """There was no usable answer after several tries."""


class VendorOutcomeUnknown(VendorError):
    """A change may have had its effect. Look before you send it again."""


class VendorRateLimited(VendorError):
    """The vendor asks for a longer wait than a person at a terminal has."""


class VendorUnauthorized(VendorError):
    """The vendor does not accept the credential."""


class NotThere(VendorError):
    """What was to be changed does not exist, or the credential may not see it."""


class VendorForbidden(VendorError):
    """The credential is accepted, but has no permission to read this."""
