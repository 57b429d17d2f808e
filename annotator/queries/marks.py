"""What people marked on a session's channels and timeline, and what its files and measurements say of the channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from annotator.domain.interval_marks import current_marks
from annotator.enums import DerivedKind, IntervalKind
from annotator.models import ChannelMark, IntervalMark, RecordingSession, User
from annotator.queries import media


class BadBy(StrEnum):
    """Who says that a channel is bad."""

    HAND = "hand"
    FILES = "files"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class BadChannel:
    name: str
    sources: tuple[BadBy, ...]
    #: what was measured of it, in words
    faults: tuple[str, ...]
    #: who marked it by hand; empty where nobody did, or where it is not the reader's to know
    by: str
    is_own: bool
    reason: str
    marked_at: datetime | None
    #: whoever reads this may take the mark back
    may_take_back: bool


@dataclass(frozen=True, slots=True)
class ShownInterval:
    uuid: UUID
    kind: str
    start_s: float
    stop_s: float
    channel: str
    text: str
    by: str
    is_own: bool
    created_at: datetime

    @property
    def kind_name(self) -> str:
        return IntervalKind(self.kind).label.lower()


def bad_sources(
    *, by_hand: Sequence[str], in_files: Sequence[str], faults: Mapping[str, Sequence[str]]
) -> dict[str, list[BadBy]]:
    """Each bad channel, and who says so."""
    said: dict[str, list[BadBy]] = {}
    for source, names in ((BadBy.HAND, by_hand), (BadBy.FILES, in_files), (BadBy.MEASURED, [*faults])):
        for name in names:
            if source is not BadBy.MEASURED or faults[name]:
                said.setdefault(name, []).append(source)
    return said


def sources_of(session: RecordingSession) -> dict[str, list[BadBy]]:
    """In the order of the file."""
    found = bad_sources(
        by_hand=session.bad_channels,
        in_files=session.spec.get("bad_channels", ()),
        faults=session.channel_faults,
    )
    return {name: found[name] for name in session.eeg_info.get("channels", ()) if name in found}


def bad_channels_of(session: RecordingSession, reader: User, *, sees_all: bool, is_admin: bool) -> list[BadChannel]:
    """One query. Annotators are told who marked a channel only where it was they."""
    words = last_words(session)
    return [
        _bad_channel(session, name, sources, words.get(name), reader, sees_all=sees_all, is_admin=is_admin)
        for name, sources in sources_of(session).items()
    ]


def last_words(session: RecordingSession) -> dict[str, ChannelMark]:
    """Channel -> the last word on it. One query."""
    words = session.channel_marks.select_related("by").order_by("channel", "-created_at", "-pk").distinct("channel")
    return {word.channel: word for word in words}


def standing_words(session: RecordingSession) -> list[ChannelMark]:
    """Who marked the channels that are bad by hand, in the order of the file. One query."""
    words = last_words(session)
    return [words[name] for name in session.bad_channels if name in words and words[name].is_bad]


def _bad_channel(
    session: RecordingSession,
    name: str,
    sources: Sequence[BadBy],
    word: ChannelMark | None,
    reader: User,
    *,
    sees_all: bool,
    is_admin: bool,
) -> BadChannel:
    standing = word if word is not None and word.is_bad and BadBy.HAND in sources else None
    is_own = standing is not None and standing.by_id == reader.pk
    is_told = standing is not None and (sees_all or is_own)
    return BadChannel(
        name=name,
        sources=tuple(sources),
        faults=tuple(session.channel_faults.get(name, ())),
        by=str(standing.by) if standing and is_told and standing.by else "",
        is_own=is_own,
        reason=standing.reason if standing else "",
        marked_at=standing.created_at if standing else None,
        may_take_back=BadBy.HAND in sources and (is_own or is_admin),
    )


def intervals_of(session: RecordingSession, reader: User, *, sees_all: bool) -> list[ShownInterval]:
    """Annotators see their own. One query."""
    marks = current_marks(session)
    return [_interval(mark, reader) for mark in (marks if sees_all else marks.filter(by=reader))]


def _interval(mark: IntervalMark, reader: User) -> ShownInterval:
    return ShownInterval(
        uuid=mark.uuid,
        kind=mark.kind,
        start_s=mark.start_s,
        stop_s=mark.stop_s,
        channel=mark.channel,
        text=mark.text,
        by=str(mark.by),
        is_own=mark.by_id == reader.pk,
        created_at=mark.created_at,
    )


def waiting_channels(session: RecordingSession) -> list[str]:
    """Channels whose mark what learns does not know yet: the session was derived before. No query if prefetched."""
    shard = media.newest(session, DerivedKind.SHARD)
    if shard is None:
        return []
    left_out = set(shard.meta.get("bad_channels", ()))
    marked = {*session.bad_channels, *session.spec.get("bad_channels", ())}
    return [name for name in session.eeg_info.get("channels", ()) if (name in marked) != (name in left_out)]
