"""A study with a published round that left its pool behind, without training one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotator.domain import queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import RankingPolicy, RoundState
from annotator.models import Clip, Ranking, Round, Study
from mlcore.acquire.pool_file import write_pool
from mlcore.types import AcquisitionConfig, Term
from tests.factories.known_pools import KnownPool, make_pool
from tests.factories.studies import make_study

#: nothing but the strategy decides the order
PLAIN = AcquisitionConfig(
    min_gap_s=0.0, max_subject_share=1.0, audit_share=0.0, repeat_share=0.0, second_opinion_share=0.0, diversity=0.0
)


@dataclass(frozen=True, slots=True)
class LiveStudy:
    study: Study
    pool: KnownPool
    #: clip of each row of the pool
    clip_ids: NDArray[np.int64]
    base: Ranking

    def answer_to(self, clip: Clip) -> dict[str, int]:
        """The truth."""
        row = int(np.flatnonzero(self.clip_ids == clip.pk)[0])
        return {name: int(classes[row]) for name, classes in self.pool.truth.items()}


def make_live_study(
    *,
    n_subjects: int = 6,
    n_clips: int = 30,
    config: AcquisitionConfig = PLAIN,
    audit_every: int = 0,
    policy: RankingPolicy = RankingPolicy.ENTROPY,
    reserve: int = 2,
    overlap: int = 1,
    test_clips_per_subject: int = 0,
    with_pool: bool = True,
) -> LiveStudy:
    """The round ranks by entropy, every so many places an audit clip, and learnt from 40 labels of long ago."""
    study = make_study(
        n_subjects=n_subjects,
        n_clips=n_clips,
        reserve=reserve,
        overlap=overlap,
        test_clips_per_subject=test_clips_per_subject,
    )
    clip_ids = np.array(study.clips.filter(subject__is_test=False).order_by("pk").values_list("pk", flat=True))
    pool = make_pool(len(clip_ids))
    base = publish_made_round(study, pool, clip_ids, config=config, audit_every=audit_every, policy=policy)
    if with_pool:
        assert base.round is not None
        write_pool(pool_folder(base.round), pool.candidates, clip_ids=clip_ids)
    return LiveStudy(study, pool, clip_ids, base)


def pool_folder(round_: Round) -> Path:
    return Path(settings.MODEL_ROOT) / round_.model_path / "pool"


def publish_made_round(
    study: Study,
    pool: KnownPool,
    clip_ids: Sequence[int] | NDArray[np.int64],
    *,
    config: AcquisitionConfig = PLAIN,
    audit_every: int = 0,
    policy: RankingPolicy = RankingPolicy.ENTROPY,
) -> Ranking:
    number = study.rounds.count() + 1
    round_ = Round.objects.create(
        study=study,
        number=number,
        state=RoundState.PUBLISHED,
        seed=number,
        code_version="made",
        data_hash="0" * 64,
        n_labels=40,
        n_clips=40,
        model_path=f"made-{study.pk}-{number}/model",
    )
    base = queueing.publish_ranking(
        study,
        round=round_,
        policy=policy,
        ordered=_ranked(pool, clip_ids, audit_every),
        n_labels=40,
        config=config.to_json(),
    )
    Study.objects.filter(pk=study.pk).update(promoted_round=round_)
    study.refresh_from_db()
    return base


def _ranked(pool: KnownPool, clip_ids: Sequence[int] | NDArray[np.int64], audit_every: int) -> Iterator[RankedClip]:
    """Most uncertain first; each audit place goes to the least uncertain that is left."""
    order = list(np.argsort(-pool.scores.mean_entropy, kind="stable"))
    n_placed = 0
    while order:
        n_placed += 1
        is_audit = audit_every > 0 and n_placed % audit_every == 0
        row = int(order.pop() if is_audit else order.pop(0))
        scores = {"entropy": float(pool.scores.mean_entropy[row])}
        yield RankedClip(int(clip_ids[row]), scores, term=Term.AUDIT if is_audit else Term.POLICY)
