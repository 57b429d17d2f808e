"""Questions of a scheme in words."""

from __future__ import annotations

from django import template

from mlcore.types import Dimension, DimensionKind

register = template.Library()


@register.filter
def asked_as(dimension: Dimension) -> str:
    """How a question is answered, e.g. "9 levels from calm to activated"."""
    words = dimension.classes
    match dimension.kind:
        case DimensionKind.CLASS:
            return ", ".join(words)
        case DimensionKind.EMOTIONS:
            return f"{', '.join(words)}, each 1 to {dimension.levels}"
        case DimensionKind.GRID:
            side = f"{dimension.levels} × {dimension.levels}"
            return f"grid of {side} from {words[0]} to {words[1]} and from {words[2]} to {words[3]}"
        case DimensionKind.VAS:
            return f"line from {words[0]} to {words[1]}"
        case DimensionKind.TRACE:
            return f"over time, from {words[0]} to {words[1]}"
        case DimensionKind.UNBOUNDED_TRACE:
            return f"over time without ends, {words[0]} or {words[1]}"
    return f"{dimension.levels} levels from {words[0]} to {words[-1]}"
