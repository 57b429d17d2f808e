"""How a round reads answers that are neither a class nor a level: as what its networks can learn.

- Classes and levels stay as they are.
- Emotions with intensity: a distribution over the emotions and "none of these", each by its share of the intensities.
- The affect grid: two scales, `<key>_valence` and `<key>_arousal`.
- A visual analogue scale: one of `levels` equal parts of the line, as a class.
- A trace is resampled to the study's rate, moved earlier by its annotator's reaction lag where the round says so, and
  becomes the distribution of its values over three equal parts of its range. The parts of an unbounded trace are the
  tertiles of all that the round's traces reached; they are frozen in the round's record, and later answers are read by
  them. A bounded trace is also learnt as itself, as target `<key>_trace`, the mean over those who answered; an
  unbounded one is not: how high it stands means nothing from one annotator to the next.

Where one answer must be one class (Dawid & Skene, agreement, the audit of predictions), a distribution counts as its
likeliest class, the first where several are. What a round could not read is told in `notes`, for its page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotator.domain import traces
from annotator.domain.rounds import Vote
from annotator.enums import TraceClock
from annotator.models import Round, TraceRecording
from mlcore.signals.traces import resample_held, share_in_parts
from mlcore.types import NONE_OF_THESE, VAS_TOP, Dimension, DimensionKind, JsonObject

Floats = NDArray[np.float64]
BATCH = 500
#: a class index or level, or a distribution over the question's classes
Read = int | list[float]
#: (label, dimension) -> its values at the round's rate, NaN = not seen
Curves = Mapping[tuple[int, str], Floats]


@dataclass(frozen=True, slots=True)
class Reading:
    """As `Round.reading` keeps it.

    Args:
        dimensions: what was asked.
        trace_sfreq: values a second that are made of traces, Hz.
        applies_lag: whether traces are moved earlier by `lags_ms`.
        lags_ms: user id -> device -> reaction lag, as measured when the round was launched.
        thresholds: of unbounded traces, where their three parts meet; missing until the round has seen its traces.
        notes: what could not be read, in sentences.
    """

    dimensions: tuple[Dimension, ...]
    trace_sfreq: float
    applies_lag: bool = False
    lags_ms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    thresholds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, round_: Round) -> Self:
        """A round of an older version asked for classes and levels only: it needs nothing of this."""
        study, item = round_.study, round_.reading
        return cls(
            dimensions=study.dimensions,
            trace_sfreq=float(item.get("trace_sfreq", study.trace_sfreq)),
            applies_lag=bool(item.get("applies_lag", False)),
            lags_ms=item.get("lags_ms", {}),
            thresholds={key: (low, high) for key, (low, high) in item.get("thresholds", {}).items()},
            notes=tuple(item.get("notes", ())),
        )

    def to_json(self) -> JsonObject:
        """Plain values, for `Round.reading`."""
        return {
            "trace_sfreq": self.trace_sfreq,
            "applies_lag": self.applies_lag,
            "lags_ms": {user: dict(lags) for user, lags in self.lags_ms.items()},
            "thresholds": {key: list(pair) for key, pair in self.thresholds.items()},
            "notes": list(self.notes),
        }

    @property
    def questions(self) -> tuple[Dimension, ...]:
        """What is learnt as classes or levels."""
        return tuple(question for dimension in self.dimensions for question in dimension.questions)

    @property
    def is_plain(self) -> bool:
        """Whether every answer is learnt as it was given."""
        return all(dimension.kind in (DimensionKind.CLASS, DimensionKind.ORDINAL) for dimension in self.dimensions)

    @property
    def traces(self) -> tuple[Dimension, ...]:
        return tuple(dimension for dimension in self.dimensions if dimension.kind.is_trace)

    def read(self, votes: Mapping[int, Sequence[Vote]], curves: Curves | None = None) -> dict[int, list[Vote]]:
        """The same votes with values that the questions know. Without curves, those of the votes are fetched."""
        if self.is_plain:
            return {clip: list(given) for clip, given in votes.items()}
        known = self.curves(votes) if curves is None else curves
        return {clip: [self.read_vote(vote, known) for vote in given] for clip, given in votes.items()}

    def read_vote(self, vote: Vote, curves: Curves) -> Vote:
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            if vote.values.get(dimension.key) is not None:
                values |= self._read(dimension, vote, curves)
        return replace(vote, values=values)

    def _read(self, dimension: Dimension, vote: Vote, curves: Curves) -> dict[str, Read]:
        answer = vote.values[dimension.key]
        match dimension.kind:
            case DimensionKind.EMOTIONS:
                return {dimension.key: emotion_shares(dimension, answer)}
            case DimensionKind.GRID:
                return {question.key: int(place) for question, place in zip(dimension.questions, answer, strict=True)}
            case DimensionKind.VAS:
                part = int(answer / VAS_TOP * dimension.levels)
                return {dimension.key: min(part, dimension.levels - 1)}
            case DimensionKind.TRACE | DimensionKind.UNBOUNDED_TRACE:
                return self._parts(dimension, curves.get((vote.label_id, dimension.key)))
        return {dimension.key: int(answer)}

    def _parts(self, dimension: Dimension, curve: Floats | None) -> dict[str, Read]:
        """Nothing where no part of the trace is known, or the parts are not."""
        where = _bounded_parts(dimension) if dimension.bounds else self.thresholds.get(dimension.key)
        shares = None if curve is None or where is None else share_in_parts(curve, where)
        return {} if shares is None else {dimension.key: shares.tolist()}

    # --- traces ----------------------------------------------------------------------------------------------------

    def curves(self, votes: Mapping[int, Sequence[Vote]]) -> dict[tuple[int, str], Floats]:
        """Every trace of these votes at the round's rate."""
        if not self.traces:
            return {}
        people = {vote.label_id: vote.annotator_id for given in votes.values() for vote in given}
        found: dict[tuple[int, str], Floats] = {}
        for recording in recordings_of(people):
            lag_ms = self.lag_ms(people[recording.label_id], recording)
            found[recording.label_id, recording.dimension] = curve_of(
                recording, sfreq=self.trace_sfreq, lag_s=(lag_ms or 0.0) / 1000.0
            )
        return found

    def lag_ms(self, user_id: int, recording: TraceRecording) -> float | None:
        """None where the round applies none, or none was measured for this hand and device."""
        device = traces.main_device(recording.events["device"])
        if not self.applies_lag or device is None:
            return None
        return self.lags_ms.get(str(user_id), {}).get(device.value)

    def settled(self, votes: Mapping[int, Sequence[Vote]], curves: Curves) -> Reading:
        """With thresholds of the unbounded traces, and notes; thresholds that are there stay."""
        if not self.traces:
            return self
        missing = [one for one in self.traces if one.bounds is None and one.key not in self.thresholds]
        fresh = {one.key: pair for one in missing if (pair := _tertiles(curves, one.key)) is not None}
        thresholds = {**self.thresholds, **fresh}
        return replace(self, thresholds=thresholds, notes=tuple(self._notes(votes, curves, thresholds)))

    def _notes(
        self, votes: Mapping[int, Sequence[Vote]], curves: Curves, thresholds: Mapping[str, tuple[float, float]]
    ) -> Iterable[str]:
        for one in self.traces:
            own = [values for (_, key), values in curves.items() if key == one.key]
            n_dark = sum(bool(np.isnan(values).all()) for values in own)
            if n_dark:
                yield f"{one.title}: of {n_dark} traces nothing could be read, so they were left out."
            if one.bounds is None:
                yield f"{one.title}: a trace without ends has no scale of its own, so it is learnt as classes only."
                if one.key not in thresholds:
                    yield f"{one.title}: the traces never change, so nothing could be learnt from them."
        if self.applies_lag and (unknown := self._people_without_lag(votes)):
            yield f"No reaction lag was measured for {unknown} of the annotators' devices: their traces were not moved."

    def _people_without_lag(self, votes: Mapping[int, Sequence[Vote]]) -> int:
        people = {vote.label_id: vote.annotator_id for given in votes.values() for vote in given}
        seen = {
            (people[one.label_id], device)
            for one in recordings_of(people)
            if (device := traces.main_device(one.events["device"])) is not None
        }
        return sum(device.value not in self.lags_ms.get(str(user), {}) for user, device in seen)

    def trace_targets(
        self, votes: Mapping[int, Sequence[Vote]], clips: Sequence[int], curves: Curves
    ) -> dict[str, Floats]:
        """`<key>_trace` of each bounded trace -> (n, T), the mean over a clip's annotators, NaN = nobody looked."""
        followed = [one for one in self.traces if one.bounds is not None]
        if not followed:
            return {}
        n_values = max((len(values) for values in curves.values()), default=1)
        return {
            f"{one.key}_trace": np.array(
                [
                    _mean_curve([curves.get((vote.label_id, one.key)) for vote in votes[clip]], n_values)
                    for clip in clips
                ]
            ).reshape(len(clips), n_values)
            for one in followed
        }


