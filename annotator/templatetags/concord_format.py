"""Filters for numbers and times; every one keeps the unit with the number.

A number is written the same in every language, with a point, as scripts, figures and exports write it.
"""

from __future__ import annotations

import math

from django import template
from django.utils.translation import gettext, ngettext

from annotator.models import Round

register = template.Library()


@register.filter
def percent(value: float | str | None) -> str:
    """0.571 as 57.1 %; a dash where there is no number."""
    return "–" if value is None or value == "" else f"{100 * float(value):.1f} %"


@register.filter
def size(n_bytes: int) -> str:
    """2500000 as 2.4 MB, a megabyte being 1024 · 1024 bytes."""
    if n_bytes < 1024:
        return ngettext("{n} byte", "{n} bytes", n_bytes).format(n=n_bytes)
    power = min(3, int(math.log(n_bytes, 1024)))
    return f"{n_bytes / 1024**power:.1f} {('KB', 'MB', 'GB')[power - 1]}"


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as minutes:seconds, e.g. 1:07.5."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(float(seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


@register.filter
def time_left(seconds: float | None) -> str:
    """A rough time left for people: “about 40 s”, “about 3 min”."""
    if seconds is None:
        return ""
    if seconds < 90:
        return gettext("about {n} s left").format(n=max(1, round(seconds)))
    return gettext("about {n} min left").format(n=round(seconds / 60))


@register.filter
def took(round_: Round) -> str:
    """How long a round ran: seconds below two minutes, minutes above."""
    if round_.started_at is None or round_.finished_at is None:
        return "–"
    seconds = (round_.finished_at - round_.started_at).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@register.filter
def item(mapping: dict[str, object] | None, key: str) -> object:
    return mapping.get(key) if mapping else None
