"""How opinions are brought together: by hand, on Gaussian classes whose best answer is known, and as properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from mlcore.train.pool import MIN_CLIPS, UNKNOWN, Pool, Voice, fit_pool

Floats = NDArray[np.float64]
N_CLASSES = 3
#: ln e of networks that are sure of themselves and say nothing: as much evidence for each class
SILENT = np.log(1e4)


def _voice(log_evidence: Floats, logits: Floats, quality: float = 1.0) -> Voice:
    return Voice(log_evidence, logits, np.full(len(logits), quality))


def _expert_alone(logits: Floats) -> Voice:
    return _voice(np.full_like(logits, SILENT), logits)


def _gaussians(n_clips: int, *, seed: int = 0, distance: float = 1.2) -> tuple[Floats, list[Floats]]:
    """Truth (n, 3), and of two modalities that err independently the exact log-posteriors (n, 3)."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, N_CLASSES, n_clips)
    means = distance * np.eye(N_CLASSES)
    measured = [means[said] + rng.standard_normal((n_clips, N_CLASSES)) for _ in range(2)]
    return np.eye(N_CLASSES)[said], [log_softmax(x @ means.T, axis=1) for x in measured]  # means are equally long


def _fit(voices: Mapping[str, Voice], target: Floats, *, has_experts: bool = True) -> Pool:
    return fit_pool(voices, target, has_experts=has_experts)


def test_scores_are_added_by_their_weights_and_qualities() -> None:
    pool = Pool({"eeg": (0.5, 2.0), "face": (1.0, 0.0)}, {"eeg": 0.8, "face": 0.25})
    eeg = Voice(np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 0.0, -0.5]]), np.array([0.5]))
    face = Voice(np.array([[4.0, 0.0, 0.0]]), np.array([[9.0, 9.0, 0.0]]), np.array([1.0]))
    # t_eeg = 0.5·(1, 2, 3) + 2·(0.5, 0, −0.5) = (1.5, 1, 0.5); t_face = (4, 0, 0)
    total = 0.8 * 0.5 * np.array([1.5, 1.0, 0.5]) + 0.25 * np.array([4.0, 0.0, 0.0])
    assert np.allclose(pool.probabilities({"eeg": eeg, "face": face}), np.exp(total) / np.exp(total).sum())


def test_what_is_not_known_of_a_modality_counts_as_the_usual() -> None:
    voice = _voice(np.array([[1.0, 0.0, -1.0]]), np.array([[0.0, 2.0, 0.0]]))
    assert np.allclose(Pool().probabilities({"gaze": voice}), softmax([[0.5, 1.0, -0.5]], axis=1))


@pytest.mark.parametrize("weight", [0.0, 0.3, 7.0])
def test_a_modality_that_is_alone_speaks_in_full(weight: float) -> None:
    rng = np.random.default_rng(0)
    voice = _voice(rng.standard_normal((5, 3)), rng.standard_normal((5, 3)))
    absent = replace(voice, quality=np.zeros(5))
    pool = Pool({"eeg": (0.7, 1.3), "face": (2.0, 2.0)}, {"eeg": weight, "face": 1.0})
    expected = softmax(pool.score("eeg", voice), axis=1)
    assert np.allclose(pool.probabilities({"eeg": voice}), expected)
    assert np.allclose(pool.probabilities({"eeg": voice, "face": absent}), expected)


def test_what_an_absent_modality_holds_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    here = [_voice(rng.standard_normal((4, 3)), rng.standard_normal((4, 3))) for _ in range(2)]
    pool = Pool({"eeg": (1.0, 1.0), "face": (0.5, 0.2)}, {"eeg": 0.4, "face": 0.9, "gaze": 3.0})
    expected = pool.probabilities({"eeg": here[0], "face": here[1]})
    for rubbish in (np.full((4, 3), 1e6), np.full((4, 3), np.nan), np.full((4, 3), np.inf)):
        gaze = Voice(rubbish, rubbish, np.zeros(4))
        with np.errstate(invalid="ignore"):
            assert np.array_equal(pool.probabilities({"eeg": here[0], "face": here[1], "gaze": gaze}), expected)


def test_a_clip_with_no_modality_is_answered_evenly() -> None:
    voice = Voice(np.ones((2, 4)), np.eye(4)[:2], np.zeros(2))
    assert np.array_equal(Pool().probabilities({"eeg": voice, "face": voice}), np.full((2, 4), 0.25))


opinions = arrays(np.float64, (3, 4), elements=st.floats(-30, 30))
qualities = arrays(np.float64, 3, elements=st.one_of(st.just(0.0), st.floats(0.01, 1.0)))
voices_of = st.dictionaries(
    st.sampled_from(["eeg", "face", "gaze", "skin"]), st.builds(Voice, opinions, opinions, qualities), min_size=1
)
weights = st.floats(0.0, 3.0)
pools = st.builds(
    Pool,
    st.dictionaries(st.sampled_from(["eeg", "face", "gaze"]), st.tuples(weights, weights)),
    st.dictionaries(st.sampled_from(["eeg", "face", "gaze"]), weights),
)


@given(pools, voices_of)
def test_answers_are_distributions_and_dirichlets(pool: Pool, voices: dict[str, Voice]) -> None:
    p = pool.probabilities(voices)
    assert p.shape == (3, 4)
    assert (p >= 0).all()
    assert np.allclose(p.sum(axis=1), 1.0)
    evidence = np.array([[0.0], [3.0], [1e4]])
    alpha = 1 + evidence * p
    assert (alpha >= 1).all()
    u = 4 / (4 + evidence)
    assert np.allclose(alpha / alpha.sum(axis=1, keepdims=True), (1 - u) * p + u / 4)


