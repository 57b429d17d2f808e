from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.simulate.plan import Artefact, TrialPlan, draw_trial
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_face import draw_trial_face
from mlcore.simulate.store_people import draw_person

CONFIG = StoreConfig(subject_shift=0.0, face_artefacts_per_min=0.0, face_fps=10.0, face_snr=1.0)
PERSON = draw_person(1, np.random.default_rng(0), CONFIG)
SMILE, BROWS, TENSION, MOUTH, EYES, LIVELINESS = range(6)


def _plan(valence: float, arousal: float = 0.0, *, from_s: float = 0.0) -> TrialPlan:
    plan = draw_trial(PERSON.traits, 1, cell=(1, 1), config=CONFIG.recording(), rng=np.random.default_rng(0))
    shown = (np.arange(plan.valence.size) / plan.course_sfreq >= from_s).astype(np.float64)
    return replace(plan, valence=valence * shown, arousal=arousal * shown, face_share=1.0, artefacts=())


def _movement(plan: TrialPlan, n: int = 300) -> NDArray[np.float64]:
    """The six expressions over time (6, T), all noise averaged away."""
    rng = np.random.default_rng(7)
    mean = np.mean([draw_trial_face(plan, PERSON, CONFIG, rng)[:, :-1] for _ in range(n)], axis=0)
    solved: NDArray[np.float64] = np.linalg.lstsq(PERSON.expressions.T, mean.T, rcond=None)[0]
    return solved


def _level(valence: float, arousal: float = 0.0) -> NDArray[np.float64]:
    return np.asarray(_movement(_plan(valence, arousal))[:, 50:].mean(axis=1))


def test_each_expression_answers_in_its_own_way() -> None:
    neutral, glad, very_glad, sad = (_level(value) for value in (0.0, 0.5, 1.0, -1.0))
    assert very_glad[SMILE] - glad[SMILE] < 0.3 * (glad[SMILE] - neutral[SMILE])
    assert abs(sad[SMILE] - neutral[SMILE]) < 0.25
    assert sad[BROWS] - neutral[BROWS] > 0.75
    assert abs(very_glad[BROWS] - neutral[BROWS]) < 0.25
    assert abs(sad[TENSION] - very_glad[TENSION]) < 0.25
    assert very_glad[TENSION] - neutral[TENSION] > 0.45


def test_arousal_opens_mouth_and_eyes() -> None:
    calm, excited = _level(0.0, -0.8), _level(0.0, 0.8)
    assert excited[MOUTH] - calm[MOUTH] > 0.7
    assert excited[EYES] - calm[EYES] > 0.8


def test_the_face_answers_late() -> None:
    smile = _movement(_plan(1.0, from_s=8.0), n=900)[SMILE]
    change = smile - smile[:60].mean()
    # the course, 4 values a second, rises from 7.75 s on; 0.4 s of lag later so does the smile, and not at once
    assert abs(change[81]) < 0.15
    assert 0.1 < change[85] < 0.8 * change[120:].mean()
    assert change[90:100].mean() > 0.7 * change[120:].mean()


def test_liveliness_shows_in_the_spread_alone() -> None:
    def spread(arousal: float) -> float:
        rng = np.random.default_rng(3)
        faces = [draw_trial_face(_plan(0.0, arousal), PERSON, CONFIG, rng)[50:, :-1] for _ in range(30)]
        moves = [np.linalg.lstsq(PERSON.expressions.T, np.diff(face, axis=0).T, rcond=None)[0] for face in faces]
        return float(np.std([move[LIVELINESS] for move in moves]))

    assert spread(1.0) > 1.3 * spread(-1.0)
    assert abs(_level(0.0, 1.0)[LIVELINESS] - _level(0.0, -1.0)[LIVELINESS]) < 0.25


def test_a_hidden_face_is_a_row_of_zeros() -> None:
    plan = replace(_plan(0.5), artefacts=(Artefact("occlusion", 5.0, 6.0),))
    face = draw_trial_face(plan, PERSON, CONFIG, np.random.default_rng(0))
    assert not face[50:60].any()
    assert (face[:50, -1] == 1.0).all()
    assert (face[60:, -1] == 1.0).all()


def test_people_without_shift_look_alike() -> None:
    one, other = (draw_person(number, np.random.default_rng(number), CONFIG) for number in (1, 2))
    for name in ("places", "electrode_gain", "background", "identity", "expressions"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert one.traits.alpha_hz == other.traits.alpha_hz == 10.0
    usual = replace(CONFIG, subject_shift=0.3)
    one, other = (draw_person(number, np.random.default_rng(number), usual) for number in (1, 2))
    for name in ("places", "electrode_gain", "background", "identity", "expressions"):
        assert not np.allclose(getattr(one, name), getattr(other, name))
