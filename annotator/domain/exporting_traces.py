"""Recorded traces and reaction lags as rows of an export: the raw events of the labels that are exported."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from annotator.domain import lags, traces
from annotator.domain.exporting import (
    BATCH,
    JSON,
    REAL,
    TEXT,
    TIME,
    WHOLE,
    Column,
    labels_to_export,
    pseudonyms_of,
)
from annotator.models import ReactionLag, Study, TraceRecording
from mlcore.types import JsonObject

COLUMNS = (
    Column("label", TEXT, "identifier of the label, as in labels"),
    Column("annotator", TEXT, "pseudonym in this study"),
    Column("clip", WHOLE, "identifier of the clip, as in labels"),
    Column("dimension", TEXT, "key of the question"),
    Column("clock", TEXT, "of video_s: video (0 = first frame), or session where the clip has no video"),
    Column("began_ms", WHOLE, "wall clock of wall_ms 0, milliseconds since 1970, of the annotator's machine"),
    Column("video_s", JSON, "of each event: the frame that was on screen, seconds on that clock"),
    Column("wall_ms", JSON, "of each event: milliseconds since began_ms"),
    Column("value", JSON, "of each event: what stands until the next one"),
    Column(
        "device",
        TEXT,
        "a letter an event: b a stretch begins, e it ends (between e and b nobody looked); m mouse, t touch, p pen, "
        "k keys, w wheel",
    ),
    Column("superseded", JSON, "what was recorded again: its events in the same columns, each time"),
    Column("n_events", WHOLE, "in video_s, wall_ms, value and device"),
    Column("coverage", REAL, "share of the clip within the stretches"),
    Column("sha256", TEXT, "of clock, began_ms, events and superseded as JSON with sorted keys"),
    Column("main_device", TEXT, "pointer, keys or wheel: by what most of it was led; empty: by nothing"),
    Column("lag_ms", REAL, "the annotator's newest reaction lag by that device; empty if not measured; not applied"),
)
LAG_COLUMNS = (
    Column("annotator", TEXT, "pseudonym in this study; empty: not a member of it"),
    Column("device", TEXT, "pointer, keys or wheel"),
    Column("lag_ms", REAL, "by how much the hand ran behind the dot"),
    Column("correlation", REAL, "of dot and hand at that lag"),
    Column("seed", WHOLE, "of the dot's course"),
    Column("events", JSON, "what the hand did: stimulus_s, wall_ms, value, device"),
    Column("created_at", TIME, "when it was measured, UTC; the newest of each device counts"),
)


def recordings(study: Study, *, with_history: bool) -> QuerySet[TraceRecording]:
    """The traces of the labels that are exported, in the order in which they were stored."""
    labels = labels_to_export(study, with_history=with_history).order_by().values("pk")
    related = ("label__clip__session", "label__annotator")
    return TraceRecording.objects.filter(label__in=labels).select_related(*related).order_by("pk")


def rows(study: Study, *, with_history: bool = False) -> Iterator[JsonObject]:
    """One row a trace, read by a server-side cursor."""
    pseudonyms, measured = pseudonyms_of(study), lags.lags_of(study)
    for one in recordings(study, with_history=with_history).iterator(chunk_size=BATCH):
        device = traces.main_device(one.events["device"])
        yield {
            "label": str(one.label.uuid),
            "annotator": pseudonyms[one.label.annotator_id],
            "clip": one.label.clip_id,
            "dimension": one.dimension,
            "clock": one.clock,
            "began_ms": one.began_ms,
            **one.events,
            "superseded": one.superseded,
            "n_events": one.n_events,
            "coverage": one.coverage,
            "sha256": one.sha256,
            "main_device": "" if device is None else device.value,
            "lag_ms": lag_of(one, measured),
        }


def lag_of(recording: TraceRecording, measured: dict[str, dict[str, float]]) -> float | None:
    """Of its annotator, by the device that led most of it."""
    device = traces.main_device(recording.events["device"])
    return None if device is None else measured.get(str(recording.label.annotator_id), {}).get(device.value)


def lag_rows(study: Study) -> Iterator[JsonObject]:
    pseudonyms = pseudonyms_of(study)
    for one in ReactionLag.objects.filter(study=study).order_by("created_at", "pk").iterator(chunk_size=BATCH):
        yield {
            "annotator": pseudonyms.get(one.annotator_id, ""),
            "device": one.device,
            "lag_ms": one.lag_ms,
            "correlation": one.correlation,
            "seed": one.seed,
            "events": one.events,
            "created_at": one.created_at,
        }