def emotion_shares(dimension: Dimension, answer: Mapping[str, int]) -> list[float]:
    """Each emotion's share of the intensities, and 1 of "none of these" where there are none.

    >>> from mlcore.types import Dimension, DimensionKind
    >>> emotion_shares(Dimension("e", "E", DimensionKind.EMOTIONS, ("joy", "fear"), 3), {"joy": 3, "fear": 1})
    [0.75, 0.25, 0.0]
    """
    names = dimension.questions[0].classes
    weights = np.array([float(answer.get(name, 0)) for name in names])
    weights[names.index(NONE_OF_THESE)] = 0.0 if answer else 1.0
    return [float(share) for share in weights / weights.sum()]


def likeliest(question: Dimension, value: Read) -> int:
    """The class index that stands for an answer."""
    return int(np.argmax(value)) if isinstance(value, list) else question.class_index(int(value))


def shares_of(question: Dimension, value: Read) -> Floats:
    """(K,) the distribution that an answer stands for."""
    return np.array(value) if isinstance(value, list) else np.eye(question.n_classes)[likeliest(question, value)]


# --- recordings ------------------------------------------------------------------------------------------------------


def recordings_of(labels: Iterable[int]) -> Iterable[TraceRecording]:
    """With what relates their clocks, by label."""
    found = TraceRecording.objects.filter(label__in=list(labels)).select_related("label__clip__session")
    return found.order_by("label_id", "pk").iterator(BATCH)


