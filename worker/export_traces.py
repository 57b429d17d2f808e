"""Traces of an export at the study's rate, as they were led and moved by the annotator's reaction lag."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from annotator.domain import exporting_traces, lags
from annotator.domain.exporting import BATCH, REAL, TEXT, WHOLE, Column, pseudonyms_of
from annotator.models import Study
from mlcore.types import JsonObject
from worker.reading import curve_of

COLUMNS = (
    Column("label", TEXT, "identifier of the label, as in labels"),
    Column("annotator", TEXT, "pseudonym in this study"),
    Column("clip", WHOLE, "identifier of the clip, as in labels"),
    Column("dimension", TEXT, "key of the question"),
    Column("session_s", REAL, "middle of the interval, session clock, seconds; the rate is the study's trace_sfreq"),
    Column("value", REAL, "mean of what stood in the interval; empty where less than half of it was seen"),
    Column("value_lag", REAL, "the same, the hand put earlier by its reaction lag; empty also if none was measured"),
)


def rows(study: Study, *, with_history: bool = False) -> Iterator[JsonObject]:
    """One row an interval of a trace."""
    pseudonyms, measured = pseudonyms_of(study), lags.lags_of(study)
    found = exporting_traces.recordings(study, with_history=with_history)
    for one in found.iterator(chunk_size=BATCH):
        clip, lag_ms = one.label.clip, exporting_traces.lag_of(one, measured)
        values = curve_of(one, sfreq=study.trace_sfreq)
        moved = np.full(len(values), np.nan)
        if lag_ms is not None:
            moved = curve_of(one, sfreq=study.trace_sfreq, lag_s=lag_ms / 1000.0)
        step_s = (clip.stop_s - clip.start_s) / len(values)
        for place, (value, value_lag) in enumerate(zip(values.tolist(), moved.tolist(), strict=True)):
            yield {
                "label": str(one.label.uuid),
                "annotator": pseudonyms[one.label.annotator_id],
                "clip": clip.pk,
                "dimension": one.dimension,
                "session_s": clip.start_s + (place + 0.5) * step_s,
                "value": None if math.isnan(value) else value,
                "value_lag": None if math.isnan(value_lag) else value_lag,
            }
