"""The numbers of a manifest's line: offset, moments seen on both clocks, the rate of an EEG file that has none.

`video_s_1`, `eeg_s_1`, `video_s_2`, `eeg_s_2` … are moments on the video's and the EEG's clock; `sync_video_s` with
`sync_eeg_s` is one more. Beside one of them, `video_offset_s` (the EEG time of the first frame) counts as another.
"""

from __future__ import annotations

import re

from mlcore.datasets.tables import Row, number

OFFSET_HINT, RATE = "video_offset_s", "eeg_sfreq"
_MOMENT = re.compile(r"^(?:video_s_(\d+)|sync_video_s)$")
_HIGHEST_RATE_HZ = 1_000_000.0


def numbers_problem(row: Row) -> str:
    """What is wrong with a line's numbers; empty if nothing is."""
    offset, rate = row.get(OFFSET_HINT, ""), row.get(RATE, "")
    if offset and number(offset) is None:
        return f"{OFFSET_HINT} is {offset!r}, not a number of seconds"
    if rate and not 0 < (number(rate) or 0.0) <= _HIGHEST_RATE_HZ:
        return f"{RATE} is {rate!r}, not a number of samples a second"
    return next((problem for pair in _moments(row) if (problem := _moment_problem(row, pair))), "")


def _moments(row: Row) -> list[tuple[str, str]]:
    """Pairs of columns, video's and EEG's."""
    matches = (_MOMENT.match(column) for column in row)
    return [(match[0], f"eeg_s_{match[1]}" if match[1] else "sync_eeg_s") for match in matches if match]


def _moment_problem(row: Row, pair: tuple[str, str]) -> str:
    cells = [row.get(column, "") for column in pair]
    if not any(cells):
        return ""
    wrong = next((column for column, cell in zip(pair, cells, strict=True) if number(cell) is None), None)
    return f"{wrong} is {row.get(wrong, '')!r}, not a number of seconds" if wrong else ""


def sync_points(row: Row) -> tuple[tuple[float, float], ...]:
    """(video_s, eeg_s) of a line's moments, by video time; a lone offset is none of them."""
    pairs = ((number(row.get(video)), number(row.get(eeg))) for video, eeg in _moments(row))
    points = {(video_s, eeg_s) for video_s, eeg_s in pairs if video_s is not None and eeg_s is not None}
    offset_s = number(row.get(OFFSET_HINT))
    if points and offset_s is not None:
        points.add((0.0, offset_s))
    return tuple(sorted(points))


def hints(row: Row) -> dict[str, float]:
    """The offset as a hint for the clock."""
    offset_s = number(row.get(OFFSET_HINT))
    return {} if offset_s is None else {OFFSET_HINT: offset_s}


def rate_of(row: Row) -> float | None:
    """Samples a second of an EEG file that does not say."""
    return number(row.get(RATE))
