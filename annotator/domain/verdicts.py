"""What people say of clips on the quality list: rows are only added, the last word counts at the next ranking.

Before the first round that is made at once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from annotator.domain import audit, cold_start
from annotator.enums import SensorVerdict
from annotator.exceptions import Conflict, DomainError
from annotator.models import Clip, ClipVerdict, RankEntry, RecordingSession, Study, User
from mlcore.types import Route

BATCH = 1000
#: of `listed_clips`: those that nobody judged
WAITING = Q(standing=None)


def verdict_named(text: str) -> SensorVerdict:
    if text not in SensorVerdict.values:
        raise DomainError(
            gettext("There is no verdict {text}: say {values}.").format(
                text=repr(text), values=" or ".join(SensorVerdict.values)
            ),
            "bad_verdict",
        )
    return SensorVerdict(text)


def listed_clips(study: Study) -> QuerySet[Clip]:
    """The clips that the serving ranking sent to the quality list, and those that somebody judged.

    Each with `standing`, the last word on it, null where it waits for one.
    """
    sent = RankEntry.objects.filter(ranking=study.active_ranking_id, route=Route.QUALITY).values("clip_id")
    judged = ClipVerdict.objects.filter(study=study).values("clip_id")
    last = ClipVerdict.objects.filter(study=study, clip=OuterRef("pk")).order_by("-created_at", "-pk")
    return Clip.objects.filter(
        study=study, superseded_at=None, is_kept_apart=False, pk__in=sent.union(judged)
    ).annotate(standing=Subquery(last.values("verdict")[:1]))


@transaction.atomic
def judge(clip: Clip, verdict: SensorVerdict, *, actor: User) -> ClipVerdict:
    """Add somebody's word on a clip; saying again what one said last changes nothing."""
    locked = Clip.objects.select_for_update(no_key=True).get(pk=clip.pk)  # two clicks make one row
    if locked.superseded_at is not None:
        raise Conflict(
            gettext("A newer import of its recording has no such clip: there is nothing to judge."), "superseded"
        )
    last = locked.verdicts.order_by("-created_at", "-pk").first()
    if last is not None and (last.verdict, last.by_id) == (verdict, actor.pk):
        return last
    made = ClipVerdict.objects.create(clip=locked, study_id=locked.study_id, verdict=verdict, by=actor)
    audit.record(actor, clip.study, "judge_sensor", clip, {"verdict": verdict})
    cold_start.pool_changed(clip.study)
    return made


@transaction.atomic
def judge_session(session: RecordingSession, verdict: SensorVerdict, *, actor: User) -> int:
    """The same word on every clip of a session that waits for one; how many there were."""
    RecordingSession.objects.select_for_update(no_key=True).get(pk=session.pk)
    waiting = listed_clips(session.study).filter(WAITING, session=session).order_by("number")
    clip_ids = list(waiting.values_list("pk", flat=True))
    rows = [ClipVerdict(clip_id=pk, study_id=session.study_id, verdict=verdict, by=actor) for pk in clip_ids]
    ClipVerdict.objects.bulk_create(rows, batch_size=BATCH)
    if rows:
        audit.record(actor, session.study, "judge_sensor", session, {"verdict": verdict, "clips": clip_ids})
        cold_start.pool_changed(session.study)
    return len(rows)
