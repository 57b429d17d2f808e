"""An annotator's reaction lag: measured from what they did while a dot of known course moved."""

from typing import Any

from ninja import Router, Status

from annotator.api import schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import lags
from annotator.domain.access import ObjectKind, Verb
from annotator.models import ReactionLag

router = Router(tags=["calibration"])


@router.get("/studies/{slug}/calibrations", response=list[schemas.CalibrationOut])
@guarded(ObjectKind.CLIP, Verb.LABEL)
def list_calibrations(request: ApiRequest, slug: str) -> list[ReactionLag]:
    """One's own, newest first; the newest of each device counts."""
    return lags.measured(request.study, request.user)


@router.post("/studies/{slug}/calibrations", response={201: schemas.CalibrationOut}, url_name="calibrate")
@guarded(ObjectKind.CLIP, Verb.LABEL)
def calibrate(request: ApiRequest, slug: str, body: schemas.CalibrationIn) -> Status[Any]:
    """Measure the lag from raw events, or say why it can't be told (422)."""
    events = body.events.model_dump()
    measured = lags.calibrate(request.study, request.user, device=body.device, seed=body.seed, events=events)
    return Status(201, measured)
