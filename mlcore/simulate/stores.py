"""Write a simulated clip store: EEG, face features, what annotators said, and the truth beside it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.errors import LayoutError
from mlcore.simulate.plan import TrialPlan, cells_of_subject, draw_trial
from mlcore.simulate.store_answers import draw_answers, draw_biases
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_eeg import draw_trial_eeg
from mlcore.simulate.store_face import draw_trial_face
from mlcore.simulate.store_people import Person, draw_person
from mlcore.simulate.store_shards import Subject, write_subject
from mlcore.simulate.subjects import seeds_of
from mlcore.simulate.truth import TRUTH_NAME

Flags = NDArray[np.bool_]
#: told after each subject: how many are written, and how many there will be
OnProgress = Callable[[int, int], None]

#: what each random stream is for; part of its seed, so that one parameter changes one thing
_PERSON, _CELLS, _PLAN, _EEG, _FACE, _ANSWERS, _ANNOTATORS, _MISSING, _LABELLED = range(100, 109)
_DEAD, _GARBAGE, _NEUTRAL = range(109, 112)
_NOTE = "SIMULATED: nobody was recorded. What the simulated subjects felt; never shown to annotators or to learning."


@dataclass(frozen=True, slots=True)
class _Masks:
    """Which of the store's clips have what, each (N,)."""

    eeg: Flags
    face: Flags
    labelled: Flags
    dead_eeg: Flags
    dead_face: Flags


def simulate_store(out: Path, config: StoreConfig, *, on_progress: OnProgress | None = None) -> Path:
    """Write a simulated store below `out`: one shard a subject, and `truth.json` beside the shards.

    Modalities: `eeg` (waveform (C, T), µV) and `face` (sequence (T, 24), the last feature 1 where a face was found,
    rows of zeros elsewhere). Targets: `valence3` and `arousal3` (classes, one annotator), `valence_votes`
    (distribution, all annotators), `valence9` (ordinal) and `valence` (trace at 4 Hz, −1..1). Each trial is a session
    of its own. Quality is measured from the signals. Only simulated annotators and tests read the truth. Where sensors
    may be dead there is the target `signal` besides (usable or bad, what annotators say of a clip); a clip whose signal
    is bad has no other answer.

    Args:
        out: a folder that is empty or absent.
        config: what to simulate. The same configuration writes the same bytes.
        on_progress: told after each subject.

    Returns:
        `out`.

    Raises:
        LayoutError: `out` already holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise LayoutError(f"{out.name}: is not empty; simulate into an empty folder")
    masks = _draw_masks(config)
    plans: list[TrialPlan] = []
    for index in range(config.n_subjects):
        subject = _draw_subject(index, masks, config)
        write_subject(out, subject, config)
        plans.extend(subject.plans)
        if on_progress is not None:
            on_progress(index + 1, config.n_subjects)
    _write_truth(out / TRUTH_NAME, config, plans)
    return out


def _draw_subject(index: int, masks: _Masks, config: StoreConfig) -> Subject:
    person = draw_person(index + 1, _rng(config, _PERSON, index), config)
    plans = _draw_plans(index, person, config)
    biases = draw_biases(config, _rng(config, _ANNOTATORS))
    n_clips = config.n_trials * config.clips_per_trial
    rows = slice(index * n_clips, (index + 1) * n_clips)
    return Subject(
        plans=plans,
        eeg=tuple(draw_trial_eeg(plan, person, config, _rng(config, _EEG, index, plan.trial)) for plan in plans),
        face=tuple(draw_trial_face(plan, person, config, _rng(config, _FACE, index, plan.trial)) for plan in plans),
        answers=draw_answers(plans, biases, config, _rng(config, _ANSWERS, index)),
        present={"eeg": masks.eeg[rows], "face": masks.face[rows]},
        labelled=masks.labelled[rows],
        dead={"eeg": masks.dead_eeg[rows], "face": masks.dead_face[rows]},
        garbage=_rng(config, _GARBAGE, index),
    )


def _draw_plans(index: int, person: Person, config: StoreConfig) -> tuple[TrialPlan, ...]:
    recording = config.recording()
    cells = _neutral(cells_of_subject(index, config.n_trials, _rng(config, _CELLS, index)), index, config)
    return tuple(
        draw_trial(person.traits, trial, cell=cell, config=recording, rng=_rng(config, _PLAN, index, trial))
        for trial, cell in enumerate(cells, start=1)
    )


def _neutral(cells: tuple[tuple[int, int], ...], index: int, config: StoreConfig) -> tuple[tuple[int, int], ...]:
    """Some trials of low and high valence moved to the middle."""
    is_moved = _rng(config, _NEUTRAL, index).random(len(cells)) < config.neutral_share
    return tuple((1, cell[1]) if moved else cell for cell, moved in zip(cells, is_moved, strict=True))


def _draw_masks(config: StoreConfig) -> _Masks:
    """Exact shares of the clips, drawn over the whole store; no clip lacks both modalities."""
    order = _rng(config, _MISSING).permutation(config.n_clips)
    no_eeg = round(config.missing_eeg_share * config.n_clips)
    no_face = min(round(config.missing_face_share * config.n_clips), config.n_clips - no_eeg)
    n_labelled = max(1, round(config.labelled_share * config.n_clips))
    dead_both, dead_eeg, dead_face = _draw_dead(config)
    return _Masks(
        eeg=order >= no_eeg,
        face=(order < no_eeg) | (order >= no_eeg + no_face),
        labelled=_rng(config, _LABELLED).permutation(config.n_clips) < n_labelled,
        dead_eeg=dead_both | dead_eeg,
        dead_face=dead_both | dead_face,
    )


def _draw_dead(config: StoreConfig) -> tuple[Flags, Flags, Flags]:
    """Clips with both sensors dead, with the EEG alone, with the face alone: exact shares, no clip twice."""
    order = _rng(config, _DEAD).permutation(config.n_clips)
    shares = (config.dead_both_share, config.dead_eeg_share, config.dead_face_share)
    edges = np.rint(np.cumsum([0.0, *shares]) * config.n_clips)
    both, eeg, face = ((order >= low) & (order < high) for low, high in itertools.pairwise(edges))
    return both, eeg, face


def _rng(config: StoreConfig, *key: int) -> Generator:
    return seeds_of(config.recording(), *key)


def _write_truth(path: Path, config: StoreConfig, plans: Sequence[TrialPlan]) -> None:
    """The side file, in the form that simulated annotators read."""
    content = {
        "simulated": True,
        "note": _NOTE,
        "config": config.to_json(),
        "subjects": sorted({plan.subject for plan in plans}),
        "trials": [plan.to_json() for plan in plans],
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