def curve_of(recording: TraceRecording, *, sfreq: float, lag_s: float = 0.0) -> Floats:
    """(T,) values over the clip, T = its length times the rate; what the hand did is put `lag_s` earlier."""
    clip, events = recording.label.clip, recording.events
    clock = traces.session_clock(clip, TraceClock(recording.clock))
    times_s = np.array([clock.to_session(time_s) - lag_s for time_s in events["video_s"]], dtype=np.float64)
    is_seen = np.array([letter != traces.END for letter in events["device"]], dtype=np.bool_)
    n_values = max(1, round((clip.stop_s - clip.start_s) * sfreq))
    edges_s = np.linspace(clip.start_s, clip.stop_s, n_values + 1)
    return resample_held(times_s, np.array(events["value"], dtype=np.float64), is_seen, edges_s)


def _bounded_parts(dimension: Dimension) -> tuple[float, float]:
    assert dimension.bounds is not None
    low, high = dimension.bounds
    return low + (high - low) / 3, low + 2 * (high - low) / 3


def _tertiles(curves: Curves, key: str) -> tuple[float, float] | None:
    """None where the traces never change: there are no parts to tell apart."""
    values = np.concatenate([np.zeros(0), *(curve for (_, one), curve in curves.items() if one == key)])
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return None
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    return float(low), float(high)


def _mean_curve(curves: Sequence[Floats | None], n_values: int) -> Floats:
    known = [curve for curve in curves if curve is not None and len(curve) == n_values]
    if not known:
        return np.full(n_values, np.nan)
    values = np.array(known)
    n_seen = (~np.isnan(values)).sum(axis=0)
    return np.where(n_seen > 0, np.nansum(values, axis=0) / np.maximum(n_seen, 1), np.nan)
