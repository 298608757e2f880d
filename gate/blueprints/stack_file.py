"""Puts a section into a stack file's text. Every other line stays as it is, comments included."""

from typing import Any

import yaml

from gate.common.errors import GateError

SECTION = "marketedge:render"


class _Dumper(yaml.SafeDumper):
    """Quotes every text that begins like a number or a date. Pulumi's YAML reads more of these than Python's."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if text[:1] in "0123456789.+-~" and "\n" not in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(section: Any) -> str:
    """Return the section with its key."""
    return str(yaml.dump({SECTION: section}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def with_section(text: str, section: Any) -> str:
    """Return the file's text with another section, in place of the old one or at the end of the configuration.

    Raises:
        GateError: the file has no configuration.
    """
    root = yaml.compose(text)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    config = next((value for key, value in pairs if key.value == "config"), None)
    if not isinstance(config, yaml.MappingNode) or config.flow_style:
        raise GateError("the stack file has no `config:` block: expected one with the stack's settings")
    lines = text.splitlines(keepends=True)
    starts = [(key.value, key.start_mark.line) for key, _ in config.value]
    after = next((key.start_mark.line for key, _ in pairs if key.start_mark.line > starts[0][1]), len(lines))
    indent = config.value[0][0].start_mark.column
    here = next((line for name, line in starts if name == SECTION), None)
    ends = [*(line for _, line in starts), after]
    end = after if here is None else next(line for line in ends if line > here)
    while end > (here or 0) and _is_between(lines[end - 1], indent):
        end -= 1
    new = [" " * indent + line if line.strip() else line for line in as_yaml(section).splitlines(keepends=True)]
    return "".join([*lines[: end if here is None else here], *new, *lines[end:]])


def _is_between(line: str, indent: int) -> bool:
    """Whether a line belongs to what follows: it is empty, or a comment that is no deeper than a key."""
    text = line.strip()
    return not text or (text.startswith("#") and len(line) - len(line.lstrip()) <= indent)
