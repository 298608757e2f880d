"""Words that the program and `gate` share. They need no Pulumi, so importing them costs nothing."""

EXISTING = "exists already: "
"""How a line of a preview begins that names an object which `up` would meet; `gate preview` takes the line over."""
FORESEEN = "up: "
"""How a line of a plain preview begins that says what `up` leads to. `gate preview` words it in its own way."""

PUBLIC_VARIABLES = "publicVariables"
"""An input of components: the values, by key, of those variables that are no secret."""

OVERRIDDEN = "overriddenAtVercel"
"""Output of a stack: the variables that another record at Vercel wins over, with its id."""

NAMESPACE = "marketedge"
"""The prefix of the program's own keys in a stack file."""
SECRETS = f"{NAMESPACE}:secrets"

COMMAND = "command:local:Command"
"""The engine's type of a command, which stands for an object at Render.

Its delete command decides what is deleted: `render destroy` keeps an adopted service.
"""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that only `up` will know (pulumi.runtime.rpc.UNKNOWN)."""
