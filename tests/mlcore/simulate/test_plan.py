from __future__ import annotations

from collections import Counter

import numpy as np

from mlcore.simulate import Difficulty, SimulationConfig
from mlcore.simulate.course import class_of
from mlcore.simulate.recordings import draw_plans, draw_subjects


def test_cells_are_shown_equally_often() -> None:
    plans = draw_plans(SimulationConfig(n_subjects=9, n_trials=4))
    assert set(Counter(plan.cell for plan in plans).values()) == {4}


def test_clips_of_one_trial_differ() -> None:
    plans = draw_plans(SimulationConfig(n_subjects=4, n_trials=4))
    spreads = []
    for plan in plans:
        clips = [float(plan.at(plan.valence, start_s + np.arange(20) / 4).mean()) for start_s in range(10, 40, 5)]
        spreads.append(np.std(clips))
    assert np.median(spreads) > 0.05


def test_the_course_stays_near_its_class() -> None:
    config = SimulationConfig(n_subjects=8, n_trials=9, difficulty=Difficulty(ambiguous_share=0.0))
    hits = []
    for plan in draw_plans(config):
        during = np.arange(plan.start_s + 2.0, plan.stop_s, 0.25)
        hits += [class_of(value) == plan.cell[0] for value in plan.at(plan.valence, during)]
    assert 0.75 < np.mean(hits) < 0.98


def test_video_covers_the_stimulus_on_its_own_clock() -> None:
    for plan in draw_plans(SimulationConfig(n_subjects=8, n_trials=4, baseline_s=1.0)):
        clocks = plan.clocks
        assert 0.5 <= abs(clocks.offset_s) <= 3.0
        assert clocks.offset_s < plan.start_s
        assert clocks.offset_s + clocks.n_frames / clocks.vid_rate_hz > plan.stop_s


def test_shares_of_the_difficulty_are_met() -> None:
    difficulty = Difficulty(ambiguous_share=0.5, one_sided_share=0.4, face_dominance=1.0)
    plans = draw_plans(SimulationConfig(n_subjects=20, n_trials=20, difficulty=difficulty))
    assert abs(np.mean([plan.is_ambiguous for plan in plans]) - 0.5) < 0.1
    assert abs(np.mean([plan.eeg_share < 1.0 for plan in plans]) - 0.4) < 0.1
    assert all(plan.face_share == 1.0 for plan in plans)


def test_more_subjects_leave_the_first_ones_alone() -> None:
    few, many = (draw_subjects(SimulationConfig(n_subjects=count, seed=2)) for count in (2, 30))
    assert many[:2] == few
    assert [traits.number for traits in many[-3:]] == [31, 32, 33]
