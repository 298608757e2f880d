"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Env = Annotated[
    str | None,
    typer.Option(
        "--env", help="The environment, as in Pulumi.NAME.yaml.", metavar="NAME", show_default="the only one that fits"
    ),
]
Envs = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        help="An environment, as in Pulumi.NAME.yaml; may be repeated.",
        metavar="NAME",
        show_default="all of them",
    ),
]
StackName = Annotated[
    str | None,
    typer.Option(help="Its stack, if that has another name.", metavar="NAME", show_default="the environment's"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")]
ReportFolder = Annotated[
    Path | None,
    typer.Option("--report", help="Also write the report's files into this folder.", metavar="DIR", show_default=False),
]
