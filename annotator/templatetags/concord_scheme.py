"""Questions of a scheme in words."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext

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
            return gettext("{words}, each 1 to {levels}").format(words=", ".join(words), levels=dimension.levels)
        case DimensionKind.GRID:
            side = f"{dimension.levels} × {dimension.levels}"
            return gettext("grid of {side} from {left} to {right} and from {bottom} to {top}").format(
                side=side, left=words[0], right=words[1], bottom=words[2], top=words[3]
            )
        case DimensionKind.VAS:
            return gettext("line from {low} to {high}").format(low=words[0], high=words[1])
        case DimensionKind.TRACE:
            return gettext("over time, from {low} to {high}").format(low=words[0], high=words[1])
        case DimensionKind.UNBOUNDED_TRACE:
            return gettext("over time without ends, {low} or {high}").format(low=words[0], high=words[1])
    return gettext("{n} levels from {low} to {high}").format(n=dimension.levels, low=words[0], high=words[-1])
