"""MAHNOB-HCI's gaze table: where the film began on the audio counter that the camera shares."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlcore.errors import RecordingError

#: the real files have 23 lines of preamble; the heading is found by its words
_LONGEST_PREAMBLE = 100
_TIME, _COUNTER, _EVENT = "Timestamp", "AudioSampleNumber", "Event"
_MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class GazeMarks:
    """Anchor and film marks of a gaze table; times in ms on the eye tracker's clock."""

    anchor_ms: float | None
    anchor_sample: float | None
    movie_start_ms: float | None
    movie_end_ms: float | None

    def sample_at(self, time_ms: float, audio_rate_hz: float) -> float | None:
        """Audio sample at an eye-tracker time: anchor + (t − t_anchor)/1000 · rate."""
        if self.anchor_ms is None or self.anchor_sample is None:
            return None
        return self.anchor_sample + (time_ms - self.anchor_ms) / _MS_PER_S * audio_rate_hz


def read_gaze_marks(path: Path) -> GazeMarks:
    """Find the first row with an audio sample number, MovieStart and MovieEnd.

    Raises:
        RecordingError: the table has no heading with Timestamp, Event and AudioSampleNumber.
    """
    anchor: tuple[float | None, float | None] = (None, None)
    events: dict[str, float] = {}
    for row in _rows(path):
        time_ms, sample = _number(row.get(_TIME)), _number(row.get(_COUNTER))
        if time_ms is None:
            continue
        if anchor[1] is None and sample is not None and sample >= 0:
            anchor = (time_ms, sample)
        events.setdefault((row.get(_EVENT) or "").strip(), time_ms)
    return GazeMarks(*anchor, movie_start_ms=events.get("MovieStart"), movie_end_ms=events.get("MovieEnd"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = csv.reader((line.replace("\0", "") for line in file), delimiter="\t", quoting=csv.QUOTE_NONE)
        heading = _heading(path, lines)
        for cells in lines:
            yield dict(zip(heading, cells, strict=False))


def _heading(path: Path, lines: Iterator[list[str]]) -> list[str]:
    for _number_of_line, cells in zip(range(_LONGEST_PREAMBLE), lines, strict=False):
        names = [cell.strip() for cell in cells]
        if {_TIME, _COUNTER, _EVENT} <= set(names):
            return names
    raise RecordingError(f"{path.name}: the gaze table has no heading with {_TIME}, {_EVENT} and {_COUNTER}.")


def _number(cell: str | None) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None
