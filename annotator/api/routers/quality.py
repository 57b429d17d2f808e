"""The quality list: clips whose sensor somebody should judge, and what is said of them."""

from ninja import Query, Router

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import verdicts
from annotator.domain.access import ObjectKind, Verb
from annotator.queries import quality_list
from annotator.queries.quality_list import Show
from mlcore.types import JsonObject

router = Router(tags=["quality"])
MOST = 1000


@router.get("/studies/{slug}/quality", response=schemas.QualityOut)
@guarded(ObjectKind.QUALITY, Verb.LIST)
def list_quality(
    request: ApiRequest,
    slug: str,
    show: Show = Show.WAITING,
    offset: int = Query(0, ge=0),  # type: ignore[type-arg]  # ninja's generic is of no use here
    limit: int = Query(100, ge=1, le=MOST),  # type: ignore[type-arg]  # the same
) -> JsonObject:
    """By subject, session and time. `show`: waiting, bad, fine or all."""
    clips = quality_list.clips(request.study, show)[offset : offset + limit]
    return {
        "counts": quality_list.counts(request.study),
        "clips": [present.quality_clip(clip) for clip in clips],
    }


@router.post("/clips/{clip_id}/verdict", response=schemas.VerdictOut)
@guarded(ObjectKind.QUALITY, Verb.EDIT)
def judge_clip(request: ApiRequest, clip_id: int, body: schemas.VerdictIn) -> schemas.VerdictOut:
    """Say whether the sensor is bad; the last word counts at the next ranking."""
    return present.verdict(verdicts.judge(request.clip, body.verdict, actor=request.user))
