"""What a command found: the base of every report, and the models that it is made of."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from rich.console import Console
from rich.text import Text

from gate.common.exit_codes import ExitCode
from gate.common.redaction import Redactor


class ReportPart(BaseModel):
    """A part of a report. It cannot be changed, and has camel-case names as JSON."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Report(ReportPart):
    """Everything that one run of a command found. The command's runner prints it and writes its files.

    As JSON it has `schema`, a number that is raised when a field changes its meaning or is removed.
    """

    schema_version: ClassVar[int] = 1

    @property
    def exit_code(self) -> int:
        return ExitCode.DONE

    def lines(self) -> Iterable[str | Text]:
        """Return lines for a person."""
        raise NotImplementedError

    def show(self, console: Console) -> None:
        """Print it for a person."""
        for line in self.lines():
            console.print(line if isinstance(line, Text) else Text(line), soft_wrap=True)

    def markdown(self) -> str:
        """Return Markdown for a workflow's step summary, an issue or a comment."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        return {"schema": self.schema_version, **self.model_dump(mode="json", by_alias=True)}

    def json_text(self) -> str:
        return json.dumps(self.as_json(), indent=2, ensure_ascii=False)

    def files(self, name: str) -> dict[str, str | bytes]:
        """Return content by file name.

        Args:
            name: of the command.
        """
        return {f"{name}.md": self.markdown(), f"{name}.json": f"{self.json_text()}\n"}

    def redacted(self, redactor: Redactor) -> Self:
        """Return a copy whose texts hold none of the secrets that the redactor knows."""
        return type(self).model_validate(redactor.value(self.model_dump()))
