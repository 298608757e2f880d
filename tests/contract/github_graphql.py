"""Judges GraphQL requests by a fragment of GitHub's published schema.

The fragment has the types that the program asks about, with all arguments and some of the fields of each. What is not
in it is a complaint: look it up (docs.github.com/en/graphql/overview/public-schema), then add it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Field(NamedTuple):
    """type: of what it answers; empty for a scalar. arguments: by name, `!` where GitHub requires one."""

    type: str = ""
    arguments: Mapping[str, str] = {}


_PAGES = {"after": "String", "before": "String", "first": "Int", "last": "Int"}
SCHEMA: dict[str, dict[str, Field]] = {
    "Query": {
        "node": Field("Node", {"id": "ID!"}),
        "repository": Field("Repository", {"owner": "String!", "name": "String!", "followRenames": "Boolean"}),
        "viewer": Field("User"),
    },
    "Node": {"id": Field()},
    "User": {"id": Field(), "login": Field()},
    "Repository": {
        "branchProtectionRules": Field("BranchProtectionRuleConnection", _PAGES),
        **{"id": Field(), "isPrivate": Field(), "name": Field(), "nameWithOwner": Field()},
    },
    "BranchProtectionRuleConnection": {
        "nodes": Field("BranchProtectionRule"),
        "pageInfo": Field("PageInfo"),
        "totalCount": Field(),
    },
    "BranchProtectionRule": {"id": Field(), "isAdminEnforced": Field(), "pattern": Field()},
    "PageInfo": {"endCursor": Field(), "hasNextPage": Field(), "hasPreviousPage": Field(), "startCursor": Field()},
}
_TOKEN = re.compile(r"\.\.\.|[{}()!:$]|\w+")
_MOST = 100  # of a connection's page: MAXIMUM_PAGE_SIZE


class Refused(Exception):
    """What GitHub says of a query that it does not run."""


class Document:
    """One query, read from left to right to the first thing that GitHub would refuse."""

    def __init__(self, query: str) -> None:
        self._tokens = _TOKEN.findall(query)
        self.variables: dict[str, str] = {}

    def check(self) -> None:
        """Read it. Raises: Refused."""
        assert self._tokens.pop(0) == "query"
        if self._tokens[0] not in "({":
            self._tokens.pop(0)  # the operation's name
        self.variables = {name.removeprefix("$"): type_ for name, type_ in self._pairs()}
        self._selections("Query")
        assert not self._tokens

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """`(name: value, $name: Type!)`, where there is one."""
        if self._tokens[0] != "(":
            return
        inside = " ".join(self._tokens[1 : self._tokens.index(")")])
        del self._tokens[: self._tokens.index(")") + 1]
        for name, value in re.findall(r"(\$? ?\w+) : (\$? ?\w+(?: !)?)", inside):
            yield name.replace(" ", ""), value.replace(" ", "")

    def _selections(self, type_: str) -> None:
        assert self._tokens.pop(0) == "{"
        while (token := self._tokens.pop(0)) != "}":
            if token == "...":
                assert self._tokens.pop(0) == "on"
                self._selections(self._tokens.pop(0))
                continue
            field = SCHEMA[type_].get(token)
            if field is None:
                raise Refused(f"Field '{token}' doesn't exist on type '{type_}'")
            self._arguments(token, field)
            if bool(field.type) != (self._tokens[0] == "{"):
                raise Refused(f"Field '{token}' {'must' if field.type else 'cannot'} have selections")
            if field.type:
                self._selections(field.type)

    def _arguments(self, name: str, field: Field) -> None:
        given = dict(self._pairs())
        if unknown := given.keys() - field.arguments.keys():
            raise Refused(f"Field '{name}' doesn't accept argument '{min(unknown)}'")
        for one, wanted in field.arguments.items():
            if wanted.endswith("!") and one not in given:
                raise Refused(f"Field '{name}' is missing required arguments: {one}")
            variable = given.get(one, "").removeprefix("$")
            declared = self.variables.get(variable, "")
            if given.get(one, "").startswith("$") and declared.rstrip("!") != wanted.rstrip("!"):
                found = f"({declared or 'nothing'} / {wanted})"
                raise Refused(f"Type mismatch on variable ${variable} and argument {one} {found}")
        pages = [int(value) for one, value in given.items() if one in ("first", "last") and value.isdigit()]
        if field.arguments is _PAGES and (not {"first", "last"} & given.keys() or any(n > _MOST for n in pages)):
            raise Refused(f"You must provide `first` or `last`, of at most {_MOST}, to paginate `{name}`")


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What GitHub would refuse in a request."""
    if unknown := body.keys() - {"query", "variables", "operationName"}:
        return [f"unknown in the body: {', '.join(sorted(unknown))}"]
    document = Document(body["query"])
    try:
        document.check()
    except Refused as refusal:
        return [str(refusal)]
    given = body.get("variables") or {}
    required = {name for name, type_ in document.variables.items() if type_.endswith("!")}
    found = [f"Variable ${name} was provided invalid value" for name in sorted(required) if given.get(name) is None]
    return found + [f"variable {name} is not declared" for name in sorted(given.keys() - document.variables.keys())]
