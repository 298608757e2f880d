"""Words that the program and `gate` share and that need no Pulumi: importing them costs nothing."""

FORESEEN = "up: "
"""How a line of a plain preview begins that says what `up` leads to; `gate preview` says it in its own way."""

PUBLIC_VARIABLES = "publicVariables"
"""Input of a component that holds the values, by key, of those of its variables that are no secret."""

NAMESPACE = "marketedge"
"""Of the program's own keys in a stack file."""
SECRETS = f"{NAMESPACE}:secrets"

COMMAND = "command:local:Command"
"""The engine's type of a command, which stands for an object at Render. Its delete command decides by itself what goes:
`render destroy` leaves an adopted service alone."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it will know at `up` only (pulumi.runtime.rpc.UNKNOWN)."""
