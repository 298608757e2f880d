"""Reads YAML that other people wrote into nodes, without deciding what a value without quotes means.

Pulumi's CLI and GitHub disagree about that: see `stack_file` and `workflow_jobs`.
"""

from typing import Any

import yaml

PLAIN = "plain"
"""Tag of a value without quotes and without a tag of its own."""
_MOST = 1_000_000
"""Nodes that a text may stand for once its aliases are followed."""


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc] # libyaml, of which the CLI's is a port
    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        return PLAIN if kind is yaml.ScalarNode and implicit[0] else super().resolve(kind, value, implicit)


def compose(text: str) -> yaml.Node | None:
    """Return the first document of a text, or None if it has none.

    Raises:
        yaml.YAMLError: it cannot be read.
        RecursionError: an anchor holds itself.
    """
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()
    if node is not None and _size(node, {}) > _MOST:
        raise yaml.MarkedYAMLError(problem="its aliases stand for too much", problem_mark=node.start_mark)
    return node


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the nodes below one. Each alias counts as what it stands for.

    Args:
        known: counts, by the node's id.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        pairs = node.value if isinstance(node, yaml.MappingNode) else [[one] for one in node.value]
        known[id(node)] = 1 + sum(_size(inner, known) for pair in pairs for inner in pair)
    return known[id(node)]
