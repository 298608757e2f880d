"""What a stack costs before and after: at the last `up`, and in a preview."""

from collections.abc import Mapping
from typing import Any

from components.cost import OUTPUT, number
from gate.changes.report import CostChange, PriceChange
from gate.stack.steps import Properties


def cost(before: Properties | None, after: Properties) -> CostChange:
    """Return the change of cost between the outputs of the last `up` and those of a preview.

    Args:
        before: None before the first `up`, when nothing costs anything.
    """
    old = {"total": 0, "parts": {}} if before is None else before.get(OUTPUT)
    new = after.get(OUTPUT)
    before_parts, after_parts = _parts(old), _parts(new)
    parts = {
        name: PriceChange(before=_part(old, before_parts, name), after=_part(new, after_parts, name))
        for name in sorted(before_parts.keys() | after_parts.keys())
    }
    return CostChange(before=number(_total(old)), after=number(_total(new)), parts=parts)


def _total(output: Any) -> Any:
    return output.get("total") if isinstance(output, Mapping) else None


def _parts(output: Any) -> Mapping[str, Any]:
    parts = output.get("parts") if isinstance(output, Mapping) else None
    return parts if isinstance(parts, Mapping) else {}


def _part(output: Any, parts: Mapping[str, Any], name: str) -> float | None:
    """Return one cost. An object that does not exist costs nothing. Without an output nobody knows."""
    if name in parts:
        return number(parts[name])
    return 0.0 if isinstance(output, Mapping) else None
