"""From a round's frozen answers to what it learns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from annotator.domain import rounds
from annotator.domain.rounds import Vote, frozen_votes_by_annotator
from annotator.enums import AnswerKind, VoteModel
from annotator.models import Label, Round, RoundLabel
from mlcore.evaluate.agreement import pooled_dawid_skene
from mlcore.types import AROUSAL3, SAM_VALENCE9, VALENCE3, Dimension
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.studies import make_study
from worker.voters import LEAST_RELIABILITY
from worker.votes import agreement, clip_targets, columns_of, round_targets

SHARES, DAWID_SKENE = VoteModel.SHARES, VoteModel.DAWID_SKENE


def said(*answers: tuple[int, int], key: str = "valence", passes: Sequence[int] = ()) -> list[Vote]:
    """(user id, answer)."""
    numbers = passes or [0] * len(answers)
    return [Vote(who, number, {key: answer}) for (who, answer), number in zip(answers, numbers, strict=True)]


def simulated(
    accuracies: dict[int, float], *, n_clips: int, seed: int, dimension: Dimension = VALENCE3
) -> tuple[list[list[Vote]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Everybody answers every clip, right so often and else any other class."""
    rng = np.random.default_rng(seed)
    n_classes = dimension.n_classes
    truth = rng.integers(0, n_classes, n_clips)
    first = 0 if dimension.levels == 0 else 1
    votes = []
    for true in truth:
        given = []
        for who, accuracy in accuracies.items():
            wrong = (true + rng.integers(1, n_classes)) % n_classes
            given.append((who, int(first + (true if rng.random() < accuracy else wrong))))
        votes.append(said(*given))
    return votes, truth


@pytest.mark.parametrize(("dimension", "first"), [(VALENCE3, 0), (SAM_VALENCE9, 1)])
def test_votes_become_shares_and_every_clip_counts_the_same(dimension: Dimension, first: int) -> None:
    votes = [said((1, first), (2, first + 2)), said((2, first + 2)), [], said((3, first), (1, first), (2, first + 2))]
    found = clip_targets(votes, dimension, SHARES)
    assert found.targets[[0, 1, 3]][:, [0, 2]].tolist() == pytest.approx(np.array([[0.5, 0.5], [0, 1], [2 / 3, 1 / 3]]))
    assert np.isnan(found.targets[2]).all()
    assert found.targets[[0, 1, 3]].sum(axis=1) == pytest.approx([1.0] * 3)
    assert found.targets.dtype == np.float32
    assert found.weights.tolist() == [1.0] * 4
    assert found.voters is None


def test_dawid_skenes_posteriors_are_the_targets() -> None:
    votes, _ = simulated({5: 0.9, 6: 0.8, 9: 0.4}, n_clips=80, seed=0)
    found = clip_targets(votes, VALENCE3, DAWID_SKENE)
    model = pooled_dawid_skene(columns_of(votes, VALENCE3).votes)
    assert np.array_equal(found.targets, model.posterior.astype(np.float32))
    assert found.reliability[6]["expected_accuracy"] == pytest.approx(model.expected_accuracy()[1])


def test_believing_reliable_annotators_is_right_more_often_than_counting() -> None:
    votes, truth = simulated({1: 0.95, 2: 0.4, 3: 0.4}, n_clips=600, seed=1)
    right = {
        model: (clip_targets(votes, VALENCE3, model).targets.argmax(axis=1) == truth).mean()
        for model in (SHARES, DAWID_SKENE)
    }
    assert right[DAWID_SKENE] > right[SHARES] + 0.1


def test_a_clip_counts_by_who_stands_behind_it() -> None:
    votes, _ = simulated({1: 0.9, 2: 0.9, 3: 0.34, 4: 0.9}, n_clips=600, seed=2)
    alone = [said((1, 0)), said((3, 0)), said((1, 0), (2, 1)), said((1, 0), (1, 0), passes=(0, 1)), []]
    found = clip_targets([*votes, *alone], VALENCE3, DAWID_SKENE)
    good, guess, conflict, repeated, nobody = found.weights[-5:]
    assert guess < 0.2 * good < good < conflict
    assert repeated == good  # the same person twice is one person
    assert nobody == 0.0
    assert found.weights[:-1].mean() == pytest.approx(1.0)
    # two good annotators who disagree make an ambiguous target, not a lost one
    assert sorted(found.targets[-3].tolist()) == pytest.approx([0.0, 0.5, 0.5], abs=0.2)
    assert found.reliability[3]["reliability"] == pytest.approx(LEAST_RELIABILITY, abs=0.1)


