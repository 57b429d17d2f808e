from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.acquire import ASKS, ROUTES, Composition, Picked
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Ask, Route, Strategy, Term
from tests.mlcore.acquire.compositions import BARE, composed, many_subjects, routes_of, terms_of
from tests.mlcore.acquire.pools import answered_of, pool, scores_of

Floats = NDArray[np.float64]
NONE = float("nan")


# --- the order as a whole ---------------------------------------------------------------------------------------------


def test_served_clips_come_first_by_value_then_the_quality_list_then_those_nobody_is_asked_about() -> None:
    bad = [1, 1, 0.1, 0.3, 1, 1, 1]
    clips = pool(
        list(range(7)),
        eeg=bad,
        face=bad,
        crosses_change=[False, True, False, False, False, False, False],
        scores=scores_of(7),
    )
    found = composed(clips, np.array([0.1, 0.9, 0.9, 0.9, NONE, 0.5, 0.2]))
    assert found.place.tolist() == [5, 6, 0, 4, 3, 2, 1]
    assert terms_of(found) == [Term.POLICY] * 3 + [Term.REST] * 4
    assert routes_of(found) == [Route.MAIN] * 4 + [Route.QUALITY] * 2 + [Route.NOWHERE]
    np.testing.assert_array_equal(found.value, [0.5, 0.2, 0.1, NONE, NONE, NONE, NONE])
    assert found.answered_place.tolist() == [-1] * 7
    assert found.reserved_for.tolist() == [-1] * 7


def test_composed_places_say_from_which_modality_to_ask() -> None:
    clips = pool([0, 1, 2], eeg=[0.1, 1, 1], face=[1, NONE, 1], scores=scores_of(3))
    found = composed(clips, np.array([0.3, 0.2, 0.1]), n_composed=3)
    assert [ASKS[code] for code in found.ask] == [Ask.FACE, Ask.EEG, Ask.BOTH]


def test_what_a_strategy_picked_comes_in_its_own_order_before_what_it_only_scored() -> None:
    clips = pool(list(range(5)), scores=scores_of(5))
    picked = Picked(np.array([3, 1]), np.array([0.9, 0.1, 0.8, 0.2, 0.7]))
    found = composed(clips, picked.values, picked=picked, n_composed=3)
    assert found.place.tolist() == [3, 1, 0, 2, 4]


def test_a_clip_without_a_score_is_never_before_one_with_a_score() -> None:
    values = np.where(np.arange(100) % 3 == 0, NONE, np.linspace(0, 1, 100))
    found = composed(many_subjects(100, scores=scores_of(100)), values, n_composed=100)
    ordered = found.value
    n_scored = int((~np.isnan(values)).sum())
    assert ordered[:n_scored].tolist() == sorted(values[~np.isnan(values)], reverse=True)
    assert np.isnan(ordered[n_scored:]).all()
    assert terms_of(found) == [Term.POLICY] * n_scored + [Term.REST] * (100 - n_scored)


@pytest.mark.parametrize(
    ("strategy", "has_model", "term"),
    [
        (Strategy.ENTROPY, True, Term.POLICY),
        (Strategy.TYPICLUST, False, Term.COLD_START),
        (Strategy.ENTROPY, False, Term.COLD_START),
        (Strategy.RANDOM, True, Term.REST),
        (Strategy.RANDOM, False, Term.REST),
    ],
)
def test_a_place_says_whether_a_score_a_region_or_chance_bought_it(
    strategy: Strategy, has_model: bool, term: Term
) -> None:
    clips = many_subjects(30, scores=scores_of(30) if has_model else None)
    found = composed(clips, np.linspace(0, 1, 30), replace(BARE, strategy=strategy), n_composed=20)
    assert set(terms_of(found)) == {term}


def test_the_same_seed_gives_the_same_order() -> None:
    config = AcquisitionConfig(batch_size=20)
    clips = many_subjects(300, scores=scores_of(300), embedding=np.random.default_rng(0).normal(size=(300, 4)))
    answered = answered_of(pool([0] * 40), [(clip, 0, 0) for clip in range(40)], asked_now=[0, 1])
    values = np.random.default_rng(1).random(300)
    first, same, other = (
        composed(clips, values, config, n_composed=100, answered=answered, seed=seed) for seed in (3, 3, 4)
    )
    for name in Composition.__slots__:
        np.testing.assert_array_equal(getattr(first, name), getattr(same, name))
    assert first.answered_place.tolist() != other.answered_place.tolist()


def test_an_empty_pool_has_an_empty_order() -> None:
    empty = composed(pool([], scores=scores_of(0)), np.zeros(0), AcquisitionConfig(), n_composed=50)
    assert empty.n_places == 0


def test_an_embedding_of_other_clips_is_an_error() -> None:
    with pytest.raises(TrainingError, match="embedding: expected 2 candidates, got 3"):
        composed(pool([0, 1], embedding=np.zeros((3, 2))), np.zeros(2))


