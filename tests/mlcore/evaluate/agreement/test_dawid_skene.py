from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from mlcore.errors import TrainingError
from mlcore.evaluate.agreement import Votes, cohen_kappa, dawid_skene, pooled_dawid_skene, prior_confusion, votes_of
from tests.factories.shared import shared_file
from tests.mlcore.evaluate.agreement.anaesthetists import anaesthetists
from tests.mlcore.evaluate.agreement.simulated import one_coin, simulate

Floats = NDArray[np.float64]


def test_the_published_example_has_the_published_answer() -> None:
    found = dawid_skene(anaesthetists(), prior_votes=0.0)
    assert found.converged
    assert found.marginals.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert found.confusion[0].round(2).tolist() == [
        [0.89, 0.11, 0.00, 0.00],
        [0.07, 0.88, 0.05, 0.00],
        [0.00, 0.34, 0.66, 0.00],
        [0.00, 0.00, 0.56, 0.44],
    ]
    certain = found.posterior.max(axis=1) > 0.99
    assert (certain.sum(), len(certain)) == (42, 45)


def likelihood(votes: Votes, marginals: Floats, confusion: Floats) -> float:
    """Summed over every assignment of classes to clips: slow, and by no formula of EM's."""
    total = 0.0
    for classes in product(range(votes.n_classes), repeat=votes.n_clips):
        p = float(np.prod(marginals[list(classes)]))
        for clip, annotator, answer in zip(votes.clip, votes.annotator, votes.answer, strict=True):
            p *= float(confusion[annotator, classes[clip], answer])
        total += p
    return total


def unpacked(free: Floats, n_annotators: int) -> tuple[Floats, Floats]:
    p = 1 / (1 + np.exp(-free))
    marginals = np.array([p[0], 1 - p[0]])
    rows = p[1:].reshape(n_annotators, 2)
    return marginals, np.stack(
        [np.stack([rows[:, 0], 1 - rows[:, 0]], 1), np.stack([1 - rows[:, 1], rows[:, 1]], 1)], 1
    )


TINY = [
    [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 1), (1, 1, 1), (1, 2, 0), (2, 0, 1), (2, 1, 1), (2, 2, 1), (3, 0, 0)],
    [(0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 0), (2, 0, 1), (2, 1, 1), (3, 1, 1), (3, 0, 1), (4, 0, 0), (4, 1, 1)],
]


@pytest.mark.parametrize("rows", TINY)
def test_no_parameters_make_tiny_cases_likelier(rows: list[tuple[int, int, int]]) -> None:
    n_clips, n_annotators = 1 + max(row[0] for row in rows), 1 + max(row[1] for row in rows)
    votes = votes_of(rows, n_clips=n_clips, n_annotators=n_annotators, n_classes=2)
    found = dawid_skene(votes, prior_votes=0.0)
    own = np.log(likelihood(votes, found.marginals, found.confusion))
    assert own == pytest.approx(found.objective[-1])
    around = np.log(np.clip([found.marginals[0], *found.confusion[:, [0, 1], [0, 1]].ravel()], 1e-4, 1 - 1e-4))
    around -= np.log1p(-np.exp(around))

    def loss(free: Floats) -> float:
        return -float(np.log(likelihood(votes, *unpacked(free, n_annotators))))

    # EM's answer is a maximum: no search from around it finds better
    nearby = minimize(loss, around, method="Nelder-Mead", options={"maxiter": 400})
    assert -nearby.fun <= own + 1e-6


