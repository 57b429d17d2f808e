"""What `python -m mlcore sync` says of files: the rate of each stream, and the map between two clocks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mlcore.sync.onsets import OnsetDelays
from mlcore.sync.robust import EventFit
from mlcore.types import ClockMap, JsonObject


@dataclass(frozen=True, slots=True)
class StreamRate:
    """One stream of a file and how fast it ran."""

    file: str
    name: str
    kind: str
    #: measured; None where there are too few samples
    effective_hz: float | None
    #: what the file promises; None = irregular, or it promises nothing
    nominal_hz: float | None
    n: int
    seconds: float

    @property
    def told(self) -> str:
        """For people."""
        rate = "no rate" if self.effective_hz is None else f"{self.effective_hz:.4f} Hz"
        return f"{rate}, {self.n} in {self.seconds:.3f} s"


@dataclass(frozen=True, slots=True)
class Relation:
    """A map, or why there is none."""

    clock: ClockMap | None
    reason: str = ""
    #: moments that the map rests on, and those that did not fit
    n_anchors: int = 0
    n_left_out: int = 0
    confidence: float | None = None

    @classmethod
    def of(cls, fit: EventFit) -> Relation:
        """A fitted map."""
        return cls(fit.clock, n_anchors=int(fit.is_used.sum()), n_left_out=fit.n_left_out)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One file, or two and the map between them."""

    files: tuple[str, ...]
    streams: tuple[StreamRate, ...]
    relation: Relation
    onset_delays: tuple[OnsetDelays, ...] = ()

    def to_json(self) -> JsonObject:
        """Plain values: see the command's help."""
        clock, relation = self.relation.clock, self.relation
        return {
            "files": list(self.files),
            "streams": [asdict(stream) for stream in self.streams],
            "offset_s": clock and clock.offset_s,
            "drift_ppm": clock and 1e6 * clock.drift,
            "residual_ms": clock and clock.residual_ms,
            "method": clock and clock.method,
            "confidence": relation.confidence,
            "n_anchors": relation.n_anchors,
            "n_left_out": relation.n_left_out,
            "reason": relation.reason,
            "onset_delays": [
                {**asdict(delays), "mean_ms": delays.mean_ms, "spread_ms": delays.spread_ms}
                for delays in self.onset_delays
            ],
        }

    @property
    def told(self) -> str:
        """The map for people."""
        clock = self.relation.clock
        if clock is None:
            return f"{' and '.join(self.files)}: can't tell. {self.relation.reason}".rstrip()
        residual = "unknown" if clock.residual_ms is None else f"{clock.residual_ms:.2f} ms"
        numbers = f"offset {clock.offset_s:.4f} s, drift {1e6 * clock.drift:+.1f} ppm, residual {residual}"
        return f"{' and '.join(self.files)}: {numbers} ({clock.method})"