@pytest.mark.parametrize(
    ("values", "audit_order", "message"),
    [
        (np.array([0.1, np.inf]), np.zeros(2), "1 of 2 clips have an infinite value"),
        (np.array([0.1]), np.zeros(2), "values: expected 2 candidates, got 1"),
        (np.array([0.1, 0.2]), np.zeros(3), "audit_order: expected 2 candidates, got 3"),
        (np.array([0.1, 0.2]), np.array([0.0, NONE]), "audit_order: expected finite keys"),
    ],
)
def test_columns_that_do_not_fit_are_errors(values: Floats, audit_order: Floats, message: str) -> None:
    picked = Picked(np.zeros(0, dtype=np.int64), values)
    with pytest.raises(TrainingError, match=message):
        composed(pool([0, 1]), values, picked=picked, audit_order=audit_order)


# --- audit ------------------------------------------------------------------------------------------------------------


def test_the_audit_takes_the_pool_in_its_own_order_whatever_the_score() -> None:
    keys = np.random.default_rng(5).permutation(1000) / 1000
    config = replace(BARE, audit_share=0.12, batch_size=50, max_subject_share=1.0, min_gap_s=0.0)
    found = composed(
        many_subjects(1000, scores=scores_of(1000)), np.linspace(0, 1, 1000), config, n_composed=500, audit_order=keys
    )
    audit = found.place[np.array(terms_of(found)) == Term.AUDIT]
    assert len(audit) == 60
    # the first of the permutation, but for those that the strategy had got before
    policy = set(found.place[:500].tolist()) - set(audit.tolist())
    first = [place for place in np.argsort(keys).tolist() if place not in policy]
    assert set(audit.tolist()) <= set(np.argsort(keys)[: 60 + len(policy)].tolist())
    assert keys[audit].max() < keys[first[60]] + 1e-12
    assert np.isnan(found.value[np.array(terms_of(found)) == Term.AUDIT]).all()


def test_an_ambiguous_clip_of_the_audit_is_asked_once_like_any_other() -> None:
    clips = many_subjects(40, scores=scores_of(40, dissonance=np.full(40, 0.9)))
    config = replace(BARE, audit_share=0.5)
    found = composed(clips, np.linspace(0, 1, 40), config, n_composed=10)
    by_term = {(term, route) for term, route in zip(terms_of(found)[:10], routes_of(found)[:10], strict=True)}
    assert by_term == {(Term.AUDIT, Route.MAIN), (Term.POLICY, Route.SECOND_OPINION)}


