"""What a simulated data set looks like and how hard it is to learn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Self

from mlcore.errors import ConcordError
from mlcore.types import JsonObject

#: participants of MAHNOB-HCI with usable trials: numbers have gaps, and readers must bear that
SUBJECT_NUMBERS = (*range(1, 12), 13, 14, *range(16, 26), *range(27, 31))
#: stimulus sections are the even numbers 2..40
MAX_TRIALS = 20
MIN_TRIAL_S = 2.0


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How far simulated signals are from a textbook; every share and rate is per trial unless its name says else."""

    #: gain of the EEG's emotional modulation, 1 = amplitudes change by up to e^0.45 at the poles
    eeg_gain: float = 1.0
    #: gain of the facial expression, 1 = a clear smile at valence 1
    face_gain: float = 1.0
    #: standard deviation of the subjects' own gains (log) and topography shift
    subject_shift: float = 0.3
    #: share of trials with mixed expression, near a class border, where annotators disagree
    ambiguous_share: float = 0.2
    #: share of trials in which one modality shows almost nothing
    one_sided_share: float = 0.15
    #: of those, the share in which the face is the one that still speaks
    face_dominance: float = 0.7
    #: mean number of EEG artefacts a minute, and of video artefacts a minute
    eeg_artefacts_per_min: float = 4.0
    video_artefacts_per_min: float = 1.0
    #: chance that a channel is bad throughout a session
    bad_channel_share: float = 0.02
    #: background EEG, root mean square
    background_uv: float = 12.0
    line_noise_uv: float = 1.5
    #: camera noise, standard deviation of 8-bit luminance
    camera_noise: float = 2.0


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """One simulated data set in the MAHNOB-HCI layout."""

    n_subjects: int = 8
    n_trials: int = 4
    trial_s: float = 40.0
    #: recorded before and after each stimulus
    baseline_s: float = 5.0
    width: int = 390
    height: int = 290
    fps: float = 30.0
    eeg_sfreq: float = 256.0
    difficulty: Difficulty = field(default_factory=Difficulty)
    seed: int = 0

    def __post_init__(self) -> None:
        _require(1 <= self.n_subjects <= 200, "n_subjects", "1..200", self.n_subjects)
        _require(1 <= self.n_trials <= MAX_TRIALS, "n_trials", f"1..{MAX_TRIALS}", self.n_trials)
        _require(self.trial_s >= MIN_TRIAL_S, "trial_s", f"at least {MIN_TRIAL_S} seconds", self.trial_s)
        _require(self.baseline_s >= 1.0, "baseline_s", "at least 1 second", self.baseline_s)
        for name in ("width", "height"):
            size = getattr(self, name)
            _require(size >= 96 and size % 2 == 0, name, "an even number of pixels from 96", size)
        _require(5.0 <= self.fps <= 120.0, "fps", "5..120 frames a second", self.fps)
        whole = float(self.eeg_sfreq).is_integer()
        _require(
            whole and 128 <= self.eeg_sfreq <= 2048, "eeg_sfreq", "a whole number of Hz, 128..2048", self.eeg_sfreq
        )
        _require(self.seed >= 0, "seed", "0 or more", self.seed)

    @classmethod
    def full_size(
        cls, *, n_subjects: int = 27, n_trials: int = MAX_TRIALS, trial_s: float = 80.0, seed: int = 0
    ) -> Self:
        """The size of MAHNOB-HCI itself: 780 × 580 at 61 frames a second, 30 s before and after each stimulus."""
        return cls(
            n_subjects=n_subjects,
            n_trials=n_trials,
            trial_s=trial_s,
            baseline_s=30.0,
            width=780,
            height=580,
            fps=61.0,
            seed=seed,
        )

    @property
    def subject_numbers(self) -> tuple[int, ...]:
        """MAHNOB-HCI's own participant numbers, then 31, 32, …"""
        extra = range(31, 31 + max(0, self.n_subjects - len(SUBJECT_NUMBERS)))
        return (*SUBJECT_NUMBERS, *extra)[: self.n_subjects]

    def to_json(self) -> JsonObject:
        """Plain dictionary, nested as the dataclasses are."""
        return asdict(self)


def _require(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise ConcordError(f"simulation: {name} should be {expected}, got {got}")
