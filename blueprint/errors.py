"""What can go wrong with Render, as a hierarchy with one base. Messages never hold a secret or a request body."""


class RenderError(Exception):
    """Base of every error of this package; its text is fit to be shown to the user as it is."""


class InvalidSpec(RenderError):
    """What stdin holds is not a valid document; nothing was sent."""


class Refused(RenderError):
    """The change asked for is one that Render cannot make, or that would lose something; nothing was changed."""


class MissingReference(RenderError):
    """A variable refers to an object or a value that does not exist."""


class ApiError(RenderError):
    """Render answered with an error status.

    Attributes: status (HTTP status), request (method and path), detail (Render's own message).
    """

    hint = ""

    def __init__(self, status: int, request: str, detail: str) -> None:
        self.status, self.request, self.detail = status, request, detail
        super().__init__(f"Render answered {status} to {request}: {detail}{self.hint}")


class Unauthorized(ApiError):
    """401: the key is unknown, expired or revoked."""

    hint = ". RENDER_API_KEY is not valid (any more): make a new key at Account Settings, API Keys, and export it"


class Forbidden(ApiError):
    """403: the key may not do this."""

    hint = ". The key's user lacks permission in this workspace"


class NotFound(ApiError):
    """404: no such object, or not in a workspace that the key sees."""


class Conflict(ApiError):
    """409: the name is taken."""


class RateLimited(RenderError):
    """The rate limit would last longer than the time that is left for this run."""


class Unreachable(RenderError):
    """No usable answer within the deadline: connection failures, 5xx, or answers that are no JSON."""


class OutcomeUnknown(RenderError):
    """A POST was sent and its answer lost: it may have taken effect, so it has to be looked up before a second try."""


class NotAvailable(RenderError):
    """A datastore did not become available in time, or ended in a failed state."""
