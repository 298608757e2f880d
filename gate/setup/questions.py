"""The questions of `gate init`, one row each. An option, a person, or what exists answers it."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gate.common.errors import GateError

Ask = Callable[[str, list[str], bool], str]
"""Asks a person. It gets the text, the proposals, and whether an empty answer is allowed."""
Propose = Callable[[str, Mapping[str, str]], list[str]]
"""Returns existing values for a question, the likeliest first. It gets the question's name and the answers so far."""


class Question(NamedTuple):
    """One question, and the option that answers it.

    Attributes:
        name: of the answer. The option is `--name` with hyphens.
        metavar: what the option's help shows for the value.
        form: what an answer has to match.
    """

    name: str
    metavar: str
    text: str
    example: str
    form: str = r"\S.*"
    required: bool = True

    @property
    def option(self) -> str:
        """Return the option that answers it."""
        return f"--{self.name.replace('_', '-')}"


_HOST = r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_REPOSITORY = r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+"
_SERVICE = r"[a-zA-Z0-9][a-zA-Z0-9._-]*"

QUESTIONS = (
    Question("repository", "OWNER/NAME", "The application's repository at GitHub", "acme/shop", _REPOSITORY),
    Question("check", "NAME", "A check that pull requests must pass: a job's name", "test"),
    Question("auth0_domain", "HOST", "The Auth0 tenant's domain", "acme.eu.auth0.com", _HOST),
    Question("application", "NAME", "Production's application at Auth0", "Shop", r"[^<>]+"),
    Question("render_service", "NAME", "Production's backend service at Render", "shop-api", _SERVICE),
    Question("render_workspace", "ID", "The workspace at Render, if the key sees several", "tea-…", required=False),
    Question("vercel_project", "NAME", "The frontend's project at Vercel, if there is one", "shop-web", required=False),
    Question("vercel_team", "TEAM", "The project's team at Vercel, if it has one", "acme", required=False),
    Question("domain", "HOST", "Where people open production's frontend", "app.example.com", _HOST),
    Question("staging_domain", "HOST", "Where people will open staging's frontend", "staging.example.com", _HOST),
)


def answer(given: Mapping[str, str], propose: Propose, ask: Ask | None) -> dict[str, str]:
    """Answer every question.

    Args:
        given: answers from options, by question.
        ask: None if there is no terminal. Then every required answer has to be given.

    Raises:
        GateError: lists every answer that is missing or malformed.
    """
    answers = {name: value for name, value in given.items() if value}
    problems = [_malformed(question, answers) for question in QUESTIONS]
    for question in QUESTIONS:
        if question.name in answers or (question.name == "vercel_team" and not answers.get("vercel_project")):
            continue
        found = propose(question.name, answers)
        if ask is None:
            problems += [_missing(question, found)] if question.required else []
            answers[question.name] = found[0] if len(found) == 1 and not question.required else ""
            continue
        nothing = "" if question.required else ", or nothing"
        text = f"{question.text}, such as {question.example}{nothing}"
        answers[question.name] = ask(text, found, not question.required)
        if problem := _malformed(question, answers):
            raise GateError(f"{problem}. Nothing was written")
    if listed := [problem for problem in problems if problem]:
        raise GateError("gate init cannot begin; nothing was written:\n" + "\n".join(f"  {one}" for one in listed))
    return {question.name: answers.get(question.name, "") for question in QUESTIONS}


def _missing(question: Question, found: list[str]) -> str:
    seen = f"; found: {', '.join(found[:5])}" if found else ""
    return f"{question.option} is missing: {question.text}, such as {question.example}{seen}"


def _malformed(question: Question, answers: Mapping[str, str]) -> str:
    value = answers.get(question.name)
    if not value or re.fullmatch(question.form, value):
        return ""
    return f"{question.option} is {value!r}: expected something such as {question.example} ({question.text})"
