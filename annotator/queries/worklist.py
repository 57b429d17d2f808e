"""What the label page shows of the clips somebody holds: a constant number of queries, however many."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from annotator.domain.statements import Row, fetch_all, fetch_one
from annotator.enums import LabelState, SlotState
from annotator.models import Clip, Label, Slot, Study, User
from annotator.queries import marks, media
from annotator.queries.tiles import MAX_SAMPLES_S
from annotator.queries.why import Why, told
from mlcore.types import ClockMap, JsonObject

#: what may be loaded around a clip
CONTEXT_S = 10.0
#: a queue is counted so far and no further: every answer asks how much is left
MANY_CLIPS = 200


@dataclass(frozen=True, slots=True)
class Task:
    """One clip on the label page. Never others' labels, self-reports, or whether it is a test."""

    clip_id: int
    #: "subject · session"
    session: str
    start_s: float
    stop_s: float
    context_start_s: float
    context_stop_s: float
    #: all that was recorded
    session_start_s: float
    session_stop_s: float
    #: None: not held
    expires_at: datetime | None
    #: None: the session has no video that a browser can play
    video: ClockMap | None
    #: where the face is throughout the clip: x, y, width, height as shares of the frame; None: not known
    face_place: list[float] | None
    eeg: media.TileMeta | None
    #: each bad channel, and who says so
    bad_channels: dict[str, list[marks.BadBy]]
    why: Why
    draft: JsonObject | None
    #: the annotator's own answer, where they have given it
    own: Label | None = None

    @property
    def first_stretch_s(self) -> tuple[float, float]:
        """What a page loads first: the clip and what lies around it, as far as that keeps its samples."""
        beside_s = (MAX_SAMPLES_S - (self.stop_s - self.start_s)) / 2
        if beside_s < 0 or self.context_stop_s - self.context_start_s <= MAX_SAMPLES_S:
            return self.context_start_s, self.context_stop_s
        start_s, stop_s = self.start_s - beside_s, self.stop_s + beside_s
        return max(start_s, self.context_start_s), min(stop_s, self.context_stop_s)

    @property
    def glance_stretch_s(self) -> tuple[float, float]:
        """What is on screen first: the clip with a margin on either side, as the page has it."""
        length_s = self.stop_s - self.start_s
        margin_s = length_s * 0.03
        if length_s <= MAX_SAMPLES_S:
            margin_s = min(margin_s, (MAX_SAMPLES_S - length_s) / 2)
        return max(self.start_s - margin_s, self.context_start_s), min(self.stop_s + margin_s, self.context_stop_s)

    @property
    def seconds_left(self) -> float | None:
        return None if self.expires_at is None else max(0.0, (self.expires_at - timezone.now()).total_seconds())


@dataclass(frozen=True, slots=True)
class Progress:
    labelled_today: int
    labelled_total: int
    #: counted up to MANY_CLIPS
    open_clips: int
    #: there are more than were counted
    more_clips: bool
    held: int


# A clip, its session, and what is kept of it for this annotator: {which} names clip and slot.
_TASK = """
SELECT clip.id, person.code || ' · ' || recording.code, clip.start_s, clip.stop_s, clip.has_eeg, clip.has_face,
       recording.duration_s, recording.has_video, recording.video_offset_s, recording.video_drift,
       recording.sync_residual_ms, recording.sync_method, recording.sync_confidence,
       EXISTS (SELECT 1 FROM annotator_derived d WHERE d.session_id = recording.id AND d.kind = 'proxy_video'),
       (SELECT d.path FROM annotator_derived d WHERE d.session_id = recording.id AND d.kind = 'eeg_tiles'
        ORDER BY d.version DESC LIMIT 1),
       clip.face_place, recording.bad_channels, recording.spec -> 'bad_channels', recording.channel_faults,
       slot.expires_at, draft.content, lease.served
FROM {which}
JOIN annotator_recordingsession recording ON recording.id = clip.session_id
JOIN annotator_subject person ON person.id = recording.subject_id
LEFT JOIN annotator_draft draft ON draft.clip_id = clip.id AND draft.annotator_id = %(user)s
LEFT JOIN LATERAL (SELECT served FROM annotator_lease WHERE annotator_id = %(user)s AND clip_id = clip.id
                   ORDER BY leased_at DESC, id DESC LIMIT 1) lease ON true
"""
_HELD = (
    _TASK.format(which="annotator_slot slot JOIN annotator_clip clip ON clip.id = slot.clip_id")
    + """
WHERE slot.holder_id = %(user)s AND slot.state = 'leased' AND slot.study_id = %(study)s
ORDER BY slot.leased_at, slot.id
"""
)
_OF_CLIP = (
    _TASK.format(
        which="annotator_clip clip LEFT JOIN annotator_slot slot"
        " ON slot.clip_id = clip.id AND slot.holder_id = %(user)s AND slot.state = 'leased'"
    )
    + "WHERE clip.id = %(clip)s"
)


