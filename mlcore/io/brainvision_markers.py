"""The markers (.vmrk) of BrainVision recordings, and the pauses between their segments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlcore.io.brainvision_header import read_brainvision_text
from mlcore.io.grid import TimeGrid, even_grid, grid_with_pauses

#: type, description, position in samples from 1, then size, channel and perhaps a date
_MARKER = re.compile(r"^Mk\d+=([^,\n]*),([^,\n]*),\s*(\d{1,15})\s*(?:,([^\n]*))?$", re.MULTILINE)
_NEW_SEGMENT = "New Segment"
_DATE = re.compile(r"\d{20}")


@dataclass(frozen=True, slots=True)
class BrainVisionMarker:
    """One line of a .vmrk."""

    kind: str
    description: str
    #: index of the sample, from 0
    row: int
    #: when a segment began, on the recorder's clock
    began: datetime | None

    @property
    def begins_segment(self) -> bool:
        """Whether the recorder was started here."""
        return self.kind == _NEW_SEGMENT


def read_brainvision_markers(path: Path) -> tuple[BrainVisionMarker, ...]:
    """The markers of a .vmrk; commas in a text are written as "\\1".

    Raises:
        RecordingError: this is no marker file.
    """
    return tuple(
        BrainVisionMarker(
            kind=kind.replace(r"\1", ","),
            description=description.replace(r"\1", ",").strip(),
            row=int(position) - 1,
            began=_date(rest.rpartition(",")[2]),
        )
        for kind, description, position, rest in _MARKER.findall(read_brainvision_text(path))
    )


def segment_grid(
    path: Path, markers: Sequence[BrainVisionMarker], *, n_rows: int, sfreq: float
) -> tuple[TimeGrid, tuple[float, ...], tuple[str, ...]]:
    """Where each segment lies by the recorder's clock, and what to say about those that don't tell when they began.

    If one of them does not, all lie end to end, and come as moments beside the grid.

    Raises:
        RecordingError: a segment begins before the one before it ends.
    """
    segments = sorted((m for m in markers if m.begins_segment and 0 <= m.row < n_rows), key=lambda marker: marker.row)
    origin = next((marker.began for marker in segments if marker.row == 0), None)
    later = [marker for marker in segments if marker.row > 0]
    known = [(m.row, (m.began - origin).total_seconds()) for m in later if origin is not None and m.began is not None]
    n_unknown = len(later) - len(known)
    if not n_unknown:
        return grid_with_pauses(path, [(0, 0.0), *known], n_rows=n_rows, sfreq=sfreq), (), ()
    notes = (f"{path.name}: {n_unknown} pauses are of unknown length; times after them are too early.",)
    return even_grid(n_rows, sfreq), tuple(marker.row / sfreq for marker in later), notes


def _date(text: str) -> datetime | None:
    """YYYYMMDDhhmmss and six digits of microseconds."""
    digits = text.strip()
    if not _DATE.fullmatch(digits) or not digits.strip("0"):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S%f")  # noqa: DTZ007 (differences alone are used)
    except ValueError:
        return None
