"""What the label page shows of the clips somebody holds: a constant number of queries, however many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from annotator.domain.statements import fetch_all, fetch_one
from annotator.enums import LabelState, SlotState
from annotator.models import Clip, Draft, Label, Lease, Prediction, Slot, Study, User
from annotator.queries import media
from annotator.queries.why import Why, told
from mlcore.types import ClockMap, JsonObject

#: what may be loaded around a clip
CONTEXT_S = 10.0
#: a queue is counted so far and no further: every answer asks how much is left
MANY_CLIPS = 1000


@dataclass(frozen=True, slots=True)
class Task:
    """One clip on the label page. Never others' labels, self-reports, or whether it is a test."""

    clip: Clip
    context_start_s: float
    context_stop_s: float
    expires_at: datetime | None
    seconds_left: float | None
    #: None: the session has no video that a browser can play
    video: ClockMap | None
    eeg: media.TileMeta | None
    why: Why
    draft: JsonObject | None
    #: the annotator's own answer, where they have given it
    own: Label | None


@dataclass(frozen=True, slots=True)
class Progress:
    labelled_today: int
    labelled_total: int
    #: counted up to MANY_CLIPS
    open_clips: int
    #: there are more than were counted
    more_clips: bool
    held: int


_BESIDE = """
SELECT held.id, draft.content, lease.served
FROM unnest(%(clips)s::bigint[]) AS held (id)
LEFT JOIN annotator_draft draft ON draft.clip_id = held.id AND draft.annotator_id = %(user)s
LEFT JOIN LATERAL (SELECT served FROM annotator_lease WHERE annotator_id = %(user)s AND clip_id = held.id
                   ORDER BY leased_at DESC, id DESC LIMIT 1) lease ON true
"""


def tasks_of(slots: Sequence[Slot], user: User) -> list[Task]:
    """The tasks of held slots (their clips loaded), in their order. No answer stands beside a clip that is to be
    answered: an earlier one would be seen."""
    clips = [slot.clip for slot in slots]
    media.load_derived([clip.session for clip in clips])
    rows = fetch_all(_BESIDE, {"clips": [clip.pk for clip in clips], "user": user.pk})
    beside = {clip_id: (_json(draft), _json(served)) for clip_id, draft, served in rows}
    return [
        _task(
            slot.clip,
            expires_at=slot.expires_at,
            why=beside[slot.clip_id][1] or {},
            draft=beside[slot.clip_id][0],
            own=None,
        )
        for slot in slots
    ]


def _json(text: str | None) -> JsonObject | None:
    return None if text is None else json.loads(text)


def task_of_clip(clip: Clip, user: User) -> Task:
    """The task of a clip that the user holds, has labelled, or may look at."""
    slot = Slot.objects.filter(clip=clip, holder=user, state=SlotState.LEASED).first()
    return tasks_of_clips([clip.pk], user, expiries={clip.pk: slot.expires_at if slot else None})[clip.pk]


def tasks_of_clips(clip_ids: Sequence[int], user: User, *, expiries: dict[int, datetime | None]) -> dict[int, Task]:
    clips = Clip.objects.select_related("session__subject").prefetch_related("session__derived").filter(pk__in=clip_ids)
    mine = {"clip__in": clip_ids, "annotator": user}
    drafts = dict(Draft.objects.filter(**mine).values_list("clip_id", "content"))
    served = dict(Lease.objects.filter(**mine).order_by("leased_at", "pk").values_list("clip_id", "served"))
    own = _shown_answers(clip_ids, user)
    return {
        clip.pk: _task(
            clip,
            expires_at=expiries[clip.pk],
            why=served.get(clip.pk, {}),
            draft=drafts.get(clip.pk),
            own=own.get(clip.pk),
        )
        for clip in clips
    }


def _shown_answers(clip_ids: Sequence[int], user: User) -> dict[int, Label]:
    """The annotator's latest answer on each clip; none while they are asked to answer it again."""
    asked = Slot.objects.filter(clip__in=clip_ids, holder=user, state=SlotState.LEASED, pass_number__gt=0)
    again = set(asked.values_list("clip_id", flat=True))
    own = Label.objects.filter(clip__in=clip_ids, annotator=user, state=LabelState.CURRENT).order_by("pass_number")
    return {label.clip_id: label for label in own if label.clip_id not in again}


def _task(
    clip: Clip, *, expires_at: datetime | None, why: JsonObject, draft: JsonObject | None, own: Label | None
) -> Task:
    start_s, stop_s = context_of(clip)
    left = None if expires_at is None else max(0.0, (expires_at - timezone.now()).total_seconds())
    return Task(
        clip=clip,
        context_start_s=start_s,
        context_stop_s=stop_s,
        expires_at=expires_at,
        seconds_left=left,
        video=_clock(clip) if media.has_video(clip.session) else None,
        eeg=media.tile_meta(clip.session),
        why=told(why, has_eeg=clip.has_eeg, has_face=clip.has_face),
        draft=draft,
        own=own,
    )


