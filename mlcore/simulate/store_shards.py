"""One simulated subject as a shard: trials cut into clips, quality measured from them, answers where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.signals.quality import channel_severities, judged
from mlcore.signals.severity import NAMED_FROM
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.store_answers import CLASSES, N_LEVELS, Answers
from mlcore.simulate.store_config import TRACE_SFREQ, StoreConfig
from mlcore.simulate.store_dead import face_quality, garbage_eeg, garbage_face
from mlcore.simulate.store_people import N_FEATURES
from mlcore.store import (
    UNLABELLED,
    ClipTable,
    ModalityKind,
    ModalityMeta,
    ShardMeta,
    TargetKind,
    TargetMeta,
    write_shard,
)
from mlcore.types import QualityFault

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
#: what annotators say of a clip's sensors, where they may be dead
SIGNAL: Final = "signal"
SIGNALS: Final = ("usable", "bad")
FACE_FEATURES: Final = (*(f"f{number:02d}" for number in range(1, N_FEATURES + 1)), "found")


@dataclass(frozen=True, slots=True)
class Subject:
    """All that is known of one subject.

    Args:
        plans: its trials.
        eeg: of each trial (C, T) from the session's first sample, µV.
        face: of each trial (T, 24) likewise.
        answers: about its N clips, trial by trial.
        present: modality -> (N,) whether the clip has it.
        labelled: (N,) whether anybody answered.
        dead: modality -> (N,) whether its sensors recorded garbage.
        garbage: what the garbage is drawn with.
    """

    plans: tuple[TrialPlan, ...]
    eeg: tuple[Floats, ...]
    face: tuple[Floats, ...]
    answers: Answers
    present: Mapping[str, Flags]
    labelled: Flags
    dead: Mapping[str, Flags]
    garbage: Generator

    @property
    def is_bad(self) -> Flags:
        """(N,) clips of which annotators can only say that the signal is bad."""
        usable = [self.present[name] & ~self.dead[name] for name in self.present]
        return np.asarray(~np.logical_or.reduce(usable))


def write_subject(out: Path, subject: Subject, config: StoreConfig) -> None:
    """Write the subject's shard below `out`."""
    eeg = _clips([trial.T for trial in subject.eeg], config.sfreq, config).transpose(0, 2, 1)
    face = _clips(subject.face, config.face_fps, config)
    eeg[subject.dead["eeg"]] = garbage_eeg(eeg[subject.dead["eeg"]], config.sfreq, subject.garbage)
    face[subject.dead["face"]] = garbage_face(face[subject.dead["face"]], subject.garbage)
    quality = {"eeg": _eeg_quality(eeg, config.sfreq), "face": face_quality(face, config.face_fps)}
    answered = subject.labelled & ~subject.is_bad
    arrays: dict[str, NDArray[Any]] = {
        "eeg": _masked(eeg, subject.present["eeg"]),
        "face": _masked(face, subject.present["face"]),
        "valence_votes": _scored(subject.answers.votes, answered),
        "valence": _scored(subject.answers.traces, answered),
    }
    write_shard(out / _code(subject), _meta(config), _table(subject, quality, config), arrays)


def _clips(trials: tuple[Floats, ...] | list[Floats], sfreq: float, config: StoreConfig) -> Floats:
    """Clips (N, T, …) of trials (T, …)."""
    n_steps = round(config.window_s * sfreq)
    firsts = [round(start_s * sfreq) for start_s in config.starts_s]
    return np.stack([trial[first : first + n_steps] for trial in trials for first in firsts])


def _eeg_quality(clips: Floats, sfreq: float) -> Floats:
    """As the application measures it, from the samples alone, of named faults only.

    A strong beta rhythm raises the measure of muscles a little on every channel: below the level at which a fault is
    named, that would tell the arousal.
    """
    return np.array([judged(_named(channel_severities(clip, sfreq))).score for clip in clips])


def _named(severities: Mapping[QualityFault, Floats]) -> dict[QualityFault, Floats]:
    return {fault: np.where(values >= NAMED_FROM, values, 0.0) for fault, values in severities.items()}


def _masked(clips: Floats, present: Flags) -> NDArray[np.float32]:
    return np.ascontiguousarray(clips * present[:, None, None], dtype=np.float32)


def _scored(values: Floats, labelled: Flags) -> NDArray[np.float32]:
    return np.where(labelled[:, None], values, np.nan).astype(np.float32)


def _code(subject: Subject) -> str:
    return f"s{subject.plans[0].subject:03d}"


def _meta(config: StoreConfig) -> ShardMeta:
    n_samples, n_steps = round(config.window_s * config.sfreq), round(config.window_s * config.face_fps)
    eeg = ModalityMeta(
        ModalityKind.WAVEFORM, (config.n_channels, n_samples), "float32", config.sfreq, "µV", config.channels
    )
    face = ModalityMeta(
        ModalityKind.SEQUENCE, (n_steps, len(FACE_FEATURES)), "float32", config.face_fps, "", FACE_FEATURES
    )
    targets = {
        "valence3": TargetMeta(TargetKind.CLASS, CLASSES),
        "arousal3": TargetMeta(TargetKind.CLASS, CLASSES),
        "valence_votes": TargetMeta(TargetKind.DISTRIBUTION, CLASSES),
        "valence9": TargetMeta(TargetKind.ORDINAL, levels=N_LEVELS),
        "valence": TargetMeta(TargetKind.TRACE, sfreq=TRACE_SFREQ),
    }
    if config.has_dead:
        targets[SIGNAL] = TargetMeta(TargetKind.CLASS, SIGNALS)
    return ShardMeta({"eeg": eeg, "face": face}, targets)


def _table(subject: Subject, quality: Mapping[str, Floats], config: StoreConfig) -> ClipTable:
    plans, n_clips = subject.plans, config.clips_per_trial
    start_s = np.tile(config.starts_s, len(plans))
    answers = subject.answers
    said = {
        "valence3": answers.first["valence"],
        "arousal3": answers.first["arousal"],
        "valence9": answers.levels,
    }
    given = {name: np.where(subject.is_bad, UNLABELLED, values) for name, values in said.items()}
    if config.has_dead:
        given[SIGNAL] = subject.is_bad.astype(np.int64)
    return ClipTable(
        clip_id=np.array([f"{_code(subject)}-t{plan.trial:02d}-c{n:02d}" for plan in plans for n in range(n_clips)]),
        subject=np.full(len(start_s), _code(subject)),
        session=np.repeat([str(plan.folder) for plan in plans], n_clips),
        trial=np.repeat([plan.trial for plan in plans], n_clips).astype(np.int64),
        start_s=start_s,
        stop_s=start_s + config.window_s,
        present=subject.present,
        quality={name: values * subject.present[name] for name, values in quality.items()},
        targets={name: np.where(subject.labelled, values, UNLABELLED) for name, values in given.items()},
    )
