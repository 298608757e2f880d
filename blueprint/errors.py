"""What can go wrong: the base of the program's and the commands' errors, and the hierarchy of Render's.

Messages never hold a secret or a request body.
"""


class GateError(Exception):
    """Base of every error of the program and the commands. Its text can be shown to the user as it is."""


class MissingCredentials(GateError):
    """A vendor cannot be read, so nothing can be said of the stack as a whole."""


class RenderError(GateError):
    """Base of everything that can go wrong at Render, or in a document that is sent there."""


class InvalidSpec(RenderError):
    """The document on standard input is not valid. Nothing was sent."""


class Refused(RenderError):
    """Render cannot make the change, or something would be lost. Nothing was changed."""


class MissingReference(RenderError):
    """A variable refers to an object or a value that does not exist."""


class ApiError(RenderError):
    """Render answered with an error status.

    Attributes:
        status: the HTTP status.
        request: method and path.
        detail: Render's own message.
    """

    hint = ""

    def __init__(self, status: int, request: str, detail: str) -> None:
        self.status, self.request, self.detail = status, request, detail
        super().__init__(f"Render answered {status} to {request}: {detail}{self.hint}")


class Unauthorized(ApiError):
    """401: the key is unknown, expired or revoked."""

    hint = ". RENDER_API_KEY is not valid (any more): make a new key at Account Settings, API Keys, and export it"


class Forbidden(ApiError):
    """403: the key has no permission for this."""

    hint = ". The key's user lacks permission in this workspace"


class NotFound(ApiError):
    """404: there is no such object in a workspace that the key sees."""


class Conflict(ApiError):
    """409: the name is taken."""


class RateLimited(RenderError):
    """The rate limit lasts longer than the time that this run has left."""


class Unreachable(RenderError):
    """There was no usable answer before the deadline: connection failures, 5xx, or answers that are not JSON."""


class OutcomeUnknown(RenderError):
    """The answer to a POST was lost. It may have had an effect, so look for the object before you send it again."""


class NotAvailable(RenderError):
    """A datastore did not become available in time, or failed."""
