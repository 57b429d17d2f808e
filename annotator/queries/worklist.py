"""What the label page shows of the clips somebody holds: a constant number of queries, however many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from annotator.enums import LabelState, RankingPolicy, SlotState
from annotator.models import Clip, Draft, Label, Lease, Prediction, Skip, Slot, Study, User
from annotator.queries import media
from mlcore.types import ClockMap, JsonObject

#: what may be loaded around a clip
CONTEXT_S = 10.0


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
    why: JsonObject
    draft: JsonObject | None
    #: the annotator's own answer, where they have given it
    own: Label | None


@dataclass(frozen=True, slots=True)
class Progress:
    labelled_today: int
    labelled_total: int
    open_clips: int
    held: int


def tasks_of(slots: Sequence[Slot], user: User) -> list[Task]:
    """The tasks of held slots, in their order."""
    expiries = {slot.clip_id: slot.expires_at for slot in slots}
    tasks = tasks_of_clips([slot.clip_id for slot in slots], user, expiries=expiries)
    return [tasks[slot.clip_id] for slot in slots]


def task_of_clip(clip: Clip, user: User) -> Task:
    """The task of a clip that the user holds, has labelled, or may look at."""
    slot = Slot.objects.filter(clip=clip, holder=user, state=SlotState.LEASED).first()
    return tasks_of_clips([clip.pk], user, expiries={clip.pk: slot.expires_at if slot else None})[clip.pk]


def tasks_of_clips(clip_ids: Sequence[int], user: User, *, expiries: dict[int, datetime | None]) -> dict[int, Task]:
    clips = Clip.objects.select_related("session__subject").prefetch_related("session__derived").filter(pk__in=clip_ids)
    mine = {"clip__in": clip_ids, "annotator": user}
    drafts = dict(Draft.objects.filter(**mine).values_list("clip_id", "content"))
    served = dict(Lease.objects.filter(**mine).order_by("leased_at", "pk").values_list("clip_id", "served"))
    own = {label.clip_id: label for label in Label.objects.filter(**mine, state=LabelState.CURRENT)}
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
        why=_why(why),
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


def _why(served: JsonObject) -> JsonObject:
    scores = served.get("scores", {})
    policy = served.get("policy", "address")
    return {
        "policy": policy,
        "policy_text": dict(RankingPolicy.choices).get(policy, "Opened by its address"),
        "rank": served.get("rank"),
        "round": served.get("round") or None,
        "score": scores.get("entropy", scores.get("mean_entropy")),
    }


def progress(study: Study, user: User) -> Progress:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    given = Label.objects.filter(study=study, annotator=user, state=LabelState.CURRENT, clip__superseded_at=None)
    labels = given.aggregate(total=Count("pk"), today=Count("pk", filter=Q(created_at__gte=midnight)))
    return Progress(
        labelled_today=labels["today"],
        labelled_total=labels["total"],
        open_clips=n_open_for(study, user),
        held=Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED).count(),
    )


def n_open_for(study: Study, user: User) -> int:
    """Clips that still want an answer and that this annotator may yet be given; those held count."""
    answered = Label.objects.filter(clip=OuterRef("clip"), annotator=user, state=LabelState.CURRENT)
    skipped = Skip.objects.filter(clip=OuterRef("clip"), annotator=user)
    free = Slot.objects.filter(study=study, state=SlotState.OPEN).exclude(Exists(answered)).exclude(Exists(skipped))
    held = Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED)
    return free.values("clip").union(held.values("clip")).count()


def opinion_of(clip: Clip) -> JsonObject | None:
    """What the serving model thinks of the clip; shown only to who has answered."""
    found = Prediction.objects.filter(clip=clip, round=clip.study.promoted_round_id).first()
    return None if found is None else dict(found.probabilities)
