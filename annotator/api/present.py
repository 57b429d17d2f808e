"""Rows and query results as the API says them."""

from dataclasses import asdict
from typing import Any

from django.urls import reverse

from annotator.api import schemas
from annotator.domain import media_links
from annotator.enums import SensorVerdict
from annotator.models import Clip, ClipVerdict, Export, Job, RecordingSession, Round, Slot, Study, User
from annotator.queries import recordings
from annotator.queries import worklist as queries
from mlcore.types import JsonObject


def worklist(study: Study, user: User, held: list[Slot]) -> JsonObject:
    return {
        "held": [task(item, user) for item in queries.tasks_of(held, user)],
        "progress": queries.progress(study, user),
        "scheme": study.scheme,
    }


def task(item: queries.Task, user: User) -> schemas.TaskOut:
    clip, query = item.clip, f"?sig={media_links.sign(item.clip.pk, user)}"
    return schemas.TaskOut(
        clip_id=clip.pk,
        session=f"{clip.session.subject.code} · {clip.session.code}",
        start_s=clip.start_s,
        stop_s=clip.stop_s,
        context_start_s=item.context_start_s,
        context_stop_s=item.context_stop_s,
        expires_at=item.expires_at,
        seconds_left=item.seconds_left,
        video=_video(item, reverse("clip_video", args=[clip.pk]) + query),
        eeg=_eeg(item, reverse("api:clip_eeg", args=[clip.pk]) + query),
        why=schemas.WhyOut(**asdict(item.why)),
        draft=item.draft,
        label=None if item.own is None else schemas.OwnLabelOut.from_orm(item.own),
    )


def _video(item: queries.Task, url: str) -> schemas.VideoOut | None:
    clock = item.video
    if clock is None:
        return None
    return schemas.VideoOut(url=url, **asdict(clock))


def _eeg(item: queries.Task, url: str) -> schemas.EegOut | None:
    if item.eeg is None:
        return None
    channels = [schemas.ChannelOut(name=channel["name"], kind=channel["kind"]) for channel in item.eeg.channels]
    return schemas.EegOut(url=url, sfreq=item.eeg.sfreq, channels=channels)


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
