"""The quality list: clips whose sensor somebody should judge, by session. A constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Prefetch, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from annotator.domain.verdicts import WAITING, listed_clips
from annotator.enums import SensorVerdict
from annotator.models import Clip, ClipVerdict, RecordingSession, Study


class Show(TextChoices):
    """Which part of the list."""

    WAITING = "waiting", _("To judge")
    BAD = SensorVerdict.BAD.value, _("Sensor is bad")
    FINE = SensorVerdict.FINE.value, _("Signal is fine")
    ALL = "all", _("All")


_PARTS = {
    Show.WAITING: WAITING,
    Show.BAD: Q(standing=SensorVerdict.BAD),
    Show.FINE: Q(standing=SensorVerdict.FINE),
    Show.ALL: Q(),
}


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """Clips of one session that stand together on a page of the list."""

    session: RecordingSession
    clips: tuple[Clip, ...]
    #: clips of the session that wait for a word, those on other pages included
    n_waiting: int


def show_named(text: str) -> Show:
    """What is asked for; anything unknown is the part that waits."""
    return Show(text) if text in Show.values else Show.WAITING


def counts(study: Study) -> dict[Show, int]:
    """How many clips each part holds. One query."""
    filters = {show.value: Count("pk", filter=part) for show, part in _PARTS.items() if show is not Show.ALL}
    found = listed_clips(study).aggregate(**filters, all=Count("pk"))
    return {show: found[show.value] for show in Show}


def clips(study: Study, show: Show = Show.WAITING) -> QuerySet[Clip]:
    """In the order of subjects, sessions and time; each with its `standing` and, newest first, its `verdicts`."""
    words = ClipVerdict.objects.select_related("by").order_by("-created_at", "-pk")
    return (
        listed_clips(study)
        .filter(_PARTS[show])
        .select_related("session__subject")
        .prefetch_related(Prefetch("verdicts", queryset=words))
        .order_by("session__subject__code", "session__code", "session_id", "number", "pk")
    )


def groups(study: Study, page: Sequence[Clip]) -> list[SessionGroup]:
    """The clips of a page by session. One query more."""
    waiting = _waiting(study, {clip.session_id for clip in page})
    return [
        SessionGroup(session, tuple(found), waiting.get(session.pk, 0))
        for session, found in groupby(page, key=lambda clip: clip.session)
    ]


def _waiting(study: Study, session_ids: set[int]) -> dict[int, int]:
    rows = listed_clips(study).filter(WAITING, session__in=session_ids)
    return dict(rows.order_by().values("session").annotate(n=Count("pk")).values_list("session", "n"))


def one(study: Study, clip_id: int) -> Clip:
    """A clip as the list shows it. Raises Clip.DoesNotExist where it is not on the list."""
    return clips(study, Show.ALL).get(pk=clip_id)
