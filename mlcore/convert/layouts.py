"""What each layout brings beside its recordings: its targets, and its own word on the quality of its sensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mlcore.convert import ascertain, deap, eav, mahnob
from mlcore.convert.answers import NO_QUESTIONS, Questions
from mlcore.convert.continuous import continuous, read_annotations
from mlcore.convert.own_table import Scales
from mlcore.convert.own_targets import own_targets
from mlcore.convert.session import Trust
from mlcore.datasets import Discovery
from mlcore.errors import LayoutError

_QUESTIONS = {
    "mahnob": mahnob.questions,
    "deap": deap.questions,
    "eav": eav.questions,
    "ascertain": ascertain.questions,
}


def questions_of(
    layout: str,
    *,
    window_s: float,
    annotations: Path | None = None,
    table: Path | None = None,
    scales: Scales | None = None,
    only: Sequence[str] = (),
) -> Questions:
    """The targets of a layout, with those from elsewhere.

    Args:
        layout: its name.
        window_s: length of a clip, seconds.
        annotations: folder of MAHNOB-HCI's continuous labels.
        table: a table of one's own answers; of a target that the layout has too, the table's answers count.
        scales: of the table's columns.
        only: the targets that are wanted; () = all.

    Raises:
        LayoutError: a file can't be understood, or a wanted target isn't there.
    """
    asked = _QUESTIONS[layout]() if layout in _QUESTIONS else NO_QUESTIONS
    if annotations is not None:
        if layout != mahnob.NAME:
            raise LayoutError(f"continuous labels belong to {mahnob.NAME}, and the source is {layout}.")
        asked |= continuous(read_annotations(annotations), window_s=window_s)
    if table is not None:
        asked |= own_targets(table, scales or Scales())
    unknown = [name for name in only if name not in asked.metas]
    if unknown:
        raise LayoutError(f"there is no target {unknown[0]!r}: there are {', '.join(asked.metas) or 'none'}.")
    return asked.only(only) if only else asked


def trust_of(found: Discovery) -> Trust:
    """What the data set says of its sensors; nothing, where it is not ASCERTAIN."""
    if found.layout != ascertain.NAME:
        return lambda spec, modality: None
    return partial(ascertain.trust_of, ascertain.sensor_grades(found.recordings, found.root))
