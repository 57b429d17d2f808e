"""What a simulated clip store looks like, and how hard it is to learn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from mlcore.errors import ConcordError
from mlcore.simulate.config import Difficulty, SimulationConfig
from mlcore.simulate.mahnob import EEG_CHANNELS
from mlcore.types import JsonObject

#: values a second of the trace target
TRACE_SFREQ: Final = 4.0
#: recorded before and after the stimulus
BASELINE_S: Final = 2.0
#: the first clip starts when the emotion has risen
ONSET_S: Final = 2.5
#: folder numbers of the layout that trials are counted in leave room for no more
MAX_TRIALS: Final = 60
#: EEG channels in the order in which a smaller cap would have them
CAP_ORDER: Final = (
    *("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "Fz", "Pz"),
    *("Cz", "Oz", "P7", "P8", "FC5", "FC6", "CP5", "CP6", "FC1", "FC2", "CP1", "CP2", "AF3", "AF4", "PO3", "PO4"),
)
_SHARES = (
    *("label_noise", "ambiguous_share", "one_sided_share", "face_dominance", "missing_eeg_share"),
    *("missing_face_share", "bad_channel_share", "dead_eeg_share", "dead_face_share", "dead_both_share"),
    "neutral_share",
)
#: parameters that came later, told only where they say something: what was written before stays the same to the byte
_LATER = ("dead_eeg_share", "dead_face_share", "dead_both_share", "neutral_share", "hop_s")
_ZERO_OR_MORE = (
    *("eeg_snr", "face_snr", "subject_shift", "annotator_noise", "annotator_bias"),
    *("eeg_artefacts_per_min", "face_artefacts_per_min"),
)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """One simulated clip store: its size, and everything that makes it easy or hard.

    The defaults of `eeg_snr` and `face_snr` were set by one plain reference alone (logistic regression on log band
    power and on the mean and spread of the face's features, standardised within each subject, subject-disjoint folds,
    stores of the seeds 900–905), so that its balanced accuracy is about 0.47 for EEG and 0.66 for the face where
    chance is 1/3; no network was looked at.

    Raises:
        ConcordError: a value is out of its range; it is named.
    """

    n_subjects: int = 12
    n_trials: int = 10
    clips_per_trial: int = 3
    #: the first so many of `CAP_ORDER`
    n_channels: int = 16
    sfreq: float = 128.0
    window_s: float = 4.0
    #: steps a second of the face's features
    face_fps: float = 5.0
    #: emotional change of a rhythm's log amplitude, at the pole of an emotion, over the standard deviation of its
    #: unrelated changes; 0 = the EEG says nothing
    eeg_snr: float = 1.2
    #: emotional movement of the face, at the pole of an emotion, over the standard deviation of its unrelated
    #: movement; 0 = the face says nothing
    face_snr: float = 3.2
    #: how much people differ: standard deviation of their log gains, and in proportion everything else
    subject_shift: float = 0.3
    #: share of an annotator's answers that slip to a neighbouring class
    label_noise: float = 0.1
    n_annotators: int = 3
    #: standard deviation of the error of one answer on an easy clip, and of an annotator's constant error; −1..1 scale
    annotator_noise: float = 0.08
    annotator_bias: float = 0.06
    #: share of trials with mixed expression near a class border, where annotators disagree
    ambiguous_share: float = 0.2
    #: share of trials in which one modality shows almost nothing; of those, share in which the face still speaks
    one_sided_share: float = 0.15
    face_dominance: float = 0.7
    #: share of clips that lack a modality; no clip lacks both
    missing_eeg_share: float = 0.0
    missing_face_share: float = 0.0
    eeg_artefacts_per_min: float = 4.0
    face_artefacts_per_min: float = 3.0
    #: chance that a channel is bad throughout a trial
    bad_channel_share: float = 0.02
    #: share of clips that anybody answered
    labelled_share: float = 1.0
    #: share of clips in which the sensors of one modality alone, or of both, record garbage; annotators of a clip with
    #: both dead say "bad signal"
    dead_eeg_share: float = 0.0
    dead_face_share: float = 0.0
    dead_both_share: float = 0.0
    #: share of the trials of low and high valence that are of middle valence instead
    neutral_share: float = 0.0
    #: from one clip's start to the next one's, seconds; 0 = a clip's length, less makes neighbours near-duplicates
    hop_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_sizes()
        for name in _SHARES:
            _require(0.0 <= getattr(self, name) <= 1.0, name, "a share 0..1", getattr(self, name))
        for name in _ZERO_OR_MORE:
            _require(0.0 <= getattr(self, name) < float("inf"), name, "a number from 0", getattr(self, name))
        _require(0.0 < self.labelled_share <= 1.0, "labelled_share", "above 0 and at most 1", self.labelled_share)
        missing = self.missing_eeg_share + self.missing_face_share
        _require(missing <= 1.0, "missing_eeg_share + missing_face_share", "at most 1", missing)
        dead = self.dead_eeg_share + self.dead_face_share + self.dead_both_share
        _require(dead <= 1.0, "dead_eeg_share + dead_face_share + dead_both_share", "at most 1", dead)
        _require(self.seed >= 0, "seed", "0 or more", self.seed)

    def _check_sizes(self) -> None:
        _require(1 <= self.n_subjects <= 999, "n_subjects", "1..999", self.n_subjects)
        _require(1 <= self.n_trials <= MAX_TRIALS, "n_trials", f"1..{MAX_TRIALS}", self.n_trials)
        _require(1 <= self.clips_per_trial <= 100, "clips_per_trial", "1..100", self.clips_per_trial)
        _require(1 <= self.n_channels <= len(CAP_ORDER), "n_channels", f"1..{len(CAP_ORDER)}", self.n_channels)
        _require(1 <= self.n_annotators <= 100, "n_annotators", "1..100", self.n_annotators)
        _require(100.0 <= self.sfreq <= 1024.0, "sfreq", "100..1024 Hz", self.sfreq)
        _require(1.0 <= self.face_fps <= 60.0, "face_fps", "1..60 steps a second", self.face_fps)
        _require(1.0 <= self.window_s <= 60.0, "window_s", "1..60 seconds", self.window_s)
        for name, rate in (("sfreq", self.sfreq), ("face_fps", self.face_fps), ("4 Hz traces", TRACE_SFREQ)):
            n_steps = self.window_s * rate
            _require(n_steps.is_integer(), f"window_s × {name}", "a whole number of steps", n_steps)
            _require((self.hop_s * rate).is_integer(), f"hop_s × {name}", "a whole number of steps", self.hop_s * rate)
        _require(0.0 <= self.hop_s <= self.window_s, "hop_s", "0..window_s", self.hop_s)

    @property
    def n_clips(self) -> int:
        """Clips of all subjects."""
        return self.n_subjects * self.n_trials * self.clips_per_trial

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the EEG channels in 10-20 spelling."""
        return CAP_ORDER[: self.n_channels]

    @property
    def channel_rows(self) -> list[int]:
        """Where these channels stand among the 32 that recordings are simulated with."""
        return [EEG_CHANNELS.index(name.upper()) for name in self.channels]

    @property
    def starts_s(self) -> tuple[float, ...]:
        """Starts of a trial's clips on the session clock."""
        return tuple(BASELINE_S + ONSET_S + step * self.step_s for step in range(self.clips_per_trial))

    @property
    def step_s(self) -> float:
        """Seconds from one clip's start to the next one's."""
        return self.hop_s or self.window_s

    @property
    def clips_s(self) -> float:
        """Seconds from the start of a trial's first clip to the end of its last."""
        return (self.clips_per_trial - 1) * self.step_s + self.window_s

    @property
    def has_dead(self) -> bool:
        """Whether some sensors record garbage."""
        return self.dead_eeg_share + self.dead_face_share + self.dead_both_share > 0.0

    def recording(self) -> SimulationConfig:
        """The simulated recording that each trial's clips are cut from."""
        difficulty = Difficulty(
            eeg_gain=self.eeg_snr,
            face_gain=self.face_snr,
            subject_shift=self.subject_shift,
            ambiguous_share=self.ambiguous_share,
            one_sided_share=self.one_sided_share,
            face_dominance=self.face_dominance,
            eeg_artefacts_per_min=self.eeg_artefacts_per_min,
            video_artefacts_per_min=self.face_artefacts_per_min,
            bad_channel_share=self.bad_channel_share,
        )
        trial_s = ONSET_S + self.clips_s
        return SimulationConfig(trial_s=trial_s, baseline_s=BASELINE_S, difficulty=difficulty, seed=self.seed)

    def to_json(self) -> JsonObject:
        """Plain dictionary of the fields; those that came later only where they differ from 0."""
        return {name: value for name, value in asdict(self).items() if value or name not in _LATER}


def _require(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise ConcordError(f"simulated store: {name} should be {expected}, got {got}")