def context_of(clip: Clip) -> tuple[float, float]:
    """The clip ± 10 s, within its session."""
    session = clip.session
    first_s = min(0.0, clip.start_s, session.video_offset_s if session.has_video else 0.0)
    last_s = max(clip.stop_s, session.duration_s or clip.stop_s)
    return max(first_s, clip.start_s - CONTEXT_S), min(last_s, clip.stop_s + CONTEXT_S)


def _clock(clip: Clip) -> ClockMap:
    session = clip.session
    return ClockMap(
        offset_s=session.video_offset_s,
        drift=session.video_drift,
        residual_ms=session.sync_residual_ms,
        method=session.sync_method,
        confidence=session.sync_confidence,
    )


# What is answered on clips that a later import no longer has does not count; those clips are few, and found first.
_ANSWERS = """
SELECT (SELECT count(*) FROM annotator_label l WHERE l.annotator_id = %(user)s AND l.study_id = %(study)s
        AND l.state = 'current' AND l.created_at >= %(midnight)s
        AND EXISTS (SELECT 1 FROM annotator_clip c WHERE c.id = l.clip_id AND c.superseded_at IS NULL)),
       (SELECT count(*) FROM annotator_label l WHERE l.annotator_id = %(user)s AND l.study_id = %(study)s
        AND l.state = 'current')
       - (SELECT count(*) FROM annotator_clip c JOIN annotator_label l ON l.clip_id = c.id
          WHERE c.study_id = %(study)s AND c.superseded_at IS NOT NULL AND l.annotator_id = %(user)s
          AND l.state = 'current'),
       (SELECT count(*) FROM annotator_slot WHERE holder_id = %(user)s AND state = 'leased' AND study_id = %(study)s),
       (SELECT count(*) FROM (
            SELECT 1 FROM annotator_study s
            CROSS JOIN LATERAL unnest(ARRAY[s.test_ranking_id, s.active_ranking_id]) AS serving (id)
            JOIN annotator_rankentry e ON e.ranking_id = serving.id AND e.is_open
            WHERE s.id = %(study)s LIMIT %(cap)s) some_open)
"""
_OPEN_FOR = """
SELECT count(*) FROM (
    SELECT s.clip_id FROM annotator_study study
    CROSS JOIN LATERAL unnest(ARRAY[study.test_ranking_id, study.active_ranking_id]) AS serving (id)
    JOIN annotator_rankentry e ON e.ranking_id = serving.id AND e.is_open
    JOIN annotator_slot s ON s.clip_id = e.clip_id AND s.state = 'open'
    WHERE study.id = %(study)s AND (s.reserved_for_id IS NULL OR s.reserved_for_id = %(user)s)
    AND NOT EXISTS (SELECT 1 FROM annotator_label l WHERE l.clip_id = e.clip_id AND l.annotator_id = %(user)s
                    AND l.pass_number = s.pass_number AND l.state = 'current')
    AND NOT EXISTS (SELECT 1 FROM annotator_skip k WHERE k.clip_id = e.clip_id AND k.annotator_id = %(user)s)
    UNION
    SELECT clip_id FROM annotator_slot WHERE holder_id = %(user)s AND state = 'leased' AND study_id = %(study)s
) to_do
"""


def progress(study: Study, user: User) -> Progress:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    arguments = {"study": study.pk, "user": user.pk, "midnight": midnight, "cap": MANY_CLIPS}
    row = fetch_one(_ANSWERS, arguments)
    assert row is not None
    n_today, n_total, n_held, n_open = row
    is_many = n_open >= MANY_CLIPS
    return Progress(
        labelled_today=n_today,
        labelled_total=n_total,
        open_clips=MANY_CLIPS if is_many else n_open_for(study, user),
        more_clips=is_many,
        held=n_held,
    )


def n_open_for(study: Study, user: User) -> int:
    """Clips that still want an answer and that this annotator may yet be given; those held count."""
    row = fetch_one(_OPEN_FOR, {"study": study.pk, "user": user.pk})
    assert row is not None
    return int(row[0])


def opinion_of(clip: Clip) -> JsonObject | None:
    """What the serving model thinks of the clip; shown only to who has answered."""
    if clip.study.promoted_round_id is None:
        return None
    found = Prediction.objects.filter(clip=clip, round=clip.study.promoted_round_id).first()
    return None if found is None else dict(found.probabilities)
