"""What people said of sensors, as rows of an export: every word, the ones that no longer stand too."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery

from annotator.domain.exporting import BATCH, FLAG, JSON, REAL, TEXT, TIME, WHOLE, Column, pseudonyms_of
from annotator.models import ClipVerdict, Study
from mlcore.types import JsonObject

COLUMNS = (
    Column("clip", WHOLE, "identifier of the clip, as in labels"),
    Column("subject", TEXT, "the recorded person"),
    Column("session", TEXT, "the recording"),
    Column("start_s", REAL, "start of the clip, session clock, seconds"),
    Column("stop_s", REAL, "end of the clip, session clock, seconds"),
    Column("clip_superseded", FLAG, "a later import of the session has no such clip"),
    Column("eeg_quality", REAL, "as measured: 0 worthless .. 1 clean; empty if not measured"),
    Column("face_quality", REAL, "as measured: 0 worthless .. 1 clean; empty if not measured"),
    Column("eeg_faults", JSON, "severity 0..1 of each fault that was found, none = {}"),
    Column("face_faults", JSON, "severity 0..1 of each fault that was found, none = {}"),
    Column("verdict", TEXT, "bad: the sensor is bad; fine: the signal is fine"),
    Column("is_last", FLAG, "the last word on this clip: the one that counts"),
    Column("by", TEXT, "pseudonym in this study; empty: not a member of it"),
    Column("created_at", TIME, "when it was said, UTC"),
)


def rows(study: Study) -> Iterator[JsonObject]:
    """One row a word, in the order in which they were said, read by a server-side cursor."""
    pseudonyms = pseudonyms_of(study)
    last = ClipVerdict.objects.filter(clip=OuterRef("clip")).order_by("-created_at", "-pk").values("pk")[:1]
    words = ClipVerdict.objects.filter(study=study).annotate(last_word=Subquery(last))
    related = words.select_related("clip__subject", "clip__session").order_by("created_at", "pk")
    for word in related.iterator(chunk_size=BATCH):
        yield _row(word, pseudonyms)


def _row(word: ClipVerdict, pseudonyms: dict[int, str]) -> JsonObject:
    clip = word.clip
    return {
        "clip": clip.pk,
        "subject": clip.subject.code,
        "session": clip.session.code,
        "start_s": clip.start_s,
        "stop_s": clip.stop_s,
        "clip_superseded": clip.superseded_at is not None,
        "eeg_quality": clip.eeg_quality,
        "face_quality": clip.face_quality,
        "eeg_faults": clip.eeg_faults,
        "face_faults": clip.face_faults,
        "verdict": word.verdict,
        "is_last": word.last_word == word.pk,  # type: ignore[attr-defined]  # annotated
        "by": pseudonyms.get(word.by_id, ""),
        "created_at": word.created_at,
    }
