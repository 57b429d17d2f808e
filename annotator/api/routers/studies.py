"""Studies and their sessions."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from ninja import Router, Status

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import acquisition, studies, teaching, trace_reading
from annotator.domain.access import ObjectKind, Verb
from annotator.exceptions import DomainError, NotFound
from annotator.models import Study
from annotator.queries import overview, recordings
from mlcore.types import Dimension, JsonObject

router = Router(tags=["studies"])


@router.get("/studies", response=list[schemas.StudyOut])
@guarded(ObjectKind.STUDY, Verb.LIST)
def list_studies(request: ApiRequest) -> list[JsonObject]:
    """The studies one belongs to, newest first."""
    return [_card(card) for card in overview.visible_studies(request.user)]


def _card(card: overview.StudyCard) -> JsonObject:
    study = card.study
    plain = {name: getattr(study, name) for name in ("slug", "title", "description", "is_simulated")}
    return plain | {
        "roles": list(card.roles),
        "n_clips": card.n_clips,
        "n_labels": card.n_labels,
        "n_open": card.n_open,
    }


@router.post("/studies", response={201: schemas.StudyDetailOut})
@guarded(ObjectKind.STUDY, Verb.CREATE)
def create_study(request: ApiRequest, body: schemas.StudyIn) -> Status[Any]:
    """A new study; whoever makes it is its admin."""
    said: dict[str, Any] = {} if body.onboarding is None else body.onboarding.model_dump(exclude_none=True)
    return Status(201, teaching.create_study(_spec(body), teaching.OnboardingSettings(**said), actor=request.user))


def _spec(body: schemas.StudyIn) -> studies.StudySpec:
    plain: dict[str, Any] = body.model_dump(exclude={"scheme", "eeg_channels", "onboarding"})
    return studies.StudySpec(**plain, dimensions=_dimensions(body.scheme), eeg_channels=tuple(body.eeg_channels))


def _dimensions(scheme: list[schemas.DimensionIn]) -> tuple[Dimension, ...]:
    try:
        return tuple(Dimension.from_json(item.model_dump()) for item in scheme)
    except ValueError as error:
        raise DomainError(
            gettext("The scheme does not hold together: {error}.").format(error=error), "bad_scheme"
        ) from error


@router.put("/studies/{slug}/scheme", response=schemas.StudyDetailOut)
@guarded(ObjectKind.STUDY, Verb.EDIT)
def set_scheme(request: ApiRequest, slug: str, body: schemas.SchemeIn) -> Study:
    """Other questions, as long as nobody has labelled; then the scheme is fixed (409)."""
    studies.set_scheme(request.study, _dimensions(body.scheme), actor=request.user)
    return request.study


@router.put("/studies/{slug}/trace-reading", response=schemas.StudyDetailOut)
@guarded(ObjectKind.STUDY, Verb.EDIT)
def set_trace_reading(request: ApiRequest, slug: str, body: schemas.TraceReadingIn) -> Study:
    """At what rate the next round reads traces, and whether it applies reaction lags; rounds before it keep theirs."""
    changes: dict[str, Any] = body.model_dump(exclude_none=True)
    settings = replace(trace_reading.trace_reading_of(request.study), **changes)
    trace_reading.set_trace_reading(request.study, settings, actor=request.user)
    return request.study


@router.get("/studies/{slug}", response=schemas.StudyDetailOut)
@guarded(ObjectKind.STUDY, Verb.VIEW)
def study_detail(request: ApiRequest, slug: str) -> Study:
    return request.study


@router.get("/studies/{slug}/acquisition", response=schemas.AcquisitionOut)
@guarded(ObjectKind.ACQUISITION, Verb.VIEW)
def acquisition_settings(request: ApiRequest, slug: str) -> JsonObject:
    """By what rules the next clips are chosen."""
    return acquisition.acquisition_of(request.study).to_json()


@router.put("/studies/{slug}/acquisition", response=schemas.AcquisitionOut)
@guarded(ObjectKind.ACQUISITION, Verb.EDIT)
def set_acquisition(request: ApiRequest, slug: str, body: schemas.AcquisitionIn) -> JsonObject:
    """Change some of them; the next ranking is made by what they then are."""
    settings = acquisition.changed(acquisition.acquisition_of(request.study), body.model_dump(exclude_unset=True))
    acquisition.set_acquisition(request.study, settings, actor=request.user)
    return settings.to_json()


@router.get("/studies/{slug}/sessions", response=list[schemas.SessionOut])
@guarded(ObjectKind.SESSION, Verb.LIST)
def list_sessions(request: ApiRequest, slug: str) -> list[JsonObject]:
    return [present.session_fields(row) for row in recordings.sessions_with_counts(request.study)]


@router.get("/studies/{slug}/sessions/{session_id}", response=schemas.SessionDetailOut)
@guarded(ObjectKind.SESSION, Verb.VIEW)
def session_detail(request: ApiRequest, slug: str, session_id: int) -> JsonObject:
    row = recordings.sessions_with_counts(request.study).filter(pk=session_id).first()
    if row is None:
        raise NotFound
    return present.session_detail(row)