def test_rare_kinds_are_spread_through_the_batch() -> None:
    config = replace(BARE, audit_share=0.2, batch_size=50)
    found = composed(many_subjects(300, scores=scores_of(300)), np.linspace(0, 1, 300), config, n_composed=50)
    at = np.flatnonzero(np.array(terms_of(found)) == Term.AUDIT)
    assert len(at) == 10
    assert ((at + 0.5) // 5).tolist() == pytest.approx(list(range(10)), abs=1)
    policy = found.value[:50][~np.isnan(found.value[:50])]
    assert policy.tolist() == sorted(policy, reverse=True)


def test_one_small_batch_after_another_has_its_shares_in_the_long_run() -> None:
    config = replace(BARE, audit_share=0.12, repeat_share=0.07, batch_size=5)
    clips = many_subjects(60, scores=scores_of(60))
    old = answered_of(pool([200 + clip for clip in range(20)]), [(clip, 7, 0) for clip in range(20)], asked_now=[7, 8])
    count: Counter[Term] = Counter()
    for seed in range(400):
        found = composed(clips, np.linspace(0, 1, 60), config, n_composed=5, answered=old, seed=seed)
        count.update(terms_of(found)[:5])
    assert count[Term.AUDIT] / 2000 == pytest.approx(0.12, abs=0.02)
    assert count[Term.REPEAT_OTHER] / 2000 == pytest.approx(0.035, abs=0.012)
    assert count[Term.REPEAT_OWN] / 2000 == pytest.approx(0.035, abs=0.012)


# --- second opinions --------------------------------------------------------------------------------------------------


def test_second_opinions_go_by_dissonance_and_keep_to_their_share() -> None:
    dissonance = np.where(np.arange(200) < 60, 0.8 + np.arange(200) / 1000, 0.0)
    clips = many_subjects(200, scores=scores_of(200, dissonance=dissonance))
    # the strategy wants the ambiguous ones before all others
    values = 1.0 - np.arange(200) / 200
    found = composed(clips, values, replace(BARE, second_opinion_share=0.1, batch_size=20), n_composed=40)
    for batch, expected in ((slice(0, 20), [58, 59]), (slice(20, 40), [56, 57])):
        two = found.route[batch] == ROUTES.index(Route.SECOND_OPINION)
        assert sorted(found.place[batch][two].tolist()) == expected
        assert {terms_of(found)[batch][at] for at in np.flatnonzero(two)} == {Term.SECOND_OPINION}
        np.testing.assert_array_equal(np.sort(found.value[batch][two]), dissonance[expected])


def test_where_all_is_ambiguous_the_share_gives_way() -> None:
    clips = many_subjects(40, scores=scores_of(40, dissonance=np.full(40, 0.9)))
    found = composed(clips, np.linspace(0, 1, 40), replace(BARE, second_opinion_share=0.1), n_composed=10)
    assert Counter(terms_of(found)[:10]) == {Term.SECOND_OPINION: 1, Term.POLICY: 9}
    assert set(routes_of(found)) == {Route.SECOND_OPINION}


# --- repeats and second answers ---------------------------------------------------------------------------------------


def test_repeats_are_half_anothers_and_half_ones_own() -> None:
    config = replace(BARE, repeat_share=0.1, batch_size=20)
    old = pool([200 + clip for clip in range(50)], eeg=[0.1] * 25 + [1.0] * 25)
    answered = answered_of(old, [(clip, 7, 0) for clip in range(50)], asked_now=[7, 8])
    found = composed(
        many_subjects(200, scores=scores_of(200)), np.linspace(0, 1, 200), config, n_composed=200, answered=answered
    )
    for start in range(0, 200, 20):
        count = Counter(terms_of(found)[start : start + 20])
        assert (count[Term.REPEAT_OTHER], count[Term.REPEAT_OWN]) == (1, 1)
    own, other = (np.array(terms_of(found)) == term for term in (Term.REPEAT_OWN, Term.REPEAT_OTHER))
    assert found.reserved_for[own].tolist() == [7] * 10
    assert set(found.reserved_for[~own].tolist()) == {-1}
    assert found.pass_number.tolist() == own.astype(int).tolist()
    assert found.place[own | other].tolist() == [-1] * 20
    rows = found.answered_place[own | other]
    assert len(set(rows.tolist())) == 20
    assert found.ask[own | other].tolist() == answered.gated.ask[rows].tolist()
    assert set(routes_of(found)) == {Route.MAIN}


@pytest.mark.parametrize(
    ("asked_now", "age_s", "expected"),
    [([7], 1e6, {Term.REPEAT_OWN: 4}), ([7, 8], 60.0, {Term.REPEAT_OTHER: 4}), ([7], 60.0, {}), ([], 1e6, {})],
)
def test_what_one_kind_of_repeat_lacks_the_other_gets(
    asked_now: list[int], age_s: float, expected: dict[Term, int]
) -> None:
    config = replace(BARE, repeat_share=0.2, batch_size=20)
    old = pool([200 + clip for clip in range(50)])
    answered = answered_of(old, [(clip, 7, 0) for clip in range(50)], asked_now=asked_now, age_s=age_s)
    found = composed(
        many_subjects(200, scores=scores_of(200)), np.linspace(0, 1, 200), config, n_composed=20, answered=answered
    )
    count = Counter(terms_of(found)[:20])
    assert count == {Term.POLICY: 20 - sum(expected.values()), **expected}


def test_second_answers_take_no_more_than_their_share() -> None:
    doubtful, sure = np.tile([0.3, 0.7], (50, 1)), np.tile([0.98, 0.02], (200, 1))
    old = pool([200 + clip for clip in range(50)], scores=scores_of(50, probabilities={"valence": doubtful}))
    answered = answered_of(old, [(clip, 7, 0) for clip in range(50)], asked_now=[7, 8])
    clips = many_subjects(200, scores=scores_of(200, probabilities={"valence": sure}))
    config = replace(BARE, relabel_share=0.1, batch_size=20)
    found = composed(clips, np.linspace(0, 1, 200), config, n_composed=200, answered=answered)
    for start in range(0, 200, 20):
        assert Counter(terms_of(found)[start : start + 20]) == {Term.POLICY: 18, Term.RELABEL: 2}
    without = composed(
        clips, np.linspace(0, 1, 200), replace(config, relabel_share=0.0), n_composed=200, answered=answered
    )
    assert set(terms_of(without)) == {Term.POLICY}


def test_a_second_answer_takes_a_place_where_it_is_worth_more_than_the_new_clip() -> None:
    # nothing is measured: new 1 − (p + 1/2)/2, answered 1 − (2p + 1/2)/3
    new = np.array([[0.5, 0.5], [0.8, 0.2], [0.98, 0.02]])
    old = np.array([[0.3, 0.7], [0.6, 0.4], [0.99, 0.01]])
    clips = pool([0, 1, 2], scores=scores_of(3, probabilities={"valence": new}))
    scores = scores_of(3, probabilities={"valence": old})
    answered = answered_of(pool([3, 4, 5], scores=scores), [(clip, 7, 0) for clip in range(3)], asked_now=[7, 8])
    found = composed(
        clips, np.array([0.3, 0.2, 0.1]), replace(BARE, max_subject_share=1.0), n_composed=6, answered=answered
    )
    # 0.633 | 0.5 | 0.433 | 0.35 | 0.26 | the last old one, 0.173, is worth less than any new one
    assert found.place.tolist() == [-1, 0, -1, 1, 2]
    assert found.answered_place.tolist() == [0, -1, 1, -1, -1]
    assert terms_of(found) == [Term.RELABEL, Term.POLICY, Term.RELABEL, Term.POLICY, Term.POLICY]
    np.testing.assert_allclose(found.value[[0, 2]], [1 - 1.1 / 3, 1 - 1.7 / 3])
