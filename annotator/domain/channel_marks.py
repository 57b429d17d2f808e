"""What people say of a session's channels: rows are only added, the last word on a channel counts.

What counts is written to the session too. It reaches what learns when the session is next derived: a word alone
rebuilds nothing, so that whoever labels never sets heavy work off, and many words cost one rebuild.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext

from annotator.domain import audit
from annotator.domain.access import ObjectKind, Verb, may
from annotator.enums import SessionStatus
from annotator.exceptions import Conflict, DomainError, NotAllowed
from annotator.models import ChannelMark, RecordingSession, User


@transaction.atomic
def mark_channel(
    session: RecordingSession, channel: str, *, is_bad: bool, actor: User, reason: str = ""
) -> RecordingSession:
    """Add somebody's word on a channel; saying again what was said last changes nothing.

    What another annotator marked as bad, only an admin overrules.
    """
    held = RecordingSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if held.status != SessionStatus.READY:
        raise Conflict(
            gettext("The session is {status}: nothing was marked.").format(status=held.get_status_display().lower()),
            "not_ready",
        )
    if channel not in held.eeg_info.get("channels", ()):
        raise DomainError(gettext("This session has no channel {channel}.").format(channel=channel), "no_such_channel")
    last = held.channel_marks.filter(channel=channel).order_by("-created_at", "-pk").first()
    if _says_nothing_new(last, is_bad=is_bad, reason=reason, actor=actor):
        return held
    _require_own(last, actor, session)
    add_words(held, [channel], is_bad=is_bad, reason=reason, actor=actor)
    held.bad_channels = _in_the_order_of_the_file(held, channel, is_bad=is_bad)
    held.save(update_fields=["bad_channels"])
    audit.record(actor, session.study, "mark_channel", held, {"channel": channel, "is_bad": is_bad, "reason": reason})
    return held


def add_words(
    session: RecordingSession, channels: Iterable[str], *, is_bad: bool, actor: User | None, reason: str = ""
) -> None:
    ChannelMark.objects.bulk_create(
        ChannelMark(
            study_id=session.study_id, session=session, channel=name, is_bad=is_bad, reason=reason, by=actor
        )
        for name in channels
    )  # fmt: skip


def _says_nothing_new(last: ChannelMark | None, *, is_bad: bool, reason: str, actor: User) -> bool:
    if last is None:
        return not is_bad
    return last.is_bad == is_bad and (not is_bad or (last.by_id == actor.pk and last.reason == reason))


def _require_own(last: ChannelMark | None, actor: User, session: RecordingSession) -> None:
    is_anothers = last is not None and last.is_bad and last.by_id != actor.pk
    if is_anothers and not may(actor, Verb.EDIT, ObjectKind.SESSION, session.study):
        raise NotAllowed(gettext("Somebody else marked this channel: an admin can take it back."), "anothers_mark")


def _in_the_order_of_the_file(session: RecordingSession, channel: str, *, is_bad: bool) -> list[str]:
    bad = {*session.bad_channels, channel} if is_bad else {*session.bad_channels} - {channel}
    return [name for name in session.eeg_info["channels"] if name in bad]
