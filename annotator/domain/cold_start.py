"""Before the first round: what is asked first, without a model and without anybody waiting for it.

An import opens its clips in seeded random order. A worker then reads their features, sends clips whose signals measure
too poor to the quality list, and lets a typical batch be asked first (`worker.cold_start`). Postgres alone says what is
left to do: a ranking notes what it has looked at, and the sweep sends a study whose clips, verdicts or settings have
moved on since.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from django.db import connection, transaction
from django.db.models import Max

from annotator.domain import jobs, ranking
from annotator.domain.line import line
from annotator.domain.ranking import RankedClip
from annotator.enums import JobKind, JobQueue, RankingPolicy, SessionStatus
from annotator.models import ClipVerdict, Ranking, Study
from mlcore.types import AcquisitionConfig, Strategy

log = logging.getLogger(__name__)

TASK = "concord.cold_start"
#: advisory locks of Postgres are named by two numbers: this one, and the study
COLD_START_LOCK = 7263
IMPORTS = (JobKind.IMPORT, JobKind.IMPORT_SESSION)


# --- saying that something changed -----------------------------------------------------------------------------------


def pool_changed(study: Study) -> None:
    """Clips were opened, or somebody judged a sensor: put in order after the caller's commit, never in its request."""
    if study.promoted_round_id is None:
        transaction.on_commit(partial(send, study.pk), robust=True)


def send(study_id: int) -> None:
    """Ask a worker to put the study's clips in order; twice is as good as once.

    It reads the features of all clips, so it waits its turn among the imports and leaves the `live` queue free.
    """
    line.send(TASK, study_id, JobQueue.IO)


# --- what there is, and what is known of it --------------------------------------------------------------------------


def settings_of(study: Study) -> AcquisitionConfig:
    """The study's settings as an order without a model goes by them: at random, or typical clips first."""
    config = study.acquisition_config
    is_random = config.strategy is Strategy.RANDOM
    return replace(config, strategy=Strategy.RANDOM if is_random else Strategy.TYPICLUST)


def what_there_is(study: Study) -> str:
    """SHA-256 over all that the order depends on: sessions as imported, test subjects, verdicts, settings.

    Answers are no part of it: whatever is answered, the order stays.
    """
    ready = study.sessions.filter(status=SessionStatus.READY).order_by("pk")
    config = settings_of(study)
    facts = {
        "sessions": list(ready.values_list("pk", "fingerprint", "imported_at")),
        "test": list(study.subjects.filter(is_test=True).order_by("pk").values_list("pk", flat=True)),
        "verdict": ClipVerdict.objects.filter(study=study).aggregate(last=Max("pk"))["last"],
        "settings": [config.strategy, config.is_gated, config.min_quality],
        "batch": [config.batch_size, config.min_gap_s, config.max_subject_share],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def is_behind(study: Study) -> bool:
    """Whether the order does not know all that there is; never, once a round serves or as long as an import runs.

    The clips of an import are opened at its end, and until then some of its people may be drawn as test subjects.
    """
    serving = study.active_ranking
    if study.promoted_round_id is not None or serving is None or serving.round_id is not None:
        return False
    return not _is_importing(study) and serving.pool_seen != what_there_is(study)


def _is_importing(study: Study) -> bool:
    return study.jobs.filter(kind__in=IMPORTS, state__in=jobs.UNFINISHED).exists()


def study_behind(study_id: int) -> Study | None:
    """The study as it is now; None where nothing is left to do."""
    study = Study.objects.select_related("active_ranking").filter(pk=study_id).first()
    return study if study is not None and is_behind(study) else None


def studies_behind() -> list[int]:
    waiting = Study.objects.filter(promoted_round=None, active_ranking__round=None).exclude(active_ranking=None)
    return [study.pk for study in waiting.select_related("active_ranking").order_by("pk") if is_behind(study)]


@contextmanager
def turn(study_id: int) -> Iterator[bool]:
    """One worker at a time reads a study's features: whether it is the caller's turn.

    No transaction stays open while it reads; the lock ends with the connection at the latest.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [COLD_START_LOCK, study_id])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [COLD_START_LOCK, study_id])


# --- publishing ------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(study: Study, *, ordered: Iterable[RankedClip], seen: str) -> Ranking | None:
    """Serve this order from the caller's commit on; None where it is out of date by now, or a round serves.

    Clips that annotators hold stay theirs.
    """
    locked = ranking.hold_study(study)
    if not is_behind(locked) or what_there_is(locked) != seen:
        return None
    config = settings_of(locked)
    made = ranking.publish_ranking(
        locked,
        round=None,
        policy=RankingPolicy(config.strategy.value),
        ordered=ordered,
        seed=locked.seed,
        config=config.to_json(),
    )
    note_seen(made, seen)
    return made


def keep_order(study: Study, *, seen: str, reason: str) -> None:
    """What serves goes on serving until something changes; the log says why."""
    log.warning("Study %s keeps the order that it has: %s", study.slug, reason)
    assert study.active_ranking is not None, f"study {study.slug} has no open clips"
    note_seen(study.active_ranking, seen)


def note_seen(looked_at: Ranking, seen: str) -> None:
    Ranking.objects.filter(pk=looked_at.pk).update(pool_seen=seen)
    looked_at.pool_seen = seen
