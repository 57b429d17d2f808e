"""Retraining rounds: frozen labels in, a model and a ranking out, published in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit, jobs, lags, pool, queueing, said, scoring
from annotator.domain.copying import as_json, copy_rows
from annotator.domain.ranking import RankedClip
from annotator.domain.trace_reading import TraceReading, check_trace_reading, trace_reading_of
from annotator.domain.versions import code_version
from annotator.enums import AnswerKind, JobKind, JobState, RankingPolicy, RoundState, SessionStatus, TeachingKind
from annotator.exceptions import Conflict, DomainError
from annotator.models import Clip, Job, Label, Ranking, Round, RoundLabel, Study, User
from mlcore.types import Dimension, JsonObject

#: settings of a round that say how answers are read, not how networks learn
READING_SETTINGS = tuple(one.name for one in fields(TraceReading))
LIVE = (RoundState.QUEUED, RoundState.RUNNING)
BATCH = 2000


#: clip, and of each target its probabilities and α
ClipPrediction = tuple[int, Mapping[str, Sequence[float]], Mapping[str, Sequence[float]]]


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """What training found. `ranked` and `predictions` may be streams: each is read once."""

    metrics: JsonObject
    history: list[JsonObject]
    #: relative to MODEL_ROOT
    model_path: str
    model_sha256: str
    #: in the order of asking
    ranked: Iterable[RankedClip]
    #: of the clips of which the model could read a modality
    predictions: Iterable[ClipPrediction] = ()
    policy: RankingPolicy = RankingPolicy.ENTROPY
    #: checks, which no ranking has: clip -> what an entry of one would say, as `domain.said` keeps it
    checks: Mapping[int, JsonObject] = field(default_factory=dict)
    #: current answers that the ranking knows of
    n_labels: int = 0
    #: mlcore.types.AcquisitionConfig.to_json()
    config: JsonObject = field(default_factory=dict)
    #: whether another round is worth it, and why
    advice: JsonObject = field(default_factory=dict)
    #: by user id
    reliability: JsonObject = field(default_factory=dict)


# --- launching -------------------------------------------------------------------------------------------------------


def launch_round(study: Study, *, actor: User | None, config: JsonObject | None = None) -> Round:
    """Freeze the labels and queue the training, or refuse in one sentence."""
    with transaction.atomic():
        locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        _refuse_a_second_round(locked)
        labels = list(frozen_candidates(locked))
        _refuse_too_little(locked, labels)
        round_ = _create_round(locked, labels, actor=actor, config=config or {})
        RoundLabel.objects.bulk_create((RoundLabel(round=round_, label=label) for label in labels), batch_size=BATCH)
        jobs.create_job(JobKind.ROUND, study=locked, actor=actor, round=round_, payload={"max_clip": _max_clip(locked)})
        audit.record(actor, locked, "launch_round", round_, {"n_labels": round_.n_labels})
    return round_


def frozen_candidates(study: Study) -> QuerySet[Label]:
    """What people said by themselves of clips that can be read: pool and test subjects alike."""
    return (
        Label.objects.votes()
        .filter(study=study, clip__session__status=SessionStatus.READY)
        .select_related("clip__subject")
        .order_by("clip_id", "pk")
    )


def _refuse_a_second_round(study: Study) -> None:
    live = study.rounds.filter(state__in=LIVE).first()
    if live:
        raise Conflict(
            gettext("Round {number} is still running: wait for it or cancel it.").format(number=live.number),
            "round_running",
        )


def _refuse_too_little(study: Study, labels: Sequence[Label]) -> None:
    if not study.subjects.filter(is_test=True).exists():
        raise DomainError(
            gettext("No test subjects are set aside, so no score could be honest: import at least 2 subjects."),
            "no_test_subjects",
        )
    votes = [label for label in labels if label.answer == AnswerKind.LABEL and not label.clip.subject.is_test]
    n_clips = len({label.clip_id for label in votes})
    if n_clips < study.min_labels:
        raise DomainError(
            gettext(
                "Too few labels: {n_clips} clips outside the test subjects are labelled, "
                "a round needs at least {min_labels}."
            ).format(n_clips=n_clips, min_labels=study.min_labels),
            "too_few_labels",
        )
    for dimension in study.dimensions:
        _refuse_one_class(dimension, votes)


def _refuse_one_class(dimension: Dimension, votes: Iterable[Label]) -> None:
    seen = {json.dumps(label.values[dimension.key], sort_keys=True) for label in votes if dimension.key in label.values}
    if len(seen) < 2:
        raise DomainError(
            gettext(
                "{title} has been given fewer than 2 different answers outside the test subjects: "
                "nothing can be learned from one; label more clips."
            ).format(title=dimension.title),
            "too_few_classes",
        )


def _create_round(study: Study, labels: Sequence[Label], *, actor: User | None, config: JsonObject) -> Round:
    number = (study.rounds.aggregate(last=Max("number"))["last"] or 0) + 1
    return Round.objects.create(
        study=study,
        number=number,
        parent=study.promoted_round,
        seed=_seed(study, number),
        config={name: value for name, value in config.items() if name not in READING_SETTINGS},
        reading=_reading(study, config),
        code_version=code_version(),
        data_hash=data_hash(labels, _max_clip(study)),
        n_labels=len(labels),
        n_clips=len({label.clip_id for label in labels}),
        created_by=actor,
    )


def _reading(study: Study, config: JsonObject) -> JsonObject:
    """The study's rate and its wish about lags, or this round's own; lags as they stand now."""
    own = {name: config[name] for name in READING_SETTINGS if name in config}
    settings = replace(trace_reading_of(study), **own)
    check_trace_reading(settings, code="bad_config")
    return settings.to_json() | {"lags_ms": lags.lags_of(study)}


def _seed(study: Study, number: int) -> int:
    """Of its own for every round, and the same whenever the study's history is repeated."""
    digest = hashlib.sha256(f"{study.seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _max_clip(study: Study) -> int:
    return int(study.clips.aggregate(last=Max("pk"))["last"] or 0)


def data_hash(labels: Iterable[Label], max_clip: int) -> str:
    """SHA-256 over the frozen labels, their clips, and the last clip that the round may see."""
    facts = sorted([str(label.uuid), label.clip_id, label.answer, label.values] for label in labels)
    return hashlib.sha256(json.dumps([facts, max_clip], sort_keys=True).encode()).hexdigest()


# --- what a round learns from ----------------------------------------------------------------------------------------


def frozen_votes(round_: Round) -> dict[int, list[JsonObject]]:
    """Clip -> the answers given to it, as frozen. "Can't tell" and "bad signal" are no votes."""
    votes: dict[int, list[JsonObject]] = defaultdict(list)
    frozen = Label.objects.filter(rounds__round=round_, answer=AnswerKind.LABEL).order_by("pk")
    for clip_id, values in frozen.values_list("clip_id", "values").iterator(BATCH):
        votes[clip_id].append(values)
    return dict(votes)


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer, and whose."""

    annotator_id: int
    #: 0 for a first answer, 1.. for deliberate repeats
    pass_number: int
    values: JsonObject
    #: whose traces belong to it; 0 where it has none
    label_id: int = 0


def frozen_votes_by_annotator(round_: Round) -> dict[int, list[Vote]]:
    """Clip -> the answers given to it, as `frozen_votes`, with who gave them."""
    votes: dict[int, list[Vote]] = defaultdict(list)
    frozen = Label.objects.filter(rounds__round=round_, answer=AnswerKind.LABEL).order_by("pk")
    columns = frozen.values_list("clip_id", "annotator_id", "pass_number", "values", "pk")
    for clip_id, annotator_id, pass_number, values, label_id in columns.iterator(BATCH):
        votes[clip_id].append(Vote(annotator_id, pass_number, values, label_id))
    return dict(votes)


def readable_clips(round_: Round, max_clip: int) -> QuerySet[Clip]:
    """The clips that the round may see, in the order of their sessions' shards."""
    return ready_clips(round_.study_id).filter(pk__lte=max_clip)


def ready_clips(study_id: int) -> QuerySet[Clip]:
    """The clips of a study that have come in whole, in the order of their sessions' shards."""
    return (
        Clip.objects.filter(
            study_id=study_id, superseded_at=None, is_kept_apart=False, session__status=SessionStatus.READY
        )
        .select_related("subject", "session")
        .order_by("session_id", "shard_row")
    )


def check_clips(study_id: int) -> QuerySet[Clip]:
    """Checks in the queue: a round's model says what it thinks of them as of any clip, and nothing else."""
    return Clip.objects.filter(
        teaching__study=study_id, teaching__kind=TeachingKind.CHECK, teaching__retired_at=None, superseded_at=None
    ).order_by("session_id", "shard_row")


def pool_clips(round_: Round, max_clip: int) -> set[int]:
    """Clips of the pool that still wanted an answer when the labels were frozen: these are scored and ranked."""
    answers: dict[int, int] = defaultdict(int)
    for clip_id in Label.objects.filter(rounds__round=round_).values_list("clip_id", flat=True).iterator(BATCH):
        answers[clip_id] += 1
    overlap = round_.study.overlap
    clips = readable_clips(round_, max_clip).filter(subject__is_test=False).values_list("pk", "overlap")
    return {pk for pk, own in clips.iterator(BATCH) if answers[pk] < (own if own is not None else overlap)}


# --- while it runs ---------------------------------------------------------------------------------------------------


def begin_round(job_id: int, token: int, *, config: JsonObject) -> None:
    """Say that it runs, with the configuration in full and the code that trains it."""
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        round_ = Round.objects.select_for_update(of=("self",)).get(pk=_round_of(job))
        round_.state, round_.started_at = RoundState.RUNNING, round_.started_at or timezone.now()
        round_.config, round_.code_version = config, code_version()
        round_.save(update_fields=["state", "started_at", "config", "code_version"])


def _round_of(job: Job) -> int:
    assert job.round_id is not None, f"job {job.pk} has no round"
    return job.round_id


def note_reading(job_id: int, token: int, reading: JsonObject) -> None:
    """How the round's answers are read, once it has seen them all."""
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        Round.objects.filter(pk=_round_of(job)).update(reading=reading)


def record_history(job_id: int, token: int, history: list[JsonObject]) -> None:
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        Round.objects.filter(pk=_round_of(job)).update(history=history)
        Job.objects.filter(pk=job_id).update(fruitless_attempts=0)


def publish_round(round_: Round, *, job_id: int, token: int, outcome: RoundOutcome) -> None:
    """Model, predictions and ranking become visible together, or none of them. Raises JobLostError.

    Annotators and the job's heartbeat go on while all of it is written; the job is asked for again at the end.
    """
    with transaction.atomic():
        jobs.hold(job_id, token)  # let go at once: a worker thought dead need not begin
    with transaction.atomic():
        _store_predictions(round_, outcome.predictions)
        said.keep_told(round_.pk, outcome.checks)
        ranking = queueing.publish_ranking(
            round_.study,
            round=round_,
            policy=outcome.policy,
            ordered=outcome.ranked,
            seed=round_.seed,
            n_labels=outcome.n_labels,
            config=outcome.config,
        )
        # a session may have been imported anew meanwhile: nothing is said of clips that it no longer has
        round_.predictions.filter(clip__study=round_.study_id, clip__superseded_at__isnull=False).delete()
        job = jobs.hold(job_id, token)
        _store_outcome(round_, outcome)
        Study.objects.filter(pk=round_.study_id).update(promoted_round=round_)
        n_ranked = ranking.entries.exclude(scores={}).count()
        jobs.end(job, JobState.SUCCEEDED, result={"ranked": n_ranked, "attempts": job.attempts})
        audit.record(None, round_.study, "publish_round", round_, {"ranked": n_ranked})


def _store_predictions(round_: Round, predictions: Iterable[ClipPrediction]) -> None:
    round_id = round_.pk

    def line(prediction: ClipPrediction) -> bytes:
        clip_id, shares, alpha = prediction
        return b"%d\t%d\t%b\t%b\n" % (round_id, clip_id, as_json(shares), as_json(alpha))

    copy_rows("annotator_prediction", ("round_id", "clip_id", "probabilities", "alpha"), predictions, line)


def _store_outcome(round_: Round, outcome: RoundOutcome) -> None:
    round_.state, round_.finished_at, round_.error = RoundState.PUBLISHED, timezone.now(), ""
    names = ("metrics", "history", "model_path", "model_sha256", "advice", "reliability")
    for name in names:
        setattr(round_, name, getattr(outcome, name))
    round_.save(update_fields=["state", "finished_at", "error", *names])


# --- other ends ------------------------------------------------------------------------------------------------------


def round_failed(job_id: int, token: int, reason: str, traceback: str = "") -> None:
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        jobs.end(job, JobState.FAILED, reason=reason, traceback=traceback)
        _close(job, RoundState.FAILED, reason)


def round_cancelled(job_id: int, token: int) -> None:
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        jobs.end(job, JobState.CANCELLED, reason="Cancelled.")
        _close(job, RoundState.CANCELLED, "")


def _close(job: Job, state: RoundState, error: str) -> None:
    Round.objects.filter(pk=_round_of(job), state__in=LIVE).update(state=state, error=error, finished_at=timezone.now())


def cancel_round(round_: Round, *, actor: User | None) -> None:
    """Stop it: at once if no worker has it, else within a few seconds. What served before goes on serving."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(round=round_)
        if job.state not in jobs.UNFINISHED:
            raise Conflict(gettext("Round {number} has ended already.").format(number=round_.number), "round_ended")
        if jobs.request_cancel(job):
            _close(job, RoundState.CANCELLED, "")
        scoring.cancel_parts(job)
        audit.record(actor, round_.study, "cancel_round", round_)


# --- which model serves ----------------------------------------------------------------------------------------------


def promote(round_: Round, *, actor: User | None) -> None:
    """Let a published round's model and ranking serve."""
    if round_.state != RoundState.PUBLISHED:
        raise Conflict(
            gettext("Round {number} was not published: there is no model to promote.").format(number=round_.number),
            "not_published",
        )
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=round_.study_id)
        _serve(study, round_, Ranking.objects.get(round=round_))
        audit.record(actor, study, "promote_round", round_)