@given(pools, voices_of)
def test_the_order_of_the_modalities_does_not_matter(pool: Pool, voices: dict[str, Voice]) -> None:
    turned = dict(reversed(voices.items()))
    assert np.allclose(pool.probabilities(voices), pool.probabilities(turned), atol=1e-12)


@given(pools)
def test_a_pool_survives_json(pool: Pool) -> None:
    assert Pool.from_json(json.loads(json.dumps(pool.to_json()))) == pool


def test_independent_experts_are_multiplied_as_bayes_would() -> None:
    target, (eeg, face) = _gaussians(4000)
    voices = {"eeg": _expert_alone(eeg), "face": _expert_alone(face)}
    pool = _fit(voices, target)
    assert [pool.alone[name][1] for name in voices] == pytest.approx([1.0, 1.0], abs=0.1)
    assert [pool.together[name] for name in voices] == pytest.approx([1.0, 1.0], abs=0.1)
    bayes = softmax(eeg + face, axis=1)  # classes are equally frequent
    assert np.abs(pool.probabilities(voices) - bayes).mean() < 0.02


def test_networks_and_expert_who_say_the_same_share_the_word() -> None:
    target, (eeg, _) = _gaussians(3000, seed=1)
    a, c = _fit({"eeg": _voice(eeg + 8.0, eeg)}, target).alone["eeg"]
    assert a + c == pytest.approx(1.0, abs=0.1)
    assert a == pytest.approx(c, abs=0.01)


def test_noise_counts_nearly_nothing() -> None:
    rng = np.random.default_rng(2)
    target, (eeg, _) = _gaussians(3000, seed=2)
    voices = {"eeg": _expert_alone(eeg), "noise": _voice(*(2 * rng.standard_normal((2, 3000, 3))))}
    pool = _fit(voices, target)
    a, c = pool.alone["noise"]
    assert max(a, c) * pool.together["noise"] < 0.06
    alone = pool.probabilities({"eeg": voices["eeg"]})
    assert np.abs(pool.probabilities(voices) - alone).mean() < 0.03


def test_overconfidence_is_taken_back() -> None:
    target, (eeg, face) = _gaussians(3000, seed=3)
    pool = _fit({"eeg": _expert_alone(4 * eeg), "face": _expert_alone(0.5 * face)}, target)
    assert pool.alone["eeg"][1] == pytest.approx(0.25, abs=0.05)
    assert pool.alone["face"][1] == pytest.approx(2.0, abs=0.2)


def test_what_modalities_have_in_common_is_counted_once() -> None:
    target, (eeg, _) = _gaussians(3000, seed=4)
    pool = _fit({"eeg": _expert_alone(eeg), "echo": _expert_alone(eeg)}, target)
    assert pool.together["eeg"] + pool.together["echo"] == pytest.approx(1.0, abs=0.1)


def test_without_experts_only_the_networks_are_heard() -> None:
    target, (eeg, face) = _gaussians(500, seed=5)
    pool = _fit({"eeg": _voice(eeg + 8, face)}, target, has_experts=False)
    assert pool.alone["eeg"][1] == 0.0
    assert pool.alone["eeg"][0] == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize(("has_experts", "usual"), [(True, UNKNOWN), (False, (1.0, 0.0))])
def test_with_too_few_clips_nothing_is_fitted(has_experts: bool, usual: tuple[float, float]) -> None:
    target, logits = _gaussians(MIN_CLIPS - 1)
    few = {name: _voice(one + 8, one) for name, one in zip(("eeg", "face"), logits, strict=True)}
    assert _fit(few, target, has_experts=has_experts) == Pool({"eeg": usual, "face": usual})
    target, logits = _gaussians(MIN_CLIPS)
    enough = {name: _voice(one + 8, one) for name, one in zip(("eeg", "face"), logits, strict=True)}
    fitted = _fit(enough, target, has_experts=has_experts)
    assert fitted.alone["eeg"] != usual
    assert set(fitted.together) == {"eeg", "face"}


def test_together_is_judged_on_clips_that_have_everything() -> None:
    target, (eeg, face) = _gaussians(100)
    voices = {
        "eeg": _expert_alone(eeg),
        "face": replace(_expert_alone(face), quality=(np.arange(100) < MIN_CLIPS - 1).astype(np.float64)),
    }
    assert _fit(voices, target).together == {}


def test_clips_that_nobody_scored_change_nothing() -> None:
    target, (eeg, face) = _gaussians(60)
    target[40:] = np.nan
    known = _fit({"eeg": _expert_alone(eeg), "face": _expert_alone(face)}, target)
    eeg[40:], face[40:] = 5.0, np.eye(3)[0]
    assert _fit({"eeg": _expert_alone(eeg), "face": _expert_alone(face)}, target) == known


def test_a_clip_of_half_the_quality_is_half_as_loud_where_the_coefficients_are_fitted() -> None:
    target, (eeg, _) = _gaussians(400)
    quality = np.where(np.arange(400) % 2, 1.0, 0.5)
    halved = replace(_expert_alone(eeg), quality=quality)
    softened = replace(_expert_alone(eeg * quality[:, None]), quality=np.ones(400))
    assert _fit({"eeg": halved}, target).alone["eeg"][1] == pytest.approx(
        _fit({"eeg": softened}, target).alone["eeg"][1], rel=1e-4
    )