def test_the_posterior_is_bayes_rule() -> None:
    votes = votes_of([(0, 0, 1), (0, 1, 0), (0, 0, 1), (1, 1, 1)], n_clips=2, n_annotators=2, n_classes=2)
    found = dawid_skene(votes)
    for clip in range(2):
        joint = [
            found.marginals[k]
            * np.prod(
                [found.confusion[a, k, x] for i, a, x in [(0, 0, 1), (0, 1, 0), (0, 0, 1), (1, 1, 1)] if i == clip]
            )
            for k in range(2)
        ]
        assert found.posterior[clip] == pytest.approx(np.array(joint) / np.sum(joint), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_simulated_annotators_are_found_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confusion = one_coin([0.95, 0.85, 0.75, 0.6, 0.4], n_classes=3)
    votes, truth = simulate(confusion, np.array([0.5, 0.3, 0.2]), n_clips=4000, answered=0.7, rng=rng)
    found = pooled_dawid_skene(votes)
    assert found.marginals == pytest.approx([0.5, 0.3, 0.2], abs=0.05)
    assert np.abs(found.confusion - confusion).max() < 0.08
    assert found.expected_accuracy() == pytest.approx([0.95, 0.85, 0.75, 0.6, 0.4], abs=0.04)
    several = votes.counts().sum(axis=1) > 2
    by_count, by_model = (
        table[several].argmax(axis=1) == truth[several] for table in (votes.counts(), found.posterior)
    )
    assert by_model.mean() > by_count.mean()


def test_whoever_answered_little_is_taken_for_an_average_annotator() -> None:
    rng = np.random.default_rng(0)
    confusion = one_coin([0.9, 0.9, 0.9], n_classes=3)
    votes, _ = simulate(confusion, np.full(3, 1 / 3), n_clips=600, answered=1.0, rng=rng)
    # a fourth annotator contradicts the others once
    wrong = (votes.counts()[0].argmax() + 1) % 3
    with_fourth = Votes(
        np.append(votes.clip, 0), np.append(votes.annotator, 3), np.append(votes.answer, wrong), 600, 4, 3
    )
    accuracy = pooled_dawid_skene(with_fourth).expected_accuracy()
    assert accuracy[3] == pytest.approx(0.85, abs=0.05)
    assert dawid_skene(with_fourth, prior_votes=0.0).expected_accuracy()[3] < 0.7


def test_where_nobody_answered_what_others_did_the_prior_stands() -> None:
    rows = [(clip, clip % 2, clip % 3) for clip in range(60)]
    votes = votes_of(rows, n_clips=60, n_annotators=2, n_classes=3)
    found = pooled_dawid_skene(votes)
    assert found.expected_accuracy() == pytest.approx([0.7, 0.7], abs=0.1)
    assert np.array_equal(found.posterior.argmax(axis=1), votes.answer)


@st.composite
def some_votes(draw: st.DrawFn) -> Votes:
    n_classes, n_clips, n_annotators = draw(st.integers(2, 4)), draw(st.integers(1, 8)), draw(st.integers(1, 4))
    row = st.tuples(st.integers(0, n_clips - 1), st.integers(0, n_annotators - 1), st.integers(0, n_classes - 1))
    rows = draw(st.lists(row, min_size=1, max_size=40))
    return votes_of(rows, n_clips=n_clips, n_annotators=n_annotators, n_classes=n_classes)


@given(some_votes(), st.sampled_from([0.0, 0.5, 4.0]))
def test_the_objective_never_falls_and_all_are_distributions(votes: Votes, prior_votes: float) -> None:
    found = dawid_skene(votes, prior_votes=prior_votes)
    assert (np.diff(found.objective) >= -1e-9).all()
    answered = votes.counts().sum(axis=1) > 0
    assert np.allclose(found.posterior[answered].sum(axis=1), 1.0)
    assert np.isnan(found.posterior[~answered]).all()
    assert np.allclose(found.confusion.sum(axis=2), 1.0)
    assert found.marginals.sum() == pytest.approx(1.0)


@given(some_votes(), st.randoms(use_true_random=False))
def test_names_of_classes_annotators_and_clips_do_not_matter(votes: Votes, random: object) -> None:
    shuffles = [np.array(_shuffled(random, n)) for n in (votes.n_classes, votes.n_annotators, votes.n_clips)]
    classes, annotators, clips = shuffles
    renamed = replace(
        votes, answer=classes[votes.answer], annotator=annotators[votes.annotator], clip=clips[votes.clip]
    )
    # few steps: rounding may let one of the two stop a step earlier, and where likelihoods tie it may grow
    before, after = (dawid_skene(one, max_steps=5, tolerance=-1.0) for one in (votes, renamed))
    assert np.allclose(after.posterior[clips][:, classes], before.posterior, atol=1e-6, equal_nan=True)
    assert np.allclose(
        after.confusion[annotators][:, classes][:, :, classes], before.confusion, atol=1e-6, equal_nan=True
    )


def _shuffled(random: object, n: int) -> Sequence[int]:
    order = list(range(n))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis' own Random
    return order


def test_not_to_have_converged_is_said() -> None:
    found = dawid_skene(anaesthetists(), max_steps=2)
    assert (found.converged, found.n_steps) == (False, 2)


def test_real_ratings_of_faces_give_every_rater_a_believable_accuracy() -> None:
    """Nine raters of 1,000 faces: their strongest emotion of six; the columns may be of different people."""
    ratings = json.loads(shared_file("labels", "mdns_ratings", "primary_expression_annotations.json").read_text())
    names = sorted(next(iter(ratings.values())))
    rows = []
    for clip, face in enumerate(ratings.values()):
        table = np.array([face[name] for name in names])
        for rater, said in enumerate(table.T):
            if said.max() > 0 and (said == said.max()).sum() == 1:
                rows.append((clip, rater, int(said.argmax())))
    votes = votes_of(rows, n_clips=len(ratings), n_annotators=9, n_classes=len(names))
    found = pooled_dawid_skene(votes)
    assert found.converged
    # a rater whom the fit has not heard agrees with what it says far more often than chance would have it
    others = replace(
        votes, **{name: getattr(votes, name)[votes.annotator != 0] for name in ("clip", "annotator", "answer")}
    )
    without = pooled_dawid_skene(others).posterior
    mine = votes.annotator == 0
    said, clips = votes.answer[mine], votes.clip[mine]
    known = ~np.isnan(without[clips]).any(axis=1)
    agreed = without[clips][known].argmax(axis=1)
    assert cohen_kappa(agreed, said[known], n_classes=6) > 0.4
    agreement = (agreed == said[known]).mean()
    assert agreement == pytest.approx(found.expected_accuracy()[0], abs=0.15)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_classes": 1}, "2 or more classes"),
        ({"answer": np.array([0, 5])}, "answer should lie in 0..1"),
        ({"clip": np.array([0])}, "one length"),
    ],
)
def test_votes_that_make_no_sense_are_refused(changes: dict[str, object], sentence: str) -> None:
    votes = votes_of([(0, 0, 0), (0, 1, 1)], n_clips=1, n_annotators=2, n_classes=2)
    with pytest.raises(TrainingError, match=sentence):
        replace(votes, **changes)  # type: ignore[arg-type]  # on purpose


def test_a_prior_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(TrainingError, match="4 rows"):
        dawid_skene(anaesthetists(), prior=prior_confusion(3))
    with pytest.raises(TrainingError, match="0 or more"):
        dawid_skene(anaesthetists(), prior_votes=-1.0)
    with pytest.raises(TrainingError, match="accuracy"):
        prior_confusion(3, accuracy=1.0)
