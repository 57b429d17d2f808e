"""The last step of a round: the pool's scores become candidates, an order of asking, and rows."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from django.conf import settings

from annotator.domain import rounds
from annotator.domain.rounds import RoundOutcome
from annotator.enums import RankingPolicy
from annotator.models import Round, Study
from mlcore.acquire import PoolScores, pick
from mlcore.acquire.audit import audit_keys
from mlcore.acquire.batch import Composition, compose
from mlcore.acquire.candidates import Candidates, Picked, Places
from mlcore.acquire.gate import Gated, gate
from mlcore.acquire.pool_file import open_pool, write_pool
from mlcore.acquire.score_columns import blank_rows, take_rows
from mlcore.acquire.score_file import open_scores, read_parts, write_scores
from mlcore.errors import TrainingError
from mlcore.store import Store
from mlcore.store.files import read_json
from mlcore.train import Learnt, score
from mlcore.train.checkpoint import write_atomically
from mlcore.types import AcquisitionConfig, JsonObject, Strategy
from worker import answers
from worker.advice import Newest, advise_round
from worker.candidates import candidates_of, is_readable
from worker.ranked import Pool, of_pool, ranked_clips, told_of
from worker.round_input import Clips, checks_in_store
from worker.run import RunningJob
from worker.scoring import ANSWERED_NAME, PARTS_NAME, POOL_NAME, Plan, folder_of, part_folder, saved_model

LEARNT_NAME, UNSEEN_NAME, POOL_FOLDER = "learnt.json", "unseen", "pool"
#: places of a ranking that are made up by the rules of a batch; what comes later is asked after the next round
N_COMPOSED = 1000


def keep(folder: Path, learnt: Learnt, *, history: list[JsonObject], answers: JsonObject) -> None:
    """What training found, and what the answers say of those who gave them, for the step that publishes it.

    That may be another process.
    """
    n_clips = len(learnt.unseen.rows)
    write_scores(folder / UNSEEN_NAME, [learnt.unseen], n_clips=n_clips, facts={})
    found = {"metrics": plain(learnt.metrics), "history": [plain(row) for row in history]}
    found |= plain(answers)
    write_atomically(folder / LEARNT_NAME, json.dumps(found).encode())


def plain(item: JsonObject) -> JsonObject:
    """As the database keeps it: a NaN, which JSON has no word for, is no value."""
    answer: JsonObject = json.loads(json.dumps(item), parse_constant=lambda _: None)
    return answer


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rank_and_publish(running: RunningJob, round_: Round) -> None:
    """Every part of the pool is scored: put it in order and let it serve."""
    running.progress(0.99, "Ranking the pool")
    folder = folder_of(round_)
    plan = Plan.read(folder)
    store = plan.open_store()
    merge_parts(folder, plan, store)
    running.stop_if_asked()
    pool = leave_pool(folder, plan, store, round_)
    again = answered_pool(folder, plan, store, round_, pool)
    ranked = rank(plan, round_, pool, again)
    checks = checks_as_a_pool(folder, plan, store, round_)
    running.stop_if_asked()
    publish(running, round_, plan, Pools(pool, again, checks), ranked)
    shutil.rmtree(folder / PARTS_NAME, ignore_errors=True)


# --- the pool --------------------------------------------------------------------------------------------------------


def merge_parts(folder: Path, plan: Plan, store: Store) -> None:
    """The parts end to end, as one process would have scored them, but NaN where no network could read a clip."""
    clips = np.load(folder / POOL_NAME)
    readable = is_readable(clips, store)
    folders = [part_folder(folder, *bounds) for bounds in plan.bounds()]
    n_before = 0

    def blanked(part: PoolScores) -> PoolScores:
        nonlocal n_before
        mine = ~readable[n_before : n_before + len(part.rows)]
        n_before += len(part.rows)
        return blank_rows(part, mine)

    write_scores(
        whole_folder(folder), map(blanked, read_parts(folders)), n_clips=plan.n_rows, facts=plan.facts(0, plan.n_rows)
    )


def whole_folder(folder: Path) -> Path:
    return folder / PARTS_NAME / "whole"


def leave_pool(folder: Path, plan: Plan, store: Store, round_: Round) -> Pool:
    """The candidates as a file beside the model, and as that file holds them."""
    clips = np.load(folder / POOL_NAME)
    known = score(saved_model(folder), store, np.load(folder / ANSWERED_NAME)["row"], with_embedding=True).embedding
    candidates = candidates_of(clips, store, scores=open_scores(whole_folder(folder)), known=known)
    candidates, gated = gated_with_costs(candidates, plan.config, round_.study, clips["clip"])
    facts = {"round": round_.pk, "model": plan.model}
    write_pool(folder / POOL_FOLDER, candidates, clip_ids=clips["clip"], facts=facts)
    opened = open_pool(folder / POOL_FOLDER)
    return Pool(opened.candidates, opened.clip_ids, gated)


def gated_with_costs(
    candidates: Candidates, config: AcquisitionConfig, study: Study, clip_ids: Places
) -> tuple[Candidates, Gated]:
    """Where each clip goes, and what an answer on it is expected to cost."""
    gated = gate(candidates, config, verdicts=answers.verdicts_on(study, clip_ids))
    durations_s = candidates.stop_s - candidates.start_s
    seconds = answers.costs_of(study).of(candidates.subject, gated.ask, durations_s)
    return replace(candidates, seconds=seconds), gated


def answered_pool(folder: Path, plan: Plan, store: Store, round_: Round, pool: Pool) -> Pool:
    """The clips with answers that want no more: what may be asked about again, judged by networks that did not learn
    from them."""
    clips: Clips = np.load(folder / ANSWERED_NAME)
    kept = np.flatnonzero(~np.isin(clips["clip"], pool.clip_ids))
    clip_ids = np.ascontiguousarray(clips["clip"][kept])
    scores = take_rows(open_scores(folder / UNSEEN_NAME), kept)
    plain_ones = candidates_of(clips[kept], store, scores=scores, known=None)
    candidates, gated = gated_with_costs(plain_ones, plan.config, round_.study, clip_ids)
    return Pool(candidates, clip_ids, gated)


def checks_as_a_pool(folder: Path, plan: Plan, store: Store, round_: Round) -> Pool | None:
    """The study's checks with what the model says of them: a check without an opinion would be known by that. None
    where there is none. They are in no ranking."""
    clips = checks_in_store(round_.study_id, plan.shards, store)
    if not len(clips):
        return None
    model, seed, n_passes = saved_model(folder), plan.seed, plan.n_dropout_passes
    scores = score(model, store, clips["row"], batch_size=plan.n_batch, n_dropout_passes=n_passes, seed=seed)
    scores = blank_rows(scores, ~is_readable(clips, store))
    clip_ids = np.ascontiguousarray(clips["clip"])
    plain_ones = candidates_of(clips, store, scores=scores, known=None)
    candidates, gated = gated_with_costs(plain_ones, plan.config, round_.study, clip_ids)
    return Pool(candidates, clip_ids, gated)


@dataclass(frozen=True, slots=True)
class Pools:
    """What a round judged: clips that want an answer, clips that want no more, and checks."""

    pool: Pool
    again: Pool
    checks: Pool | None


# --- the order -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranked:
    """An order of asking, and by what it came about."""

    composed: Composition
    strategy: Strategy
    #: sentences for the round's page
    notes: tuple[str, ...]


def rank(plan: Plan, round_: Round, pool: Pool, again: Pool) -> Ranked:
    config, candidates = plan.config, pool.candidates
    picking, composing = np.random.default_rng([plan.seed, 1]), np.random.default_rng([plan.seed, 2])
    n_composed = max(N_COMPOSED, config.batch_size)
    picked, strategy, notes = _pick(config, candidates, pool.gated, n_composed, picking)
    composed = compose(
        candidates,
        picked,
        replace(config, strategy=strategy),
        gated=pool.gated,
        audit_order=audit_keys(pool.clip_ids, seed=round_.study.seed),
        n_composed=n_composed,
        rng=composing,
        answered=answers.answered(round_, again.candidates, again.gated, clip_ids=again.clip_ids),
    )
    return Ranked(composed, strategy, notes)


def _pick(
    config: AcquisitionConfig, candidates: Candidates, gated: Gated, n_picks: int, rng: np.random.Generator
) -> tuple[Picked, Strategy, tuple[str, ...]]:
    """By the study's strategy; by entropy, and the round says so, where the strategy lacks what it needs.

    A round has taken hours by now: that a study without EEG can't be ranked by how EEG and face disagree is no reason
    to throw its model away.
    """
    ask = partial(
        pick,
        candidates=candidates,
        n_picks=n_picks,
        among=np.flatnonzero(gated.is_served),
        min_quality=config.min_quality,
    )
    try:
        return ask(config.strategy, rng=rng), config.strategy, ()
    except TrainingError as error:
        if config.strategy is Strategy.ENTROPY:
            raise
        note = f"the pool was ranked by entropy, not by {config.strategy}: {error}"
        return ask(Strategy.ENTROPY, rng=rng), Strategy.ENTROPY, (note,)


def publish(running: RunningJob, round_: Round, plan: Plan, pools: Pools, ranked: Ranked) -> None:
    folder, pool = folder_of(round_), pools.pool
    learnt = read_json(folder / LEARNT_NAME)
    metrics = learnt["metrics"]
    metrics["notes"] = [*metrics.get("notes", ()), *ranked.notes]
    scores = pool.candidates.scores
    assert scores is not None
    outcome = RoundOutcome(
        metrics=metrics,
        history=learnt["history"],
        model_path=str(folder.relative_to(settings.MODEL_ROOT)),
        model_sha256=plan.model,
        ranked=ranked_clips(ranked.composed, pool, pools.again),
        predictions=chain.from_iterable(of_pool(one) for one in (pool, pools.checks) if one is not None),
        checks={} if pools.checks is None else told_of(pools.checks),
        policy=RankingPolicy(ranked.strategy.value),
        n_labels=round_.n_labels,
        config=plan.config.to_json(),
        advice=advise_round(round_, newest(scores, pool.clip_ids, metrics, agreement=learnt["agreement"])),
        reliability=learnt["reliability"],
    )
    rounds.publish_round(round_, job_id=running.job.pk, token=running.token, outcome=outcome)


def newest(
    scores: PoolScores, clip_ids: Places, metrics: JsonObject, *, agreement: Mapping[str, float | None]
) -> Newest:
    """What the advice looks at: the clips that the model could read."""
    read = np.flatnonzero(np.isfinite(scores.mean_entropy))
    said = {name: scores.probabilities(name)[read] for name in scores.alpha}
    return Newest(np.asarray(clip_ids[read]), said, metrics, agreement=agreement)
