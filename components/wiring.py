"""Where a variable's value comes from: in clear, a named secret, or an output of another component."""

from collections.abc import Mapping

import pulumi

from components.variables import RenderVariable, Variable


class Wiring:
    """Values by name, passed from the component that makes them to those that need them.

    Args:
        secrets: the stack's `marketedge:secrets`. They are returned as Pulumi secrets only.
        outputs: what the settings themselves tell, by the names that `fromOutput` uses.
    """

    def __init__(self, secrets: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._outputs: dict[str, pulumi.Input[str]] = dict(outputs)

    def provide(self, outputs: Mapping[str, pulumi.Input[str]]) -> None:
        """Make values available under the names that `fromOutput` uses."""
        self._outputs |= outputs

    def value(self, variable: Variable | RenderVariable) -> pulumi.Input[str]:
        """Return the variable's value.

        Raises:
            LookupError: nothing has provided it. That is a mistake in the order of components, not in the settings.
        """
        if variable.from_secret is not None:
            return pulumi.Output.secret(self._secrets[variable.from_secret])
        if variable.from_output is not None:
            return self._outputs[variable.from_output]
        if variable.value is None:
            raise LookupError(f"{variable.key} has no value of its own")
        return variable.value
