"""Which clips may be asked about, and from which modality: decided by measured quality, before any score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates, Floats
from mlcore.acquire.codes import IS_SERVED, Codes, code
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Ask, GateReason, Modality, Route

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gated:
    """Where each of n clips goes.

    Args:
        route: (n,) indices into `codes.ROUTES`.
        ask: (n,) indices into `codes.ASKS`; BOTH where nobody is asked.
        reason: (n,) indices into `codes.REASONS`.
    """

    route: Codes
    ask: Codes
    reason: Codes

    @property
    def is_served(self) -> Flags:
        """(n,) whether annotators are given the clip."""
        return np.asarray(IS_SERVED[self.route], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Signals:
    """Per modality what is there and what of it is good, (n,) each."""

    present: Mapping[str, Flags]
    usable: Mapping[str, Flags]

    @property
    def any_present(self) -> Flags:
        return _any(self.present.values())

    @property
    def any_usable(self) -> Flags:
        return _any(self.usable.values())

    @property
    def all_usable(self) -> Flags:
        """Something is there, and all that is there is good."""
        return self.any_present & ~_any(self.present[name] & ~self.usable[name] for name in self.present)

    def only(self, modality: str) -> Flags:
        """This one is good and no other."""
        return self.usable[modality] & ~_any(flags for name, flags in self.usable.items() if name != modality)


def gate(candidates: Candidates, config: AcquisitionConfig, *, verdicts: Mapping[int, bool] | None = None) -> Gated:
    """Send each clip to the queue, to two annotators, to the quality list, or nowhere.

    A modality is there when its quality is not NaN, and good from `config.min_quality` on. In this order: no modality,
    a state that changes inside the clip, or a person's word that the sensor is bad: nowhere. A person's word that the
    signal is fine: all that is there is good. Nothing good: the quality list. Else the queue, asked from what is good;
    to two annotators where all that is there is good and the dissonance, the mean over targets, is at least
    `config.min_dissonance`. Without `config.is_gated` every clip with a modality is asked from whatever it has; only a
    person's word that the sensor is bad still holds.

    Args:
        candidates: n clips.
        config: thresholds.
        verdicts: place -> whether the sensor is bad, by somebody who looked.

    Raises:
        TrainingError: a quality outside 0..1, or a verdict on a place that there is not.
    """
    is_bad, is_fine = _verdict_flags(verdicts or {}, candidates.n_clips)
    signals = _signals(candidates, config.min_quality, is_fine=is_fine)
    gated = _Gate(candidates.n_clips)
    if config.is_gated:
        _by_quality(gated, signals, is_fine=is_fine)
        gated.send(signals.all_usable & _conflicts(candidates, config), Route.SECOND_OPINION, GateReason.AMBIGUOUS)
        gated.send(~signals.any_usable, Route.QUALITY, GateReason.ALL_BAD)
    else:
        gated.send(signals.any_present, Route.MAIN, GateReason.NOT_GATED)
    gated.send(is_bad, Route.NOWHERE, GateReason.SENSOR_BAD)
    if config.is_gated:
        gated.send(np.asarray(candidates.crosses_change, dtype=np.bool_), Route.NOWHERE, GateReason.STATE_CHANGE)
    gated.send(~signals.any_present, Route.NOWHERE, GateReason.NO_SIGNAL)
    return gated.done()


class _Gate:
    """Columns in the making; what is sent later overrules what was sent before."""

    def __init__(self, n: int) -> None:
        self._route = np.full(n, code(Route.MAIN), dtype=np.uint8)
        self._ask = np.full(n, code(Ask.BOTH), dtype=np.uint8)
        self._reason = np.full(n, code(GateReason.GOOD), dtype=np.uint8)

    def send(self, which: Flags, route: Route, reason: GateReason) -> None:
        self._route[which] = code(route)
        self._reason[which] = code(reason)

    def ask_from(self, which: Flags, ask: Ask, reason: GateReason) -> None:
        self._ask[which] = code(ask)
        self._reason[which] = code(reason)

    def done(self) -> Gated:
        self._ask[~IS_SERVED[self._route]] = code(Ask.BOTH)
        return Gated(self._route, self._ask, self._reason)


def _any(flags: Iterable[Flags]) -> Flags:
    return np.asarray(np.logical_or.reduce(list(flags)), dtype=np.bool_)


def _by_quality(gated: _Gate, signals: _Signals, *, is_fine: Flags) -> None:
    face_only, eeg_only = signals.only(Modality.FACE), signals.only(Modality.EEG)
    has_eeg, has_face = signals.present[Modality.EEG], signals.present[Modality.FACE]
    gated.ask_from(face_only & has_eeg, Ask.FACE, GateReason.EEG_BAD)
    gated.ask_from(face_only & ~has_eeg, Ask.FACE, GateReason.EEG_ABSENT)
    gated.ask_from(eeg_only & has_face, Ask.EEG, GateReason.FACE_BAD)
    gated.ask_from(eeg_only & ~has_face, Ask.EEG, GateReason.FACE_ABSENT)
    gated.send(is_fine, Route.MAIN, GateReason.SENSOR_FINE)


def _signals(candidates: Candidates, min_quality: float, *, is_fine: Flags) -> _Signals:
    quality = {str(name): _checked(str(name), values) for name, values in candidates.quality.items()}
    nothing = np.full(candidates.n_clips, np.nan)
    quality = {Modality.EEG.value: nothing, Modality.FACE.value: nothing, **quality}
    present = {name: ~np.isnan(values) for name, values in quality.items()}
    # a comparison with NaN is False: what is absent is never good
    usable = {name: (values >= min_quality) | (is_fine & present[name]) for name, values in quality.items()}
    return _Signals(present, usable)


def _checked(modality: str, quality: Floats) -> Floats:
    n_odd = int(((quality < 0.0) | (quality > 1.0)).sum())
    if n_odd:
        raise TrainingError(f"quality of {modality}: expected 0..1 or NaN, got something else for {n_odd} clips")
    return quality


def _conflicts(candidates: Candidates, config: AcquisitionConfig) -> Flags:
    dissonance = mean_dissonance(candidates)
    return np.asarray(dissonance >= config.min_dissonance, dtype=np.bool_)


def mean_dissonance(candidates: Candidates) -> Floats:
    """(n,) mean over targets of the dissonance, 0..1; NaN where there is none, as before the first model."""
    scores = candidates.scores
    if scores is None or not scores.dissonance:
        return np.full(candidates.n_clips, np.nan)
    return np.asarray(sum(scores.dissonance.values()) / len(scores.dissonance), dtype=np.float64)


def _verdict_flags(verdicts: Mapping[int, bool], n: int) -> tuple[Flags, Flags]:
    places = np.fromiter(verdicts.keys(), dtype=np.int64, count=len(verdicts))
    if len(places) and not 0 <= places.min() <= places.max() < n:
        raise TrainingError(f"a verdict is on place {int(places.max())}, or on a negative one: there are {n} clips")
    said_bad = np.fromiter(verdicts.values(), dtype=np.bool_, count=len(verdicts))
    is_bad, is_fine = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    is_bad[places], is_fine[places] = said_bad, ~said_bad
    return is_bad, is_fine
