"""A study of any size, made by SQL as an import leaves it, and a ranking of it as a round makes one. All simulated."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from annotator.domain.ranking import RankedClip
    from annotator.models import Study

CLIPS_A_SESSION = 200
SESSIONS_A_SUBJECT = 10
_SUBJECTS = """
INSERT INTO annotator_subject (study_id, code, is_test)
SELECT %(study)s, 'S' || lpad(n::text, 4, '0'), false FROM generate_series(1, %(subjects)s) n
"""
_SESSIONS = """
INSERT INTO annotator_recordingsession (study_id, subject_id, code, layout, status, error, warnings, fingerprint, spec,
    duration_s, has_eeg, has_video, eeg_usable, eeg_info, video_info, video_offset_s, video_drift, sync_residual_ms,
    sync_method, sync_points, bad_channels, channel_faults, created_at)
SELECT %(study)s, p.id, p.code || '-' || n, 'manifest', 'ready', '', '[]', '', '{}', 5.0 * %(clips)s, true, true, true,
    '{"channels": ["Fp1", "Fp2"], "kinds": ["eeg", "eeg"], "sfreq": 256.0}', '{}', 0.25, 1e-5, 3.0, 'given offset',
    '[]', '[]', '{}', now()
FROM annotator_subject p, generate_series(1, %(sessions)s) n WHERE p.study_id = %(study)s AND p.code LIKE 'S%%'
"""
_TRIALS = """
INSERT INTO annotator_trial (session_id, number, start_s, stop_s, stimulus)
SELECT r.id, 1, 0, r.duration_s, 'film' FROM annotator_recordingsession r WHERE r.study_id = %(study)s
"""
_DERIVED = """
INSERT INTO annotator_derived (session_id, kind, version, path, meta, created_at)
SELECT r.id, k.kind, k.version, k.path, '{}', now() FROM annotator_recordingsession r,
(VALUES ('proxy_video', 1, 'bench/proxy.mp4'), ('eeg_tiles', %(tiles)s, 'bench/tiles'), ('shard', 2, 'bench/shard'))
    AS k (kind, version, path)
WHERE r.study_id = %(study)s
"""
_CLIPS = """
INSERT INTO annotator_clip (study_id, subject_id, session_id, trial_id, number, start_s, stop_s, has_eeg, has_face,
    eeg_quality, face_quality, eeg_faults, face_faults, shard_row, is_kept_apart)
SELECT r.study_id, r.subject_id, r.id, t.id, n, 5.0 * n, 5.0 * n + 5.0, true, true, 0.9, 0.8, '{}', '{}', n, false
FROM annotator_recordingsession r JOIN annotator_trial t ON t.session_id = r.id, generate_series(0, %(clips)s - 1) n
WHERE r.study_id = %(study)s
ORDER BY r.id, n LIMIT %(n_clips)s
"""


def make_big_study(slug: str, n_clips: int) -> Study:
    """`n_clips` clips outside the test subjects, an open queue, and a ranking of all of them by entropy."""
    from django.db import connection, transaction

    from annotator.domain import queueing, studies
    from annotator.enums import RankingPolicy
    from mlcore.io.tiles import TILES_VERSION
    from mlcore.types import AROUSAL3, VALENCE3

    spec = studies.StudySpec(
        slug, slug, (VALENCE3, AROUSAL3), is_simulated=True, seed=7, test_clips_per_subject=0, test_subject_share=1e-9
    )
    study = studies.create_study(spec, actor=None)
    n_subjects = max(3, math.ceil(n_clips / CLIPS_A_SESSION / SESSIONS_A_SUBJECT))
    amounts = {"study": study.pk, "subjects": n_subjects, "sessions": SESSIONS_A_SUBJECT, "clips": CLIPS_A_SESSION}
    amounts |= {"n_clips": n_clips, "tiles": TILES_VERSION}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        _add_test_subjects(study, n_subjects)
        for statement in (_SUBJECTS, _SESSIONS, _TRIALS, _DERIVED, _CLIPS):
            cursor.execute(statement, amounts)
    _vacuum()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        queueing.open_clips(study)
        study.refresh_from_db()
        queueing.publish_ranking(
            study, round=None, policy=RankingPolicy.ENTROPY, ordered=ranked_clips(pool_of(study), seed=1)
        )
    _vacuum()
    return study


def _add_test_subjects(study: Study, n_subjects: int) -> None:
    """Two without a recording, under codes that the study's seed draws before all others: every clip is in the pool."""
    from annotator.domain.studies import shuffle_key
    from annotator.models import Subject

    def key(code: str) -> bytes:
        return shuffle_key(study.seed, "subject", code)

    first = min(key(f"S{number:04d}") for number in range(1, n_subjects + 1))
    codes = (code for number in count() if key(code := f"T{number}") < first)
    Subject.objects.bulk_create(Subject(study=study, code=code) for code in islice(codes, 2))


