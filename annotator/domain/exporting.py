"""The labelled data set as rows: which columns, which labels; the worker writes the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from annotator.domain import audit, jobs
from annotator.domain.acquisition import acquisition_of
from annotator.domain.versions import code_version
from annotator.enums import DerivedKind, ExportFormat, JobKind, JobState, LabelState, SessionStatus
from annotator.exceptions import DomainError
from annotator.models import ClipVerdict, Derived, Export, Label, Membership, RecordingSession, Study, User
from mlcore.types import ClockMap, Dimension, DimensionKind, JsonObject

BATCH = 1000
#: the kinds of column, as the files know them
TEXT, WHOLE, REAL, FLAG, TIME, JSON = "text", "whole", "real", "flag", "time", "json"


SEVERITIES = "severity 0..1 of each fault that was found, none = {}:"
SCORES = (
    "the scores that ranked it; of a round: entropy (mean over the dimensions, 0..1), and by dimension "
    "entropy_by_target (nats), vacuity and dissonance (0..1), disagreement of networks and heads (nats); agreement of "
    "EEG and face (0..1), evidence by modality; value: what the policy ordered by"
)
TERMS = (
    "what bought its place: policy (its score), audit (random), repeat_other, repeat_own, relabel, second_opinion, "
    "test, cold_start, rest (random order); empty: opened by its address, or served before terms were kept"
)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str
    meaning: str


BEFORE_THE_ANSWER = (
    Column("label", TEXT, "identifier of the label (UUID)"),
    Column("annotator", TEXT, "pseudonym in this study"),
    Column("annotator_is_simulated", FLAG, "the annotator is a program"),
    Column("clip", WHOLE, "identifier of the clip"),
    Column("subject", TEXT, "the recorded person"),
    Column("subject_is_test", FLAG, "set aside: never trained on"),
    Column("session", TEXT, "the recording"),
    Column("trial", WHOLE, "number of the stimulus in the session"),
    Column("stimulus", TEXT, "as the layout names it"),
    Column("start_s", REAL, "start of the clip, session clock, seconds"),
    Column("stop_s", REAL, "end of the clip, session clock, seconds"),
    Column("eeg_start_s", REAL, "start on the EEG's clock (0 = first sample); empty without EEG"),
    Column("eeg_stop_s", REAL, "end on the EEG's clock"),
    Column("video_start_s", REAL, "start on the video's clock (0 = first frame); empty without video"),
    Column("video_stop_s", REAL, "end on the video's clock"),
    Column("sync_offset_s", REAL, "session time of the video's first frame; empty without both streams"),
    Column("sync_drift_ppm", REAL, "session_s = sync_offset_s + (1 + sync_drift_ppm / 1e6) * video_s"),
    Column("sync_residual_ms", REAL, "spread of the anchors that the clocks were fitted to; empty if not measured"),
    Column("sync_method", TEXT, "how the clocks were related"),
    Column("sync_confidence", REAL, "0..1 where the method can be wrong as a whole (blinks); empty where it can't"),
    Column("has_eeg", FLAG, "EEG covers at least 80 % of the clip"),
    Column("has_face", FLAG, "video covers at least 80 % of the clip"),
    Column("clip_superseded", FLAG, "a later import of the session has no such clip: the answer is kept, not learned"),
    Column("session_deleted", FLAG, "the recording was deleted; of it only the answers are left"),
    Column("eeg_quality", REAL, "0 worthless .. 1 clean; empty if not measured"),
    Column("face_quality", REAL, "0 worthless .. 1 clean; empty if not measured"),
    Column(
        "eeg_faults",
        JSON,
        f"{SEVERITIES} flat, saturated, line noise, muscle, drop-out, electrode pop, gap in time",
    ),
    Column(
        "face_faults",
        JSON,
        f"{SEVERITIES} no face, small face, blur, turned head, occluded, exposure, frozen picture, dropped frames",
    ),
    Column("sensor_verdict", TEXT, "last word on the quality list: bad or fine; empty: nobody judged the clip"),
    Column("answer", TEXT, "label, cant_tell or bad_signal"),
)
AFTER_THE_ANSWER = (
    Column("confidence", WHOLE, "1 guess, 2 fairly sure, 3 sure"),
    Column("comment", TEXT, "free text of the annotator"),
    Column("seconds_spent", REAL, "on this answer"),
    Column("pass", WHOLE, "0 for a first answer, 1.. for deliberate repeats by the same annotator"),
    Column("state", TEXT, "current, superseded or withdrawn"),
    Column("is_late", FLAG, "came after its lease had ended"),
    Column("is_extra", FLAG, "beyond the number of answers the clip needed"),
    Column(
        "seen_opinion_at",
        TIME,
        "when the annotator had looked at the model's opinion before this answer, UTC; empty: had not. A round learns "
        "the answer before the look, which is in an export with history",
    ),
    Column("supersedes", TEXT, "the label (UUID) that this one corrects; empty: none"),
    Column("clip_kept_apart", FLAG, "later an example or a clip with a known answer: not learned"),
    Column("served_policy", TEXT, "the policy that chose the clip; 'address': opened by its address"),
    Column("served_rank", WHOLE, "its rank in that ranking"),
    Column("served_round", WHOLE, "the round that made that ranking; 0: no model, empty: opened by its address"),
    Column("served_term", TEXT, TERMS),
    Column("served_route", TEXT, "main, or second_opinion: to be answered by several people; empty as served_term"),
    Column("served_ask", TEXT, "judged by both, eeg or face: the other modality was bad there; empty as served_term"),
    Column("served_scores", JSON, SCORES),
    Column("created_at", TIME, "when the answer was stored, UTC"),
    Column("shard_version", WHOLE, "version of the pipeline that cut the clip"),
    Column("features_version", WHOLE, "version of the face features"),
)


def columns(study: Study) -> tuple[Column, ...]:
    answers = [column for dimension in study.dimensions for column in _dimension_columns(dimension)]
    return (*BEFORE_THE_ANSWER, *answers, *AFTER_THE_ANSWER)


def _dimension_columns(dimension: Dimension) -> tuple[Column, ...]:
    key, title, levels = dimension.key, dimension.title, dimension.levels
    match dimension.kind:
        case DimensionKind.ORDINAL:
            return (Column(key, WHOLE, f"{title}, level 1..{levels}"),)
        case DimensionKind.EMOTIONS:
            names = ", ".join(dimension.classes)
            return (Column(key, JSON, f"{title}: intensity 1..{levels} of each of {names} that was there; {{}}: none"),)
        case DimensionKind.GRID:
            left, right, bottom, top = dimension.classes
            return (
                Column(key, JSON, f"{title}: [column, row] of the grid"),
                Column(f"{key}_valence", WHOLE, f"{title}: column, 1 {left} .. {levels} {right}"),
                Column(f"{key}_arousal", WHOLE, f"{title}: row, 1 {bottom} .. {levels} {top}"),
            )
        case DimensionKind.VAS:
            low, high = dimension.classes
            return (Column(key, REAL, f"{title}: 0 {low} .. 100 {high}"),)
        case DimensionKind.TRACE | DimensionKind.UNBOUNDED_TRACE:
            meaning = "sha256, coverage and n_events of its trace; the events are in traces"
            return (Column(key, JSON, f"{title} over time: {meaning}"),)
    classes = ", ".join(f"{index} {name}" for index, name in enumerate(dimension.classes))
    return (
        Column(dimension.key, WHOLE, f"{dimension.title}: {classes}"),
        Column(f"{dimension.key}_name", TEXT, f"{dimension.title} in words"),
    )


# --- asking for an export --------------------------------------------------------------------------------------------


def request_export(
    study: Study,
    *,
    actor: User | None,
    format: str,  # noqa: A002 - the field's name
    out: Path | None = None,
    with_history: bool = False,
) -> Export:
    """Queue an export: to a folder (`out`), or to a file that the page offers for download.

    `with_history` adds superseded and withdrawn labels; their state is a column.
    """
    if format not in ExportFormat.values:
        raise DomainError(
            gettext("There is no format {format}: choose csv or parquet.").format(format=repr(format)), "bad_format"
        )
    payload = {"out": str(out.absolute()) if out else "", "with_history": with_history}
    with transaction.atomic():
        job = jobs.create_job(JobKind.EXPORT, study=study, actor=actor, payload=payload)
        export = Export.objects.create(study=study, job=job, format=format, created_by=actor)
        audit.record(actor, study, "export", export, {"format": format, **payload})
    return export


def finish_export(job_id: int, token: int, *, path: str, sha256: str, rows: int) -> None:
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        Export.objects.filter(job=job).update(path=path, sha256=sha256, rows=rows)
        jobs.end(job, JobState.SUCCEEDED, result={"path": path, "rows": rows, "sha256": sha256})


# --- the rows --------------------------------------------------------------------------------------------------------


def labels_to_export(study: Study, *, with_history: bool = False) -> QuerySet[Label]:
    labels = Label.objects.filter(study=study, gold="")
    if not with_history:
        labels = labels.filter(state=LabelState.CURRENT)
    related = ("annotator", "supersedes", "clip__subject", "clip__session", "clip__trial")
    words = ClipVerdict.objects.filter(study=study, clip=OuterRef("clip")).order_by("-created_at", "-pk")
    last_word = Subquery(words.values("verdict")[:1])
    return labels.select_related(*related).annotate(sensor_verdict=last_word).order_by("created_at", "pk")


def rows(study: Study, *, with_history: bool = False) -> Iterator[JsonObject]:
    """One row a label, read by a server-side cursor: memory does not grow with the study."""
    context = _Context.of(study)
    for label in labels_to_export(study, with_history=with_history).iterator(chunk_size=BATCH):
        yield _row(label, context)


def pseudonyms_of(study: Study) -> dict[int, str]:
    """User -> what exports call them; those who left keep theirs."""
    known = Membership.everyone.filter(study=study).order_by("-pk")
    return dict(known.values_list("user_id", "pseudonym"))


@dataclass(frozen=True, slots=True)
class _Context:
    dimensions: tuple[Dimension, ...]
    pseudonyms: dict[int, str]
    #: session -> version of its shard, and what that shard says of the face features
    versions: dict[int, tuple[int, int | None]]

    @classmethod
    def of(cls, study: Study) -> _Context:
        shards = Derived.objects.filter(session__study=study, kind=DerivedKind.SHARD)
        versions = {
            session: (version, meta.get("features_version"))
            for session, version, meta in shards.values_list("session_id", "version", "meta")
        }
        return cls(study.dimensions, pseudonyms_of(study), versions)

    def pseudonym(self, user_id: int) -> str:
        """Who labels is a member, and their row is kept when they leave."""
        return self.pseudonyms[user_id]


def _row(label: Label, context: _Context) -> JsonObject:
    clip, session = label.clip, label.clip.session
    shard_version, features_version = context.versions.get(session.pk, (None, None))
    return {
        "label": str(label.uuid),
        "annotator": context.pseudonym(label.annotator_id),
        "annotator_is_simulated": label.annotator.is_simulated,
        "clip": clip.pk,
        "subject": clip.subject.code,
        "subject_is_test": clip.subject.is_test,
        "session": session.code,
        "trial": clip.trial.number,
        "stimulus": clip.trial.stimulus,
        "start_s": clip.start_s,
        "stop_s": clip.stop_s,
        **_clock_columns(session, clip.start_s, clip.stop_s),
        "has_eeg": clip.has_eeg,
        "has_face": clip.has_face,
        "clip_superseded": clip.superseded_at is not None,
        "session_deleted": session.status == SessionStatus.DELETED,
        "eeg_quality": clip.eeg_quality,
        "face_quality": clip.face_quality,
        "eeg_faults": clip.eeg_faults,
        "face_faults": clip.face_faults,
        "sensor_verdict": label.sensor_verdict or "",  # type: ignore[attr-defined]  # annotated
        "answer": label.answer,
        **_answer_columns(label, context.dimensions),
        "confidence": label.confidence,
        "comment": label.comment,
        "seconds_spent": label.seconds_spent,
        "pass": label.pass_number,
        "state": label.state,
        "is_late": label.is_late,
        "is_extra": label.is_extra,
        "seen_opinion_at": label.seen_opinion_at,
        "supersedes": "" if label.supersedes is None else str(label.supersedes.uuid),
        "clip_kept_apart": clip.is_kept_apart,
        "served_policy": label.served.get("policy", ""),
        "served_rank": label.served.get("rank"),
        "served_round": label.served.get("round"),
        "served_term": label.served.get("term", ""),
        "served_route": label.served.get("route", ""),
        "served_ask": label.served.get("ask", ""),
        "served_scores": label.served.get("scores", {}),
        "created_at": label.created_at,
        "shard_version": shard_version,
        "features_version": features_version,
    }


def _clock_columns(session: RecordingSession, start_s: float, stop_s: float) -> JsonObject:
    clock = ClockMap(session.video_offset_s, session.video_drift)
    has_both = session.has_eeg and session.has_video
    return {
        "eeg_start_s": start_s if session.has_eeg else None,
        "eeg_stop_s": stop_s if session.has_eeg else None,
        "video_start_s": clock.to_video(start_s) if session.has_video else None,
        "video_stop_s": clock.to_video(stop_s) if session.has_video else None,
        "sync_offset_s": clock.offset_s if has_both else None,
        "sync_drift_ppm": 1e6 * clock.drift if has_both else None,
        "sync_residual_ms": session.sync_residual_ms,
        "sync_method": session.sync_method,
        "sync_confidence": session.sync_confidence,
    }


def _answer_columns(label: Label, dimensions: tuple[Dimension, ...]) -> JsonObject:
    answers: JsonObject = {}
    for dimension in dimensions:
        value = label.values.get(dimension.key)
        answers[dimension.key] = value
        if dimension.kind is DimensionKind.VAS and value is not None:
            answers[dimension.key] = float(value)
        if dimension.kind is DimensionKind.GRID:
            places = (None, None) if value is None else value
            answers |= {one.key: place for one, place in zip(dimension.questions, places, strict=True)}
        if dimension.kind is DimensionKind.CLASS:
            answers[f"{dimension.key}_name"] = "" if value is None else dimension.classes[value]
    return answers


def study_facts(study: Study) -> dict[str, Any]:
    """What a reader needs to know about the study, for the manifest."""
    return {
        "slug": study.slug,
        "title": study.title,
        "is_simulated": study.is_simulated,
        "scheme": study.scheme,
        "trace_sfreq": study.trace_sfreq,
        "applies_lag": study.applies_lag,
        "window_s": study.window_s,
        "hop_s": study.hop_s,
        "eeg_channels": study.eeg_channels,
        "eeg_sfreq": study.eeg_sfreq,
        "face_fps": study.face_fps,
        "overlap": study.overlap,
        "acquisition": acquisition_of(study).to_json(),
        "seed": study.seed,
        "test_subjects": sorted(study.subjects.filter(is_test=True).values_list("code", flat=True)),
        "serving_round": study.promoted_round.number if study.promoted_round else None,
        "code_version": code_version(),
    }
