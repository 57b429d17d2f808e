"""Scoring a round's pool with its saved model: in one go, or in parts by whichever workers are free.

A part is a stretch of whole batches, so that parts end to end are, to the bit, what one process would give. Each lies
in a file of its own that says what it is of: whoever does the work again after a kill finds it done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotator.domain import scoring
from annotator.jobs import app
from annotator.models import Round
from mlcore.acquire import PoolScores
from mlcore.acquire.score_file import has_scores, write_scores
from mlcore.store import Store, open_store
from mlcore.store.files import map_array, read_json
from mlcore.train import TrainedModel, load_model, score_parts
from mlcore.train.checkpoint import write_atomically
from mlcore.train.score import Dropouts
from mlcore.train.tensors import pick_device
from mlcore.types import AcquisitionConfig, JsonObject, Strategy
from worker.round_input import Clips, RoundInput
from worker.run import RunningJob, perform

Rows = NDArray[np.int64]
PLAN_NAME, PARTS_NAME = "scoring.json", "scores"
#: the clips to be scored and those with answers, as `bridge.CLIP` says
POOL_NAME, ANSWERED_NAME = "pool-clips.npy", "answered-clips.npy"
#: networks drawn by dropout where the study ranks by what they disagree on
N_DROPOUT_PASSES = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How a pool is scored and ranked; lies beside the model, where every worker finds it.

    Args:
        shards: folders of the store, below DERIVED_ROOT.
        model: SHA-256 of the weights.
        n_rows: of the pool.
        n_batch: clips that are read at a time.
        n_part: of a part, but for the last: whole batches.
        seed: of the round.
        acquisition: the study's settings when the scoring began.
    """

    shards: tuple[str, ...]
    model: str
    n_rows: int
    n_batch: int
    n_part: int
    seed: int
    acquisition: JsonObject

    @classmethod
    def read(cls, folder: Path) -> Self:
        item = read_json(folder / PLAN_NAME)
        return cls(**{**item, "shards": tuple(item["shards"])})

    @property
    def config(self) -> AcquisitionConfig:
        return AcquisitionConfig.from_json(self.acquisition)

    @property
    def n_dropout_passes(self) -> int:
        return N_DROPOUT_PASSES if self.config.strategy is Strategy.BALD else 0

    def open_store(self) -> Store:
        return open_store([Path(settings.DERIVED_ROOT) / shard for shard in self.shards])

    def facts(self, start: int, stop: int) -> JsonObject:
        """What a part's file is of."""
        kept = {"model": self.model, "n_dropout_passes": self.n_dropout_passes, "seed": self.seed}
        return {**kept, "n_batch": self.n_batch, "start": start, "stop": stop}

    def bounds(self) -> list[tuple[int, int]]:
        """Stretches of the pool's rows; one of nothing for an empty pool."""
        starts = range(0, max(self.n_rows, 1), self.n_part)
        return [(start, min(start + self.n_part, self.n_rows)) for start in starts]


def make_plan(folder: Path, prepared: RoundInput, round_: Round, *, model: str) -> Plan:
    """Write down, in files, all that scoring and ranking need of the database's clips."""
    _save(folder / POOL_NAME, prepared.clips[prepared.pool])
    _save(folder / ANSWERED_NAME, prepared.clips[prepared.labelled])
    n_batch = settings.SCORE_BATCH_CLIPS
    plan = Plan(
        shards=tuple(os.path.relpath(shard, settings.DERIVED_ROOT) for shard in prepared.shards),
        model=model,
        n_rows=len(prepared.pool),
        n_batch=n_batch,
        n_part=max(settings.SCORE_PART_CLIPS // n_batch, 1) * n_batch,
        seed=round_.seed,
        acquisition=round_.study.acquisition_config.to_json(),
    )
    write_atomically(folder / PLAN_NAME, json.dumps(asdict(plan)).encode())
    return plan


def _save(path: Path, clips: Clips) -> None:
    beside = path.with_name(f".{path.name}")
    np.save(beside, clips)
    beside.replace(path)


def part_folder(folder: Path, start: int, stop: int) -> Path:
    return folder / PARTS_NAME / f"{start:09d}-{stop:09d}"


def folder_of(round_: Round) -> Path:
    return Path(settings.MODEL_ROOT) / f"round-{round_.pk}"


# --- the work --------------------------------------------------------------------------------------------------------


def score_part(folder: Path, plan: Plan, start: int, stop: int, *, on_batch: Callable[[int], None]) -> None:
    """Score a stretch of the pool's rows and leave its file; nothing if it is there already."""
    place, facts = part_folder(folder, start, stop), plan.facts(start, stop)
    if has_scores(place, facts):
        return
    rows = np.array(map_array(folder / POOL_NAME)["row"][start:stop])
    write_scores(place, _score(folder, plan, rows, on_batch), n_clips=len(rows), facts=facts)


def _score(folder: Path, plan: Plan, rows: Rows, on_batch: Callable[[int], None]) -> Iterator[PoolScores]:
    model, store, n_done = saved_model(folder), plan.open_store(), 0
    dropouts = Dropouts(plan.n_dropout_passes, plan.seed)
    for part in score_parts(model, store, rows, batch_size=plan.n_batch, with_embedding=True, dropouts=dropouts):
        yield part
        n_done += len(part.rows)
        on_batch(n_done)


def saved_model(folder: Path) -> TrainedModel:
    """Pools are always scored by the model as it was saved: one that was just trained holds what rounds otherwise."""
    model = load_model(folder)
    model.net.to(pick_device(model.config.device))
    return model


# --- as jobs ---------------------------------------------------------------------------------------------------------


@app.task(name="concord.score_part")
def score_pool_part(job_id: int) -> None:
    perform(job_id, score_own_part)


def score_own_part(running: RunningJob) -> None:
    job = running.job
    start, stop = int(job.payload["start"]), int(job.payload["stop"])
    round_ = Round.objects.get(job=job.parent_id)
    folder = folder_of(round_)

    def told(n_done: int) -> None:
        running.stop_if_asked()
        running.progress(n_done / max(stop - start, 1), f"Scoring: {n_done} of {stop - start} clips")

    score_part(folder, Plan.read(folder), start, stop, on_batch=told)
    running.stop_if_asked()
    scoring.part_scored(job.pk, running.token, {"clips": stop - start})
