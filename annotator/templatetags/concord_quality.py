"""Filters and tags for clocks and quality: in words with their unit, and the small strip of the sessions list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django import template
from django.utils.translation import gettext

from annotator.models import Clip, RecordingSession
from annotator.names import fault_name, method_name
from annotator.queries import session_page
from annotator.queries.recordings import Bar
from annotator.queries.session_page import POOR_QUALITY
from mlcore.types import ClockMap, Modality, SyncMethod

register = template.Library()

STRIP_WIDTH, STRIP_HEIGHT = 120, 12


register.filter("clock_map", session_page.clock_of)
register.filter("method_name", method_name)


@register.filter
def problems_in_list(session: RecordingSession) -> list[str]:
    """Those that a session's own row tells: its clips are not read for the list."""
    return session_page.problems_of(session, ())


@register.filter
def residual(clock: ClockMap) -> str:
    """ "±12 ms"; what is not measured is said, never shown as 0."""
    if clock.residual_ms is None:
        return gettext("by hand") if clock.method == SyncMethod.HAND else gettext("not measured")
    if clock.residual_ms < 0.1:
        return "< 0.1 ms"
    return f"±{clock.residual_ms:.1f} ms" if clock.residual_ms < 10 else f"±{clock.residual_ms:.0f} ms"


@register.filter
def residual_sentence(clock: ClockMap) -> str:
    if clock.residual_ms is not None:
        return gettext("{residual} around the map, at the moments seen on both streams").format(
            residual=residual(clock)
        )
    if clock.method == SyncMethod.HAND:
        return gettext("not measured: a point more than the map needs would tell")
    return gettext("not measured: nothing was seen on both streams often enough")


@register.filter
def ppm(drift: float) -> str:
    """Drift as parts per million, signed: 3.2e-6 is “+3.2 ppm”."""
    parts = 1e6 * drift
    text = f"{abs(parts):.1f}" if abs(parts) < 10 else f"{abs(parts):.0f}"
    if float(text) == 0.0:
        return "0 ppm"
    return f"{'−' if parts < 0 else '+'}{text} ppm"


@register.filter
def rate(drift: float) -> str:
    """The factor of the map: “1 − 0.00002117”."""
    return f"1 {'−' if drift < 0 else '+'} {abs(drift):.8f}"


@register.filter
def faults(found: Mapping[str, float]) -> str:
    """The worst first: “line noise 40 %, muscle 10 %”."""
    worst_first = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{fault_name(fault)} {100 * severity:.0f} %" for fault, severity in worst_first)


@register.filter
def fault_names(found: Iterable[str]) -> str:
    return ", ".join(map(fault_name, found))


@register.filter
def n_labelled(clips: Iterable[Clip]) -> int:
    return sum(clip.n_labels > 0 for clip in clips)  # type: ignore[attr-defined]  # by recordings.all_clips


@register.filter
def mean_quality(clips: Iterable[Clip], modality: str) -> float | None:
    found = [clip.eeg_quality if modality == Modality.EEG else clip.face_quality for clip in clips]
    known = [quality for quality in found if quality is not None]
    return fmean(known) if known else None


# --- the strip of the sessions list ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One stream's quality along the session, as paths of an SVG; bars as high as the quality."""

    good: str
    poor: str
    y: int
    words: str


@register.inclusion_tag("sessions/partials/strip.html")
def quality_strip(bars: Sequence[Bar] | None) -> dict[str, Any]:
    known = bars or ()
    rows = [
        _row(gettext("EEG quality, lowest {percent} %"), 0, [(bar, bar.eeg) for bar in known]),
        _row(gettext("face quality, lowest {percent} %"), STRIP_HEIGHT + 2, [(bar, bar.face) for bar in known]),
    ]
    shown = [row for row in rows if row.words]
    return {"rows": shown, "width": STRIP_WIDTH, "height": 2 * STRIP_HEIGHT + 2}


def _row(lowest_is: str, y: int, bars: Sequence[tuple[Bar, float | None]]) -> Row:
    known = [(bar, quality) for bar, quality in bars if quality is not None]
    good = "".join(_bar(bar, quality, y) for bar, quality in known if quality >= POOR_QUALITY)
    poor = "".join(_bar(bar, quality, y) for bar, quality in known if quality < POOR_QUALITY)
    lowest = min((quality for _, quality in known), default=None)
    words = "" if lowest is None else lowest_is.format(percent=f"{100 * lowest:.0f}")
    return Row(good, poor, y, words)


def _bar(bar: Bar, quality: float, y: int) -> str:
    left, right = STRIP_WIDTH * bar.start, STRIP_WIDTH * bar.stop
    high = max(1.0, STRIP_HEIGHT * quality)
    return f"M{left:.1f} {y + STRIP_HEIGHT}V{y + STRIP_HEIGHT - high:.1f}H{right:.1f}V{y + STRIP_HEIGHT}Z"
