"""Write a whole simulated data set in the MAHNOB-HCI layout."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import cv2
from numpy.random import Generator

from mlcore.errors import LayoutError
from mlcore.simulate.bdf import sample_count, write_bdf
from mlcore.simulate.body import draw_body
from mlcore.simulate.brain import draw_eeg
from mlcore.simulate.camera import write_video
from mlcore.simulate.config import SimulationConfig
from mlcore.simulate.face import FaceRenderer
from mlcore.simulate.mahnob import eeg_name, gaze_name, video_name
from mlcore.simulate.performance import perform
from mlcore.simulate.plan import TrialPlan, cells_of_subject, draw_trial
from mlcore.simulate.portrait import draw_appearance
from mlcore.simulate.sidecars import write_gaze, write_session_xml
from mlcore.simulate.subjects import SubjectTraits, draw_subject, seeds_of
from mlcore.simulate.truth import TRUTH_NAME, write_truth

#: told after each session: how many are written, and how many there will be
OnProgress = Callable[[int, int], None]

#: what each random stream is for; part of its seed
_TRAITS, _CELLS, _TRIAL, _APPEARANCE, _HEAD, _EEG, _BODY, _FACE, _CAMERA, _GAZE = range(10)

_README = """SIMULATED recordings
====================

Nobody was recorded. These files were drawn by `python -m mlcore simulate` (seed {seed}) in the layout of the
MAHNOB-HCI data set: {n_subjects} simulated subjects, {n_trials} trials of {trial_s:g} s each.

The faces are warped from a public-domain portrait (NASA's, as scikit-image ships it) and show no one's emotions; the
EEG is noise with modulated rhythms. {truth} holds what was simulated; learning never reads it.
"""


def simulate_recordings(
    out: Path, config: SimulationConfig, *, on_progress: OnProgress | None = None, workers: int = 1
) -> Path:
    """Write simulated recordings below `out` and return `out`.

    Writes out/Sessions/<n>/ (BDF, video, gaze file, session.xml), out/README.txt and out/truth.json, the last when all
    sessions are there. The same configuration writes the same bytes, whatever `workers` (processes, 1 = this one).
    Raises LayoutError if `out` already holds sessions.
    """
    sessions = out / "Sessions"
    if sessions.exists() and any(sessions.iterdir()):
        raise LayoutError(f"{out.name}: already holds sessions; simulate into an empty folder")
    sessions.mkdir(parents=True, exist_ok=True)
    (out / "README.txt").write_text(_readme(config), encoding="utf-8")
    subjects = draw_subjects(config)
    plans = draw_plans(config)
    _write_all(sessions, plans, config=config, on_progress=on_progress, workers=workers)
    write_truth(out / TRUTH_NAME, config, subjects=subjects, plans=plans)
    return out


def draw_subjects(config: SimulationConfig) -> tuple[SubjectTraits, ...]:
    """The simulated subjects of a data set."""
    return tuple(_subject(number, config) for number in config.subject_numbers)


def draw_plans(config: SimulationConfig) -> tuple[TrialPlan, ...]:
    """The plans of all trials, subject by subject."""
    plans = []
    for index, traits in enumerate(draw_subjects(config)):
        cells = cells_of_subject(index, config.n_trials, seeds_of(config, _CELLS, traits.number))
        for trial, cell in enumerate(cells, start=1):
            rng = seeds_of(config, _TRIAL, traits.number, trial)
            plans.append(draw_trial(traits, trial, cell=cell, config=config, rng=rng))
    return tuple(plans)


def write_session(folder: Path, plan: TrialPlan, *, config: SimulationConfig) -> None:
    """Write one session folder."""
    folder.mkdir(parents=True)
    traits = _subject(plan.subject, config)
    write_session_xml(folder / "session.xml", plan)
    write_gaze(folder / gaze_name(plan.subject, plan.trial), plan, _seeds(config, _GAZE, plan))
    _write_eeg(folder / eeg_name(plan.subject, plan.trial), plan, traits, config)
    _write_face(folder / video_name(plan.subject, plan.trial), plan, traits, config)


def _readme(config: SimulationConfig) -> str:
    return _README.format(
        seed=config.seed,
        n_subjects=config.n_subjects,
        n_trials=config.n_trials,
        trial_s=config.trial_s,
        truth=TRUTH_NAME,
    )


def _subject(number: int, config: SimulationConfig) -> SubjectTraits:
    return draw_subject(number, seeds_of(config, _TRAITS, number), difficulty=config.difficulty)


def _seeds(config: SimulationConfig, purpose: int, plan: TrialPlan) -> Generator:
    return seeds_of(config, purpose, plan.subject, plan.trial)


def _write_eeg(path: Path, plan: TrialPlan, traits: SubjectTraits, config: SimulationConfig) -> None:
    sfreq = config.eeg_sfreq
    n_samples = sample_count(plan, sfreq)
    eeg_uv = draw_eeg(
        plan,
        traits,
        sfreq=sfreq,
        n_samples=n_samples,
        difficulty=config.difficulty,
        rng=_seeds(config, _EEG, plan),
        subject_rng=seeds_of(config, _HEAD, plan.subject),
    )
    body_uv = draw_body(plan, traits, sfreq=sfreq, n_samples=n_samples, rng=_seeds(config, _BODY, plan))
    write_bdf(path, eeg_uv, body_uv, plan=plan, sfreq=sfreq)


def _write_face(path: Path, plan: TrialPlan, traits: SubjectTraits, config: SimulationConfig) -> None:
    appearance = draw_appearance(seeds_of(config, _APPEARANCE, plan.subject))
    renderer = FaceRenderer(appearance, width=config.width, height=config.height)
    acts = perform(plan, traits, _seeds(config, _FACE, plan))
    frames = renderer.frames(acts, camera_noise=config.difficulty.camera_noise, rng=_seeds(config, _CAMERA, plan))
    write_video(path, frames, width=config.width, height=config.height, fps=config.fps)


def _write_all(
    sessions: Path,
    plans: tuple[TrialPlan, ...],
    *,
    config: SimulationConfig,
    on_progress: OnProgress | None,
    workers: int,
) -> None:
    tell = on_progress or (lambda done, total: None)
    if workers <= 1:
        for done, plan in enumerate(plans, start=1):
            write_session(sessions / str(plan.folder), plan, config=config)
            tell(done, len(plans))
        return
    # spawned, not forked: the parent may run threads
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        futures: list[Future[None]] = [
            pool.submit(write_session, sessions / str(plan.folder), plan, config=config) for plan in plans
        ]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            tell(done, len(plans))
