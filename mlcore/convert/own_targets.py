"""Targets from a table of one's own: one line a trial or a stretch of time, one column a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mlcore.convert.answers import Given, Questions, Unlabelled
from mlcore.convert.own_table import Line, Scales, line_values, read_answers, target_meta
from mlcore.datasets import Recording
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED
from mlcore.types import Window

_WHY = "no line of the table says anything of it"


def own_targets(path: Path, scales: Scales) -> Questions:
    """Questions that a table answers.

    Its columns are `session`, where sessions of different people share names `subject`, then `trial` or `start_s` and
    `stop_s` or both (a clip belongs to the line that holds its middle), then a column a target. A column of text is a
    class, its names in alphabetical order unless `scales` gives them; one of whole numbers from 1 on is an ordinal
    scale up to the largest of them unless `scales` says how far it goes. Empty cells are unlabelled.

    Args:
        path: CSV or TSV in UTF-8.
        scales: classes and levels by column.

    Raises:
        LayoutError: a column is missing, or a cell can't be understood; line and column are named.
    """
    names, lines = read_answers(path, scales)
    metas = {name: target_meta(path, name, lines, scales) for name in names}
    values = {name: line_values(path, name, meta, lines) for name, meta in metas.items()}

    def answer(recording: Recording, windows: Sequence[Window]) -> Given:
        mine = [line for line in lines if line.session == recording.spec.session]
        columns = {name: np.full(len(windows), UNLABELLED, dtype=np.int64) for name in names}
        missing: Unlabelled = Counter()
        for row, window in enumerate(windows):
            about = [line for line in mine if line.is_about(recording, window)]
            for name in names:
                columns[name][row] = _one(path, name, [line for line in about if name in line.said], values[name])
            missing.update((name, _WHY) for name in names if columns[name][row] == UNLABELLED)
        return Given(columns, missing)

    return Questions(metas, answer)


def _one(path: Path, name: str, lines: Sequence[Line], values: Mapping[int, int]) -> int:
    """The answer of the lines about one clip; where two say different things, the table is wrong."""
    said = {values[line.number] for line in lines}
    if len(said) > 1:
        which = " and ".join(str(line.number) for line in lines[:2])
        raise LayoutError(f"{path.name}: lines {which} say different things of {name} for the same clip.")
    return said.pop() if said else UNLABELLED
