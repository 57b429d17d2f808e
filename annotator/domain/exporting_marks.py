"""What people marked on sessions, as rows of an export: stretches of the timeline, and every word on a channel."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, QuerySet, Subquery

from annotator.domain.exporting import BATCH, FLAG, REAL, TEXT, TIME, Column, pseudonyms_of
from annotator.enums import SessionStatus
from annotator.models import ChannelMark, IntervalMark, RecordingSession, Study
from mlcore.types import ClockMap, JsonObject

WHOSE = (
    Column("subject", TEXT, "the recorded person"),
    Column("session", TEXT, "the recording"),
    Column("session_deleted", FLAG, "the recording was deleted"),
)
BY = (
    Column("by", TEXT, "pseudonym in this study; empty: not a member of it, or not known"),
    Column("created_at", TIME, "when it was said, UTC"),
)
INTERVAL_COLUMNS = (
    Column("mark", TEXT, "identifier of the mark (UUID)"),
    *WHOSE,
    Column("onset", REAL, "start, session clock (the EEG's where there is EEG), seconds; as in BIDS events"),
    Column("duration", REAL, "seconds; as in BIDS events"),
    Column("trial_type", TEXT, "artefact or event; as in BIDS events"),
    Column("video_onset", REAL, "start on the video's clock (0 = first frame), seconds; empty without video"),
    Column("channel", TEXT, "its name in the file; empty: all of them"),
    Column("text", TEXT, "free text of whoever marked it"),
    Column("state", TEXT, "current, superseded or withdrawn"),
    Column("supersedes", TEXT, "identifier of the mark that this one stands in place of; empty: none"),
    *BY,
)
CHANNEL_COLUMNS = (
    *WHOSE,
    Column("channel", TEXT, "its name in the file"),
    Column("is_bad", FLAG, "false: the mark was taken back"),
    Column("reason", TEXT, "free text of whoever marked it"),
    Column("is_last", FLAG, "the last word on this channel: the one that counts"),
    *BY,
)


def intervals_to_export(study: Study, *, with_history: bool = False) -> QuerySet[IntervalMark]:
    marks = IntervalMark.objects.filter(study=study, is_withdrawal=False)
    if not with_history:
        marks = marks.filter(superseded_by=None)
    followed = IntervalMark.objects.filter(supersedes=OuterRef("pk")).values("is_withdrawal")[:1]
    related = marks.select_related("session__subject", "supersedes").annotate(followed=Subquery(followed))
    return related.order_by("created_at", "pk")


def interval_rows(study: Study, *, with_history: bool = False) -> Iterator[JsonObject]:
    """One row a mark, in the order in which they were made, read by a server-side cursor."""
    pseudonyms = pseudonyms_of(study)
    for mark in intervals_to_export(study, with_history=with_history).iterator(chunk_size=BATCH):
        yield {
            "mark": str(mark.uuid),
            **_whose(mark.session),
            "onset": mark.start_s,
            "duration": mark.stop_s - mark.start_s,
            "trial_type": mark.kind,
            "video_onset": _video_s(mark.session, mark.start_s),
            "channel": mark.channel,
            "text": mark.text,
            "state": _state(mark.followed),  # type: ignore[attr-defined]  # annotated
            "supersedes": "" if mark.supersedes is None else str(mark.supersedes.uuid),
            "by": pseudonyms.get(mark.by_id, ""),
            "created_at": mark.created_at,
        }


def channel_rows(study: Study) -> Iterator[JsonObject]:
    """One row a word, in the order in which they were said; the ones that no longer stand too."""
    pseudonyms = pseudonyms_of(study)
    same = ChannelMark.objects.filter(session=OuterRef("session"), channel=OuterRef("channel"))
    last = same.order_by("-created_at", "-pk").values("pk")[:1]
    words = ChannelMark.objects.filter(study=study).annotate(last_word=Subquery(last))
    related = words.select_related("session__subject").order_by("created_at", "pk")
    for word in related.iterator(chunk_size=BATCH):
        yield {
            **_whose(word.session),
            "channel": word.channel,
            "is_bad": word.is_bad,
            "reason": word.reason,
            "is_last": word.last_word == word.pk,
            "by": "" if word.by_id is None else pseudonyms.get(word.by_id, ""),
            "created_at": word.created_at,
        }


def _whose(session: RecordingSession) -> JsonObject:
    return {
        "subject": session.subject.code,
        "session": session.code,
        "session_deleted": session.status == SessionStatus.DELETED,
    }


def _video_s(session: RecordingSession, session_s: float) -> float | None:
    return ClockMap(session.video_offset_s, session.video_drift).to_video(session_s) if session.has_video else None


def _state(is_withdrawn: bool | None) -> str:
    """By what followed it; None: nothing did."""
    if is_withdrawn is None:
        return "current"
    return "withdrawn" if is_withdrawn else "superseded"
