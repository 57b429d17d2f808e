"""How soon an answer changes what is asked next: from the submit to the new head, with a real worker and broker.

    python -m tests.benchmarks.live_update [--clips 10000 100000 1000000] [--answers 40] [--json]

For each size a simulated study with so many pool clips, two questions of three classes, and a published round that left
its pool behind (256 numbers a clip in half precision). One annotator claims and answers; after each answer this waits
until the ranking that serves knows it, then goes on. The first answer, for which the worker opens the pool, is reported
apart (`first_ms`). `submit_p50_ms` is what the annotator waits for, message to the broker included. Nothing is learnt
from these answers: they are random.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.servers import own_servers

if TYPE_CHECKING:
    from annotator.models import Ranking, Study, User

REPOSITORY = Path(__file__).resolve().parents[2]
TARGETS, N_CLASSES, DIM, AT_A_TIME = ("valence", "arousal"), 3, 256, 50_000
PATIENCE_S = 120.0


@contextmanager
def live_worker(var: Path) -> Iterator[None]:
    log = var / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "live", "-c", "1", "-l", "WARNING"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
        assert process.poll() is None, log.read_text(errors="replace")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- a study with a round --------------------------------------------------------------------------------------------


def study_with_round(n_clips: int) -> Study:
    """The ranking of `make_big_study` as if a round had made it, whose pool lies on disk."""
    from django.conf import settings

    from annotator.enums import RoundState
    from annotator.models import Ranking, Round, Study
    from mlcore.types import AcquisitionConfig
    from tests.benchmarks.queue_seed import make_big_study, pool_of

    study = make_big_study(f"live-{n_clips}", n_clips)
    round_ = Round.objects.create(
        study=study,
        number=1,
        state=RoundState.PUBLISHED,
        seed=1,
        code_version="made",
        data_hash="0" * 64,
        n_labels=0,
        n_clips=0,
        model_path=f"made-{n_clips}/model",
    )
    config = AcquisitionConfig().to_json()
    assert study.active_ranking_id is not None
    Ranking.objects.filter(pk=study.active_ranking_id).update(round=round_, config=config, n_labels=0)
    Study.objects.filter(pk=study.pk).update(promoted_round=round_)
    write_random_pool(Path(settings.MODEL_ROOT) / round_.model_path / "pool", pool_of(study))
    study.refresh_from_db()
    return study


def write_random_pool(folder: Path, clip_ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    from mlcore.acquire.pool_file import write_pool
    from tests.factories.known_pools import candidates_of

    n, rng = len(clip_ids), np.random.default_rng(0)
    with tempfile.TemporaryFile() as file:
        embedding = np.memmap(file, dtype=np.float16, mode="w+", shape=(n, DIM))
        for start in range(0, n, AT_A_TIME):
            part = rng.standard_normal((min(AT_A_TIME, n - start), DIM), dtype=np.float32)
            embedding[start : start + AT_A_TIME] = part / np.sqrt(DIM)
        alpha = {name: 1.0 + rng.gamma(1.0, 2.0, (n, N_CLASSES)) for name in TARGETS}
        write_pool(folder, candidates_of(embedding, alpha), clip_ids=clip_ids)


# --- answers ---------------------------------------------------------------------------------------------------------


def answered_once(study: Study, user: User, rng: np.random.Generator) -> tuple[float, float]:
    """Milliseconds of the submit alone, and from its beginning to the ranking that knows it."""
    from uuid import uuid4

    from annotator.domain import labelling, queueing
    from annotator.enums import AnswerKind

    clip = queueing.claim(study, user)[0].clip
    values = {name: int(rng.integers(N_CLASSES)) for name in TARGETS}
    submission = labelling.Submission(uuid=uuid4(), answer=AnswerKind.LABEL, values=values, seconds_spent=5.0)
    before, started_s = head_of(study), time.perf_counter()
    labelling.submit(clip, user, submission)
    submitted_s = time.perf_counter()
    while (now := head_of(study)) is None or now == before:
        if time.perf_counter() - started_s > PATIENCE_S:
            raise TimeoutError("no new head: is the worker running?")
        time.sleep(0.001)
    return 1e3 * (submitted_s - started_s), 1e3 * (time.perf_counter() - started_s)


def head_of(study: Study) -> int | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT head_ranking_id FROM annotator_study WHERE id = %s", [study.pk])
        row: tuple[int | None] = cursor.fetchone()
    return row[0]


def measured(n_clips: int, n_answers: int) -> dict[str, Any]:
    from annotator.enums import Role
    from tests.factories.people import make_member

    study = study_with_round(n_clips)
    user, rng = make_member(study, f"annotator-{n_clips}", Role.ANNOTATOR), np.random.default_rng(1)
    _, first_ms = answered_once(study, user, rng)
    submit_ms, head_ms = zip(*(answered_once(study, user, rng) for _ in range(n_answers)), strict=True)
    study.refresh_from_db()
    head: Ranking | None = study.head_ranking
    assert head is not None
    return {
        "clips": n_clips,
        "answers": n_answers,
        "first_ms": round(first_ms),
        "submit_p50_ms": _percentile(submit_ms, 50),
        "submit_p95_ms": _percentile(submit_ms, 95),
        "head_p50_ms": _percentile(head_ms, 50),
        "head_p95_ms": _percentile(head_ms, 95),
        "head_clips": head.entries.count(),
        "n_labels": head.n_labels,
    }


def _percentile(values: tuple[float, ...], q: int) -> float:
    return round(float(np.percentile(values, q)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="From a submit to the ranking that knows it.")
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--answers", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="print one JSON object a size and nothing else")
    args = parser.parse_args()
    with own_servers() as var, live_worker(var):
        for n_clips in args.clips:
            row = measured(n_clips, args.answers)
            print(json.dumps(row) if args.json else "  ".join(f"{name} {value}" for name, value in row.items()))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
