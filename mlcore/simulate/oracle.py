"""Simulated annotators: they know what was simulated, and err as people do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from mlcore.errors import ConcordError, LayoutError
from mlcore.simulate.course import CLASS_BORDER, class_of
from mlcore.simulate.plan import VIDEO_ARTEFACTS
from mlcore.simulate.truth import TrialTruth, read_truth

DIMENSIONS = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a simulated annotator says about a clip."""

    #: class index of each dimension, {} for "can't tell"
    values: dict[str, int]
    #: 1 guess, 2 fairly sure, 3 sure
    confidence: int | None
    seconds_spent: float


class SimulatedAnnotator:
    """An annotator of simulated recordings, the same for the same `seed`.

    The class they give is that of the clip's mean valence (arousal) plus their own bias plus noise that grows with the
    trial's difficulty; now and then they slip to a neighbouring class, and where the face is hidden they may pass.
    """

    def __init__(
        self,
        truth: Path,
        *,
        seed: int,
        flip_rate: float = 0.05,
        abstain_rate: float = 0.02,
        bias: float = 0.06,
        noise: float = 0.08,
    ) -> None:
        """Read a side file.

        Args:
            truth: the side file of simulated recordings.
            seed: who this annotator is, from 0.
            flip_rate: share of slips to a neighbouring class on an easy clip, 0..1; up to thrice that on hard ones.
            abstain_rate: share of "can't tell" on an easy clip, 0..1.
            bias: standard deviation over annotators of the constant error, in valence −1..1.
            noise: standard deviation of the error of one answer on an easy clip, in valence −1..1.

        Raises:
            RecordingError: the file is not a side file. ConcordError: a rate is outside 0..1.
        """
        for name, rate in (("flip_rate", flip_rate), ("abstain_rate", abstain_rate)):
            if not 0.0 <= rate <= 1.0:
                raise ConcordError(f"simulated annotator: {name} should be 0..1, got {rate}")
        self._seed, self._flip_rate, self._abstain_rate, self._noise = seed, flip_rate, abstain_rate, noise
        trials = read_truth(truth)
        self._by_session = {trial.session: trial for trial in trials}
        self._by_trial = {(trial.subject, trial.trial): trial for trial in trials}
        biases = np.random.default_rng([seed, 0xB1A5]).normal(0.0, bias, size=len(DIMENSIONS))
        self._bias = dict(zip(DIMENSIONS, (float(value) for value in biases), strict=True))

    def answer(self, subject: str, session: str, trial: int, start_s: float, stop_s: float) -> dict[str, int] | None:
        """Class indexes of valence and arousal for a clip, or None for "can't tell"; times on the session clock."""
        return self.respond(subject, session, trial, start_s, stop_s).values or None

    def respond(self, subject: str, session: str, trial: int, start_s: float, stop_s: float) -> Answer:
        """The whole answer. Raises LayoutError where the side file knows no such session of that subject."""
        truth = self._find(subject, session, trial)
        rng = self._generator(truth, start_s, stop_s)
        hardness = _hardness(truth, start_s, stop_s)
        seconds_spent = round(float(rng.gamma(4.0, 1.0 + hardness) + (stop_s - start_s)), 1)
        if rng.random() < self._abstain_rate * (1.0 + 4.0 * hardness):
            return Answer({}, None, seconds_spent)
        seen = {name: self._see(truth, name, start_s, stop_s, hardness=hardness, rng=rng) for name in DIMENSIONS}
        values = {name: self._slip(class_of(value), hardness=hardness, rng=rng) for name, value in seen.items()}
        return Answer(values, _confidence(seen, hardness), seconds_spent)

    def _see(
        self, truth: TrialTruth, dimension: str, start_s: float, stop_s: float, *, hardness: float, rng: Generator
    ) -> float:
        noise = self._noise * (1.0 + 3.0 * hardness)
        return truth.mean(dimension, start_s, stop_s) + self._bias[dimension] + float(rng.normal(0.0, noise))

    def _slip(self, label: int, *, hardness: float, rng: Generator) -> int:
        """Now and then a neighbouring class; from the middle to either side."""
        if rng.random() >= self._flip_rate * (1.0 + 2.0 * hardness):
            return label
        return 1 if label != 1 else int(rng.choice((0, 2)))

    def _generator(self, truth: TrialTruth, start_s: float, stop_s: float) -> Generator:
        """The same clip always gets the same answer from the same annotator."""
        key = (self._seed, int(truth.session), round(max(0.0, start_s) * 1000), round(max(0.0, stop_s) * 1000))
        return np.random.default_rng(key)

    def _find(self, subject: str, session: str, trial: int) -> TrialTruth:
        number = _number(subject)
        found = self._by_session.get(str(_number(session)))
        if found is None or found.subject != number:
            found = self._by_trial.get((number, trial)) if number is not None else None
        if found is None:
            raise LayoutError(f"session {session} of subject {subject}: the truth file knows no such simulated session")
        return found


def _number(code: str) -> int | None:
    """The last number in a code: 7 of "P07", 132 of "S132"."""
    digits = re.findall(r"\d+", code)
    return int(digits[-1]) if digits else None


def _hardness(truth: TrialTruth, start_s: float, stop_s: float) -> float:
    """0..1: the trial's own difficulty, more where the face is hidden or says nothing."""
    hidden = truth.artefact_share(VIDEO_ARTEFACTS, start_s, stop_s)
    return min(1.0, truth.difficulty + 0.5 * hidden)


def _confidence(seen: dict[str, float], hardness: float) -> int:
    """Surer the farther from a class border."""
    margin = min(abs(abs(value) - CLASS_BORDER) for value in seen.values())
    sureness = margin - 0.2 * hardness
    return 3 if sureness > 0.15 else 2 if sureness > 0.0 else 1