def tasks_held(study: Study, user: User) -> list[Task]:
    """What this annotator holds, first served first; a lease that ran out counts until the queue takes it back.

    No answer stands beside a clip that is to be answered: an earlier one would be seen.
    """
    return [_task(row) for row in fetch_all(_HELD, {"study": study.pk, "user": user.pk})]


def task_of_clip(clip: Clip, user: User) -> Task:
    """The task of a clip that the user holds, has labelled, or may look at."""
    (row,) = fetch_all(_OF_CLIP, {"clip": clip.pk, "user": user.pk})
    return replace(_task(row), own=_shown_answer(clip, user))


def _shown_answer(clip: Clip, user: User) -> Label | None:
    """The annotator's latest answer on the clip; none while they are asked to answer it again."""
    if Slot.objects.filter(clip=clip, holder=user, state=SlotState.LEASED, pass_number__gt=0).exists():
        return None
    own = Label.objects.filter(clip=clip, annotator=user, state=LabelState.CURRENT)
    return own.order_by("pass_number").last()


def _task(row: Row) -> Task:
    clip_id, session, start_s, stop_s, has_eeg, has_face, duration_s, has_video, offset_s = row[:9]
    drift, residual_ms, method, confidence, is_playable, tiles, place = row[9:16]
    by_hand, in_files, faults = (json.loads(text or "[]") for text in row[16:19])
    expires_at, draft, served = row[19:]
    video = ClockMap(offset_s=offset_s, drift=drift, residual_ms=residual_ms, method=method, confidence=confidence)
    whole = _whole(start_s, stop_s, duration_s=duration_s, video_offset_s=offset_s if has_video else 0.0)
    first_s, last_s = _around(start_s, stop_s, whole)
    return Task(
        clip_id=clip_id,
        session=session,
        start_s=start_s,
        stop_s=stop_s,
        context_start_s=first_s,
        context_stop_s=last_s,
        session_start_s=whole[0],
        session_stop_s=whole[1],
        expires_at=expires_at,
        video=video if is_playable else None,
        face_place=None if place is None else json.loads(place),
        eeg=None if tiles is None else media.tile_meta_in(tiles),
        bad_channels=marks.bad_sources(by_hand=by_hand, in_files=in_files, faults=faults),
        why=told(_json(served) or {}, has_eeg=has_eeg, has_face=has_face),
        draft=_json(draft),
    )


def _json(text: str | None) -> JsonObject | None:
    return None if text is None else json.loads(text)


def context_of(clip: Clip) -> tuple[float, float]:
    """The clip ± 10 s, within its session."""
    session = clip.session
    offset_s = session.video_offset_s if session.has_video else 0.0
    return _around(
        clip.start_s,
        clip.stop_s,
        _whole(clip.start_s, clip.stop_s, duration_s=session.duration_s, video_offset_s=offset_s),
    )


def _whole(start_s: float, stop_s: float, *, duration_s: float | None, video_offset_s: float) -> tuple[float, float]:
    return min(0.0, start_s, video_offset_s), max(stop_s, duration_s or stop_s)


def _around(start_s: float, stop_s: float, whole: tuple[float, float]) -> tuple[float, float]:
    return max(whole[0], start_s - CONTEXT_S), min(whole[1], stop_s + CONTEXT_S)


# What is answered on clips that a later import no longer has does not count; those clips are few, and found first.
_ANSWERS = """
SELECT answers.today - gone.today, answers.total - gone.total, held.n, some_open.n
FROM (SELECT count(*) FILTER (WHERE created_at >= %(midnight)s) AS today, count(*) AS total
      FROM annotator_label WHERE annotator_id = %(user)s AND study_id = %(study)s AND state = 'current'
      AND gold <> 'practice') answers,
     (SELECT count(*) FILTER (WHERE l.created_at >= %(midnight)s) AS today, count(*) AS total
      FROM annotator_clip c JOIN annotator_label l ON l.clip_id = c.id
      WHERE c.study_id = %(study)s AND c.superseded_at IS NOT NULL AND l.annotator_id = %(user)s
      AND l.state = 'current' AND l.gold <> 'practice') gone,
     (SELECT count(*) AS n FROM annotator_slot
      WHERE holder_id = %(user)s AND state = 'leased' AND study_id = %(study)s) held,
     (SELECT count(*) AS n FROM (
          SELECT 1 FROM annotator_study s
          CROSS JOIN LATERAL unnest(ARRAY[s.test_ranking_id, s.active_ranking_id]) AS serving (id)
          JOIN annotator_rankentry e ON e.ranking_id = serving.id AND e.is_open
          WHERE s.id = %(study)s LIMIT %(cap)s) open_entries) some_open
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
