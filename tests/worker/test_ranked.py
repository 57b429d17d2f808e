"""From candidates and an order to rows: every clip once, its scores in plain finite numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mlcore.acquire.batch import Composition
from mlcore.acquire.codes import ASKS, ROUTES, TERMS, code
from mlcore.acquire.gate import gate
from mlcore.acquire.score_columns import blank_rows
from mlcore.types import AcquisitionConfig, Ask, Route, Term
from tests.factories.pools import MODALITIES, TARGETS, make_candidates
from worker.ranked import CHUNK, Pool, predictions, ranked_clips

N = 6
UNREAD = 4


def make_pool(n_clips: int = N, *, first_id: int = 100, seed: int = 0) -> Pool:
    candidates = make_candidates(n_clips, seed=seed)
    assert candidates.scores is not None
    candidates = replace(candidates, scores=blank_rows(candidates.scores, np.arange(n_clips) == UNREAD))
    return Pool(candidates, np.arange(n_clips) + first_id, gate(candidates, AcquisitionConfig()))


def order_of(pool: Pool, n_clips: int = N) -> Composition:
    """Last to first, the second place a repeat of the answered clip 1 by person 7."""
    place = np.insert(np.arange(n_clips)[::-1], 1, -1)
    is_new = place >= 0
    term = np.where(is_new, code(Term.POLICY), code(Term.REPEAT_OWN)).astype(np.uint8)
    return Composition(
        place=place,
        answered_place=np.where(is_new, -1, 1),
        term=term,
        route=np.where(is_new, pool.gated.route[place], code(Route.MAIN)).astype(np.uint8),
        ask=np.where(is_new, pool.gated.ask[place], code(Ask.BOTH)).astype(np.uint8),
        value=np.where(is_new, np.arange(n_clips + 1) / 10, np.nan),
        reserved_for=np.where(is_new, -1, 7),
        pass_number=(~is_new).astype(np.uint8),
    )


def test_clips_come_in_order_with_what_bought_them_their_place() -> None:
    pool, again = make_pool(), make_pool(first_id=900, seed=5)
    composed = order_of(pool)
    found = list(ranked_clips(composed, pool, again))
    assert [clip.clip_id for clip in found] == [105, 901, 104, 103, 102, 101, 100]
    assert [clip.term for clip in found] == [TERMS[term] for term in composed.term]
    assert [clip.route for clip in found] == [ROUTES[route] for route in composed.route]
    assert [clip.ask for clip in found] == [ASKS[ask] for ask in composed.ask]
    assert [(clip.reserved_for, clip.pass_number) for clip in found] == [(None, 0), (7, 1), *[(None, 0)] * 5]
    assert [clip.scores["value"] for clip in found] == [0.0, None, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_scores_are_told_by_target_and_modality_in_numbers_that_json_knows() -> None:
    pool = make_pool()
    scores = pool.candidates.scores
    assert scores is not None
    told = {clip.clip_id: clip.scores for clip in ranked_clips(order_of(pool), pool, make_pool(first_id=900))}
    for place in range(N):
        said = told[100 + place]
        assert json.loads(json.dumps(said, allow_nan=False)) == said
        assert said["seconds"] == pytest.approx(pool.candidates.seconds[place], abs=0.05)
        assert set(said["quality"]) == {
            name for name in MODALITIES if np.isfinite(pool.candidates.quality[name][place])
        }
        if place == UNREAD:
            assert (said["entropy"], said["unscored"]) == (None, "no usable modality")
            continue
        assert said["entropy"] == scores.mean_entropy[place]
        for name, field in (("entropy_by_target", "entropy"), ("vacuity", "vacuity"), ("bald", "bald")):
            assert said[name] == {target: getattr(scores, field)[target][place] for target in TARGETS}
        for modality in MODALITIES:
            amounts = [(scores.alpha_by_modality[modality][name][place] - 1).sum() for name in TARGETS]
            assert said["evidence"][modality] == pytest.approx(np.mean(amounts))
        agreement = scores.agreement[place]
        assert said["agreement"] == (agreement if np.isfinite(agreement) else None)


def test_the_gates_reason_is_told() -> None:
    pool = make_pool()
    told = [clip.scores["gate"] for clip in ranked_clips(order_of(pool), pool, make_pool(first_id=900))]
    assert set(told) <= {"good", "eeg_bad", "face_absent", "face_bad", "all_bad", "state_change", "ambiguous"}


def test_a_long_order_is_read_in_pieces_and_loses_nothing() -> None:
    n_clips = 2 * CHUNK + 3
    pool = make_pool(n_clips)
    found = ranked_clips(order_of(pool, n_clips), pool, make_pool(first_id=10**6))
    expected = [n_clips - 1 + 100, 10**6 + 1, *range(n_clips - 2 + 100, 99, -1)]
    assert [clip.clip_id for clip in found] == expected


def test_predictions_are_those_of_clips_that_could_be_read() -> None:
    pool = make_pool()
    scores = pool.candidates.scores
    assert scores is not None
    found = {clip: (shares, alpha) for clip, shares, alpha in predictions(scores, pool.clip_ids)}
    assert set(found) == {100 + place for place in range(N) if place != UNREAD}
    for clip, (shares, alpha) in found.items():
        for name in TARGETS:
            assert shares[name] == scores.probabilities(name)[clip - 100].tolist()
            assert alpha[name] == scores.alpha[name][clip - 100].tolist()