def test_levels_are_weighed_by_correlation() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(1, 10, 200)
    votes = [said((1, int(level)), (2, int(level)), (3, int(rng.integers(1, 10)))) for level in truth]
    found = clip_targets(votes, SAM_VALENCE9, DAWID_SKENE)
    assert (found.targets[np.arange(200), truth - 1] > 0.75).all()
    assert found.targets.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-6)
    assert found.reliability[3]["reliability"] < 0.3 < found.reliability[1]["reliability"]
    assert found.reliability[1]["expected_accuracy"] is None


def test_a_question_that_nobody_answered_has_neither_targets_nor_people() -> None:
    for model in (SHARES, DAWID_SKENE):
        for dimension in (AROUSAL3, SAM_VALENCE9):
            votes = [said((1, 1), key="other"), []]
            found = clip_targets(votes, dimension, model)
            assert np.isnan(found.targets).all()
            assert (found.weights.shape, found.reliability) == ((2,), {})


def test_what_is_told_of_each_annotator() -> None:
    votes = {
        10: [*said((1, 0), (2, 0)), *said((1, 0), passes=(1,))],
        11: said((1, 1)),
        12: said((1, 2), (2, 1)),
        13: said((7, 1), key="arousal"),
    }
    found = round_targets(votes, [10, 11, 12, 13], (VALENCE3, AROUSAL3), SHARES)
    told = found.reliability
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert {who: (one["n_votes"], sorted(one["targets"])) for who, one in told.items()} == {
        "1": (4, ["valence"]),
        "2": (2, ["valence"]),
        "7": (1, ["arousal"]),
    }
    first = told["1"]["targets"]["valence"]
    assert (first["n_votes"], first["n_shared"]) == (4, 3)
    assert (first["repeats"]["n_pairs"], first["repeats"]["agreement"]) == (1, 1.0)
    assert told["2"]["targets"]["valence"]["repeats"]["agreement"] is None
    assert 0.0 < first["expected_accuracy"] < 1.0
    nobody_else = told["7"]["targets"]["arousal"]
    assert (nobody_else["n_shared"], nobody_else["expected_accuracy"], nobody_else["reliability"]) == (0, None, None)
    assert found.agreement["arousal"] is None
    assert found.agreement["valence"] == agreement([votes[10], votes[11], votes[12]], VALENCE3)


def test_repeats_are_no_agreement_between_people() -> None:
    votes = [said((1, 0), (1, 0), passes=(0, 1)), said((1, 1), (1, 1), passes=(0, 1))]
    assert agreement(votes, VALENCE3) is None


def test_clips_keep_their_order_and_others_have_no_part() -> None:
    votes = {1: said((1, 0)), 2: said((1, 1)), 3: said((1, 2)), 4: said((2, 0))}
    found = round_targets(votes, [3, 1, 5], (VALENCE3,), SHARES)
    assert found.targets["valence"][:2].argmax(axis=1).tolist() == [2, 0]
    assert np.isnan(found.targets["valence"][2]).all()
    assert set(found.reliability) == {"1"}


def frozen(labels: Iterable[Label]) -> Round:
    labels = list(labels)
    study = labels[0].study
    round_ = Round.objects.create(
        study=study, number=1, seed=1, code_version="t", data_hash="0" * 64, n_labels=len(labels), n_clips=2
    )
    RoundLabel.objects.bulk_create(RoundLabel(round=round_, label=label) for label in labels)
    return round_


@pytest.mark.django_db
def test_frozen_answers_come_with_who_gave_them() -> None:
    study = make_study(overlap=2)
    kim, lee = make_member(study, "kim"), make_member(study, "lee")
    first, second = study.clips.filter(subject__is_test=False)[:2]
    labels = [
        add_label(first, kim, {"valence": 1, "arousal": 2}),
        add_label(first, lee, {"valence": 0, "arousal": 2}),
        add_label(second, kim, answer=AnswerKind.BAD_SIGNAL),
    ]
    add_label(second, lee)  # after the freezing
    round_ = frozen(labels)
    assert frozen_votes_by_annotator(round_) == {
        first.pk: [
            Vote(kim.pk, 0, {"valence": 1, "arousal": 2}, labels[0].pk),
            Vote(lee.pk, 0, {"valence": 0, "arousal": 2}, labels[1].pk),
        ]
    }
    assert {clip: [vote.values for vote in given] for clip, given in frozen_votes_by_annotator(round_).items()} == (
        rounds.frozen_votes(round_)
    )
