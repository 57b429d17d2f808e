"""Rows and query results as the API says them."""

import json
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from ninja.responses import NinjaJSONEncoder

from annotator.api import schemas
from annotator.domain import media_links, newcomers
from annotator.enums import SensorVerdict, Stage
from annotator.models import Clip, ClipVerdict, Export, Job, Label, RecordingSession, Round, Study, User
from annotator.queries import recordings
from annotator.queries import worklist as queries
from annotator.queries.why import Why
from mlcore.types import JsonObject

#: about as many columns as there are pixels on the smallest screen
GLANCE_PX = 1024


def worklist(study: Study, user: User, **more: object) -> HttpResponse:
    """What somebody holds. Sent at every answer, so as it is: nothing checks it against `WorklistOut` but the tests."""
    said = held(study, user) | more
    return HttpResponse(json.dumps(said, cls=NinjaJSONEncoder), content_type="application/json; charset=utf-8")


def held(study: Study, user: User) -> JsonObject:
    return {
        "held": [task(item, user) for item in queries.tasks_held(study, user)],
        "progress": _fields(queries.progress(study, user)),
        "scheme": study.scheme,
        "scheme_version": study.scheme_version,
        "onboarding": standing(newcomers.standing_of(study, user), study),
    }


def standing(row: newcomers.Standing, study: Study) -> JsonObject | None:
    """None for whoever is through; whom to talk to is said to who has not passed yet."""
    if row.stage is Stage.DONE:
        return None
    return _fields(row) | {"contact": newcomers.contacts_of(study) if row.stage is Stage.REPEAT else ""}


def feedback(label: Label) -> JsonObject | None:
    """What is said after a practice answer, where the study says anything."""
    found = newcomers.feedback_on(label)
    return None if found is None else _fields(found)


def task(item: queries.Task, user: User) -> JsonObject:
    query = f"?sig={media_links.sign(item.clip_id, user)}"
    return {
        "clip_id": item.clip_id,
        "session": item.session,
        "start_s": item.start_s,
        "stop_s": item.stop_s,
        "context_start_s": item.context_start_s,
        "context_stop_s": item.context_stop_s,
        "session_start_s": item.session_start_s,
        "session_stop_s": item.session_stop_s,
        "expires_at": item.expires_at,
        "seconds_left": item.seconds_left,
        "video": _video(item, reverse("clip_video", args=[item.clip_id]) + query),
        "eeg": _eeg(item, reverse("api:clip_eeg", args=[item.clip_id]) + query),
        "why": _why(item.why),
        "draft": item.draft,
        "label": None if item.own is None else schemas.OwnLabelOut.from_orm(item.own).model_dump(),
    }


def _fields(row: Any) -> JsonObject:
    """Of a dataclass of plain values; `asdict` would copy each of them."""
    return {name: getattr(row, name) for name in row.__slots__}


def _video(item: queries.Task, url: str) -> JsonObject | None:
    return None if item.video is None else {"url": url, "face_place": item.face_place, **_fields(item.video)}


def _eeg(item: queries.Task, url: str) -> JsonObject | None:
    if item.eeg is None:
        return None
    plain = {"sfreq": item.eeg.sfreq, "channels": item.eeg.channels, "bad_channels": item.bad_channels}
    return {
        "url": url,
        "first": _stretch(url, *item.first_stretch_s),
        "glance": _stretch(f"{url}&width_px={GLANCE_PX}&extremes=true", *item.glance_stretch_s),
        **plain,
    }


def _stretch(url: str, start_s: float, stop_s: float) -> JsonObject:
    return {"start_s": start_s, "stop_s": stop_s, "url": f"{url}&start_s={start_s:.6f}&stop_s={stop_s:.6f}"}


def _why(why: Why) -> JsonObject:
    scores = [{**_fields(score), "parts": [_fields(part) for part in score.parts]} for score in why.scores]
    return {**_fields(why), "scores": scores}


def job(row: Job) -> schemas.JobOut:
    """Its private traceback stays here."""
    return schemas.JobOut.from_orm(row)


def session_fields(row: RecordingSession) -> JsonObject:
    plain = schemas.SessionOut.model_fields.keys() - {"subject", "n_clips"}
    return {name: getattr(row, name) for name in plain} | {
        "subject": row.subject.code,
        "n_clips": getattr(row, "n_clips", 0),
    }


def session_detail(row: RecordingSession) -> JsonObject:
    current, superseded = recordings.clips_by_currency(row)
    more = ("eeg_info", "video_info", "sync_points", "bad_channels", "channel_faults")
    return {
        **session_fields(row),
        **{name: getattr(row, name) for name in more},
        "clips": current,
        "superseded": superseded,
    }


def verdict(row: ClipVerdict) -> schemas.VerdictOut:
    return schemas.VerdictOut(verdict=SensorVerdict(row.verdict), by=str(row.by), created_at=row.created_at)


def quality_clip(row: Clip) -> JsonObject:
    """As `quality_list.clips` gives it."""
    own = {"subject", "session", "verdicts"}
    return {name: getattr(row, name) for name in schemas.QualityClipOut.model_fields.keys() - own} | {
        "subject": row.session.subject.code,
        "session": row.session.code,
        "verdicts": [verdict(one) for one in row.verdicts.all()],
    }


def round_fields(row: Round, study: Study) -> dict[str, Any]:
    found = getattr(row, "job", None)
    return {
        name: getattr(row, name) for name in schemas.RoundDetailOut.model_fields.keys() - {"job", "is_promoted"}
    } | {"job": None if found is None else job(found), "is_promoted": study.promoted_round_id == row.pk}


def export(row: Export) -> schemas.ExportOut:
    return schemas.ExportOut(
        id=row.pk, format=row.format, rows=row.rows, sha256=row.sha256, created_at=row.created_at, job=job(row.job)
    )
