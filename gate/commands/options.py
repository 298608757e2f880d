"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Env = Annotated[str, typer.Option(help="The environment.", metavar="NAME", show_default=False)]
StackName = Annotated[
    str | None,
    typer.Option(help="Its stack, where that has another name.", metavar="NAME", show_default="the environment's"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")]
Envs = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        help="An environment, as in Pulumi.NAME.yaml; may be repeated.",
        metavar="NAME",
        show_default="all of them",
    ),
]
