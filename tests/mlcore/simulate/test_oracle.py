from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import ConcordError, LayoutError, RecordingError
from mlcore.simulate import SimulationConfig
from mlcore.simulate.course import class_of
from mlcore.simulate.oracle import DIMENSIONS, SimulatedAnnotator
from mlcore.simulate.recordings import draw_plans, draw_subjects
from mlcore.simulate.truth import TrialTruth, read_truth, write_truth

CONFIG = SimulationConfig(n_subjects=10, n_trials=20)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("truth") / "truth.json"
    write_truth(path, CONFIG, subjects=draw_subjects(CONFIG), plans=draw_plans(CONFIG))
    return path


def _clips(truth: Path) -> list[tuple[TrialTruth, float, float]]:
    return [(trial, start, start + 5.0) for trial in read_truth(truth) for start in np.arange(5.0, 40.0, 5.0)]


def _agreement(
    annotator: SimulatedAnnotator, clips: list[tuple[TrialTruth, float, float]]
) -> tuple[float, float, float]:
    """Share right, share two classes off, share of "can't tell"."""
    errors, passes = [], 0
    for trial, start_s, stop_s in clips:
        answer = annotator.answer(f"P{trial.subject:02}", trial.session, trial.trial, start_s, stop_s)
        if answer is None:
            passes += 1
            continue
        assert set(answer) == set(DIMENSIONS)
        errors += [abs(answer[name] - class_of(trial.mean(name, start_s, stop_s))) for name in DIMENSIONS]
    return float(np.mean(np.equal(errors, 0))), float(np.mean(np.equal(errors, 2))), passes / len(clips)


def test_annotators_are_good_but_not_perfect(truth: Path) -> None:
    right, far_off, passes = _agreement(SimulatedAnnotator(truth, seed=1), _clips(truth))
    assert 0.7 < right < 0.95
    assert far_off < 0.02
    assert 0.005 < passes < 0.15


def test_ambiguous_trials_confuse_more(truth: Path) -> None:
    clips, annotator = _clips(truth), SimulatedAnnotator(truth, seed=1)
    clear = _agreement(annotator, [clip for clip in clips if not clip[0].is_ambiguous])
    mixed = _agreement(annotator, [clip for clip in clips if clip[0].is_ambiguous])
    assert mixed[0] < clear[0] - 0.1
    assert mixed[2] > clear[2]


def test_perfect_annotators_can_be_asked_for(truth: Path) -> None:
    annotator = SimulatedAnnotator(truth, seed=1, flip_rate=0.0, abstain_rate=0.0, bias=0.0, noise=0.0)
    assert _agreement(annotator, _clips(truth)) == (1.0, 0.0, 0.0)


def test_flip_rate_flips(truth: Path) -> None:
    sloppy = SimulatedAnnotator(truth, seed=1, flip_rate=0.3, bias=0.0, noise=0.0)
    assert 0.4 < _agreement(sloppy, _clips(truth))[0] < 0.72


def test_answers_are_repeatable_and_personal(truth: Path) -> None:
    clips = _clips(truth)[:200]
    answers = [
        [
            annotator.answer(f"P{trial.subject}", trial.session, trial.trial, start_s, stop_s)
            for trial, start_s, stop_s in clips
        ]
        for annotator in (SimulatedAnnotator(truth, seed=seed) for seed in (1, 1, 2))
    ]
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


@pytest.mark.parametrize(
    ("subject", "session"), [("2", "132"), ("P02", "132"), ("S-002", "session 132"), ("P02", "first")]
)
def test_subject_and_session_are_found_by_number(truth: Path, subject: str, session: str) -> None:
    annotator = SimulatedAnnotator(truth, seed=1)
    assert annotator.respond(subject, session, 1, 10.0, 15.0) == annotator.respond("2", "132", 1, 10.0, 15.0)


def test_unknown_sessions_and_files_are_refused(truth: Path, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="session 9999 of subject P77"):
        SimulatedAnnotator(truth, seed=1).answer("P77", "9999", 1, 0.0, 5.0)
    with pytest.raises(RecordingError, match=r"gone\.json"):
        SimulatedAnnotator(tmp_path / "gone.json", seed=1)
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(RecordingError, match="is not the truth file"):
        SimulatedAnnotator(tmp_path / "odd.json", seed=1)
    with pytest.raises(ConcordError, match=r"flip_rate should be 0\.\.1"):
        SimulatedAnnotator(truth, seed=1, flip_rate=1.5)