def roll_back(study: Study, *, actor: User | None) -> Round | None:
    """Let the published round before the serving one serve again; before the first (None) the order without a model."""
    with transaction.atomic():
        locked = (
            Study.objects.select_for_update(no_key=True, of=("self",)).select_related("promoted_round").get(pk=study.pk)
        )
        serving = locked.promoted_round
        if serving is None:
            raise Conflict(gettext("No round serves yet: there is nothing to roll back."), "nothing_to_roll_back")
        earlier = (
            locked.rounds.filter(state=RoundState.PUBLISHED, number__lt=serving.number).order_by("-number").first()
        )
        whole = locked.rankings.filter(round=earlier, base=None).exclude(policy=RankingPolicy.TEST)
        ranking = whole.order_by("pk").last()
        if ranking is None:
            raise Conflict(gettext("There is no earlier ranking to roll back to."), "nothing_to_roll_back")
        _serve(locked, earlier, ranking)
        audit.record(actor, locked, "roll_back", serving, {"to": earlier.number if earlier else 0})
    return earlier


def _serve(study: Study, round_: Round | None, ranking: Ranking) -> None:
    pool.append_pool(study, ranking)  # clips that came after it
    queueing.serve(study, ranking)
    Study.objects.filter(pk=study.pk).update(promoted_round=round_)
