"""The result of the search for Blueprints that still sync an environment's objects."""

from collections.abc import Iterable

from gate.common.exit_codes import ExitCode
from gate.common.report import Report


class Disconnected(Report):
    """The result.

    Attributes:
        blueprints: one line each.

    As JSON: `{schema, blueprints: [text], disconnected}`.
    """

    blueprints: list[str]
    disconnected: bool

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.blueprints and not self.disconnected else ExitCode.DONE

    def lines(self) -> Iterable[str]:
        if not self.blueprints:
            yield "No Blueprint manages an object of this environment."
            return
        yield from self.blueprints
        if self.disconnected:
            yield "Disconnected. Remove the file, so that nobody connects it again: docs/RENDER_YAML_MIGRATION.md"
        else:
            yield "Disconnect it with --yes; Render keeps everything that it manages as it is."