def _vacuum() -> None:
    """As autovacuum would have done by the time anybody labels."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def pool_of(study: Study) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ids = study.clips.filter(subject__is_test=False).order_by("pk").values_list("pk", flat=True)
    return np.fromiter(ids.iterator(50_000), dtype=np.int64)


def ranked_clips(clip_ids: np.ndarray[tuple[int], np.dtype[np.int64]], *, seed: int) -> Iterator[RankedClip]:
    """In random order, with the scores that a round keeps of two targets."""
    from annotator.domain.ranking import RankedClip

    rng = np.random.default_rng(seed)
    values = rng.random((len(clip_ids), 8)).round(5)
    for place in rng.permutation(len(clip_ids)):
        a, b, c, d, e, f, g, h = values[place].tolist()
        scores = {
            "entropy": a,
            "entropy_by_target": {"valence": b, "arousal": c},
            "vacuity": {"valence": d, "arousal": e},
            "disagreement": {"valence": f, "arousal": g},
            "agreement": h,
            "evidence": {"eeg": a, "face": b},
        }
        yield RankedClip(int(clip_ids[place]), scores)


Prediction = tuple[int, dict[str, list[float]], dict[str, list[float]]]


def predictions(clip_ids: np.ndarray[tuple[int], np.dtype[np.int64]], *, seed: int) -> Iterator[Prediction]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet((1.0, 1.0, 1.0), size=(len(clip_ids), 2)).round(5)
    for clip_id, (valence, arousal) in zip(clip_ids, shares, strict=True):
        of = {"valence": valence.tolist(), "arousal": arousal.tolist()}
        yield int(clip_id), of, of


def publish_round(study: Study, *, number: int) -> float:
    """As a worker does it, with scores and predictions of every clip; the seconds that publishing took."""
    from annotator.domain import jobs, rounds
    from annotator.enums import JobKind
    from annotator.models import Round

    clip_ids = pool_of(study)
    round_ = Round.objects.create(
        study=study, number=number, seed=3, code_version="bench", data_hash="0" * 64, n_labels=0, n_clips=0
    )
    job = jobs.create_job(JobKind.ROUND, study=study, round=round_)
    token = jobs.take(job.pk, "bench")
    assert token is not None
    outcome = rounds.RoundOutcome(
        metrics={},
        history=[],
        model_path="none",
        model_sha256="0" * 64,
        ranked=ranked_clips(clip_ids, seed=1 + number),
        predictions=predictions(clip_ids, seed=1 + number),
    )
    begin = time.perf_counter()
    rounds.publish_round(round_, job_id=job.pk, token=token, outcome=outcome)
    took_s = time.perf_counter() - begin
    _vacuum()
    return took_s


def write_files(root: Path) -> None:
    """The header of EEG tiles, which every task reads."""
    from mlcore.io.recording import EegRecording
    from mlcore.io.tiles import write_tiles
    from mlcore.types import EegInfo

    samples = np.zeros((2, 1280))
    info = EegInfo("made", ("Fp1", "Fp2"), ("eeg", "eeg"), 128.0, samples.shape[1])
    folder = root / "bench" / "tiles"
    write_tiles(EegRecording(folder, info, (), lambda picks, first, last: samples[list(picks), first:last]), folder)
