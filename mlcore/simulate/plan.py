"""What happens in a simulated trial: the emotional course, blinks, artefacts and clocks, before any signal is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.config import Difficulty, SimulationConfig
from mlcore.simulate.course import draw_course
from mlcore.simulate.mahnob import EEG_CHANNELS, FELT_EMOTIONS, UNKNOWN_EMOTION, folder_of, section_of
from mlcore.simulate.subjects import SubjectTraits
from mlcore.types import JsonObject

#: the 3×3 cells (valence class, arousal class), neighbours in the list far apart on the grid
CELLS = ((0, 2), (2, 1), (1, 0), (0, 1), (2, 2), (1, 1), (2, 0), (0, 0), (1, 2))
EEG_ARTEFACTS = ("muscle", "pop", "drift")
VIDEO_ARTEFACTS = ("occlusion", "turn", "blur")
_VIDEO_ARTEFACT_S = (0.4, 1.2)


@dataclass(frozen=True, slots=True)
class Artefact:
    """A disturbance of one modality, session clock."""

    kind: str
    start_s: float
    stop_s: float
    #: EEG channels that it reaches; empty for video
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clocks:
    """How the camera and the audio counter relate to the EEG: session_s = offset_s + frame / vid_rate_hz."""

    #: EEG time of the first video frame: negative where the camera started first
    offset_s: float
    #: frames a second as the camera delivered them; the file is stamped with the nominal rate
    vid_rate_hz: float
    n_frames: int
    #: first frame on the counter that ran all day
    vid_begin: int


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """One simulated trial = one session folder; times on the session clock (0 = first EEG sample)."""

    subject: int
    trial: int
    cell: tuple[int, int]
    start_s: float
    stop_s: float
    duration_s: float
    #: valence and arousal, −1..1, sampled at `course_sfreq` from 0 to `duration_s`
    course_sfreq: float
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    is_ambiguous: bool
    #: how much of the course each modality shows, 0..1
    face_share: float
    eeg_share: float
    #: mean of the two cells' distance, missing expression and ambiguity, 0..1
    difficulty: float
    blinks_s: tuple[float, ...]
    artefacts: tuple[Artefact, ...]
    bad_channels: tuple[str, ...]
    clocks: Clocks
    self_reports: dict[str, int]

    @property
    def stimulus(self) -> str:
        """File name of what was shown; its number alone tells nothing about the classes."""
        return f"simulated_stimulus_{CELLS.index(self.cell) + 1}.avi"

    @property
    def folder(self) -> int:
        """Number of the session folder."""
        return folder_of(self.subject, self.trial)

    def at(self, course: NDArray[np.float64], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """A course at session times, linearly between its samples."""
        grid_s = np.arange(course.size) / self.course_sfreq
        return np.interp(times_s, grid_s, course)

    def to_json(self) -> JsonObject:
        """The truth of this trial, as the side file keeps it."""
        clocks = self.clocks
        return {
            "subject": self.subject,
            "session": str(self.folder),
            "section": section_of(self.trial),
            "trial": self.trial,
            "stimulus": self.stimulus,
            "start_s": self.start_s,
            "stop_s": self.stop_s,
            "duration_s": self.duration_s,
            "class": {"valence": self.cell[0], "arousal": self.cell[1]},
            "course": {
                "sfreq": self.course_sfreq,
                "valence": self.valence.round(4).tolist(),
                "arousal": self.arousal.round(4).tolist(),
            },
            "is_ambiguous": self.is_ambiguous,
            "difficulty": round(self.difficulty, 4),
            "face_share": self.face_share,
            "eeg_share": self.eeg_share,
            "blinks_s": [round(time_s, 4) for time_s in self.blinks_s],
            "artefacts": [
                {"kind": a.kind, "start_s": a.start_s, "stop_s": a.stop_s, "channels": list(a.channels)}
                for a in self.artefacts
            ],
            "bad_channels": list(self.bad_channels),
            "video": {"offset_s": clocks.offset_s, "vid_rate_hz": clocks.vid_rate_hz, "n_frames": clocks.n_frames},
            "self_reports": dict(self.self_reports),
        }


def cells_of_subject(index: int, n_trials: int, rng: Generator) -> tuple[tuple[int, int], ...]:
    """Which cell each trial of the `index`-th subject shows: all cells equally often over subjects, in random order."""
    first = index * n_trials
    cells = [CELLS[(first + step) % len(CELLS)] for step in range(n_trials)]
    return tuple(cells[place] for place in rng.permutation(n_trials))


def draw_trial(
    traits: SubjectTraits, trial: int, *, cell: tuple[int, int], config: SimulationConfig, rng: Generator
) -> TrialPlan:
    """Plan one trial of one subject."""
    difficulty = config.difficulty
    start_s, stop_s = config.baseline_s, config.baseline_s + config.trial_s
    duration_s = stop_s + config.baseline_s
    is_ambiguous = bool(rng.random() < difficulty.ambiguous_share)
    face_share, eeg_share = _draw_shares(rng, difficulty=difficulty)
    course = draw_course(cell, rng, start_s=start_s, stop_s=stop_s, duration_s=duration_s, is_ambiguous=is_ambiguous)
    hidden = 1.0 - min(face_share, eeg_share)
    return TrialPlan(
        subject=traits.number,
        trial=trial,
        cell=cell,
        start_s=start_s,
        stop_s=stop_s,
        duration_s=duration_s,
        course_sfreq=course.sfreq,
        valence=course.valence,
        arousal=course.arousal,
        is_ambiguous=is_ambiguous,
        face_share=face_share,
        eeg_share=eeg_share,
        difficulty=float(np.clip(0.15 + 0.5 * is_ambiguous + 0.3 * hidden + rng.normal(0, 0.05), 0.0, 1.0)),
        blinks_s=_draw_blinks(rng, per_min=traits.blinks_per_min, duration_s=duration_s),
        artefacts=_draw_artefacts(rng, difficulty=difficulty, duration_s=duration_s),
        bad_channels=tuple(name for name in EEG_CHANNELS if rng.random() < difficulty.bad_channel_share),
        clocks=_draw_clocks(rng, config=config, stop_s=stop_s, duration_s=duration_s),
        self_reports=_draw_reports(rng, cell=cell, noise=traits.report_noise),
    )


def _draw_shares(rng: Generator, *, difficulty: Difficulty) -> tuple[float, float]:
    if rng.random() >= difficulty.one_sided_share:
        return 1.0, 1.0
    return (1.0, 0.2) if rng.random() < difficulty.face_dominance else (0.2, 1.0)


def _draw_blinks(rng: Generator, *, per_min: float, duration_s: float) -> tuple[float, ...]:
    """Peak times: at least 0.8 s apart, else at random, and one in every recording."""
    times_s, time_s = [], float(rng.uniform(1.0, 3.0))
    while time_s < duration_s - 0.5:
        times_s.append(time_s)
        time_s += 0.8 + float(rng.exponential(max(0.1, 60.0 / per_min - 0.8)))
    return tuple(times_s)


def _draw_artefacts(rng: Generator, *, difficulty: Difficulty, duration_s: float) -> tuple[Artefact, ...]:
    minutes = duration_s / 60.0
    artefacts = [_eeg_artefact(rng, duration_s) for _ in range(rng.poisson(difficulty.eeg_artefacts_per_min * minutes))]
    n_video = rng.poisson(difficulty.video_artefacts_per_min * minutes)
    artefacts += [_video_artefact(rng, duration_s) for _ in range(n_video)]
    return tuple(sorted(artefacts, key=lambda artefact: artefact.start_s))


def _eeg_artefact(rng: Generator, duration_s: float) -> Artefact:
    kind = EEG_ARTEFACTS[rng.integers(len(EEG_ARTEFACTS))]
    n_channels = 1 if kind == "pop" else int(rng.integers(3, 9))
    first = int(rng.integers(len(EEG_CHANNELS)))
    names = tuple(EEG_CHANNELS[(first + step) % len(EEG_CHANNELS)] for step in range(n_channels))
    start_s = float(rng.uniform(0.0, duration_s - 1.0))
    length_s = float(rng.uniform(0.5, 2.5))
    return Artefact(kind, round(start_s, 4), round(min(start_s + length_s, duration_s), 4), names)


def _video_artefact(rng: Generator, duration_s: float) -> Artefact:
    start_s = float(rng.uniform(0.5, max(0.6, duration_s - 2.0)))
    kind = VIDEO_ARTEFACTS[rng.integers(len(VIDEO_ARTEFACTS))]
    return Artefact(kind, round(start_s, 4), round(start_s + float(rng.uniform(*_VIDEO_ARTEFACT_S)), 4))


def _draw_clocks(rng: Generator, *, config: SimulationConfig, stop_s: float, duration_s: float) -> Clocks:
    """The camera starts 0.5–3 s before or after the EEG, always before the stimulus, and ends after it."""
    early = rng.random() < 0.5
    magnitude_s = float(rng.uniform(0.5, 3.0)) if early else float(rng.uniform(0.5, min(3.0, 0.8 * config.baseline_s)))
    offset_s = round(-magnitude_s if early else magnitude_s, 5)
    end_s = max(stop_s + 0.5, duration_s + float(rng.uniform(-2.0, 2.0)))
    rate_hz = round(config.fps * (1.0 + float(rng.normal(0.0, 30e-6))), 6)
    return Clocks(offset_s, rate_hz, round((end_s - offset_s) * rate_hz), int(rng.integers(1_000, 100_000)))


def _draw_reports(rng: Generator, *, cell: tuple[int, int], noise: float) -> dict[str, int]:
    """What the subject says: a noisy version of the stimulus on MAHNOB-HCI's scales."""

    def rating(value: float, spread: float) -> int:
        return int(np.clip(np.rint(5.0 + 4.0 * (value + rng.normal(0.0, spread))), 1, 9))

    valence, arousal = ((level - 1) * 0.67 for level in cell)
    emotions = FELT_EMOTIONS[cell]
    emotion = emotions[rng.integers(len(emotions))] if rng.random() > noise / 3.0 else UNKNOWN_EMOTION
    return {
        "feltEmo": int(emotion),
        "feltArsl": rating(arousal, noise),
        "feltVlnc": rating(valence, noise),
        "feltCtrl": rating(0.3 * valence - 0.2 * arousal, 0.4),
        "feltPred": rating(0.0, 0.4),
    }
