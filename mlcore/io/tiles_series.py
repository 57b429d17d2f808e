"""One file of display tiles: int16 in blocks, each channel of each block in its own step around its own level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from mlcore.types import JsonObject

#: samples of a channel that lie together in the file
BLOCK = 4096
#: int16 less some room for rounding
_LARGEST = 32_000
#: steps to the spread of the differences between neighbours: rounding stays 29 dB below the signal's own noise
_STEPS_PER_NOISE = 8.0
#: of a channel that mostly stands still: steps to half its range
_STEPS_PER_REACH = 16_384.0
#: the finest step: below the noise of any amplifier. The coarsest of electrical channels, where their range allows it
_FINEST_UV, _COARSEST_UV = 2.0**-14, 0.5
#: every so many differences are looked at to judge the noise
_NOISE_EVERY = 8
_SIGMA_PER_MEDIAN = 1.4826

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """What a file will hold: `n_parts` 1 for samples, 2 for the least and greatest of bins."""

    name: str
    sfreq: float
    n_samples: int
    n_parts: int
    is_as_recorded: bool

    @property
    def described(self) -> JsonObject:
        """As `tiles.json` names it."""
        return {
            "file": self.name,
            "kind": "samples" if self.n_parts == 1 else "envelope",
            "sfreq": self.sfreq,
            "n_samples": self.n_samples,
            "block": BLOCK,
            "as_recorded": self.is_as_recorded,
        }


class SeriesWriter:
    """Writes `<name>.i16` (B, C, P, BLOCK) int16 and `<name>.npy` (B, C, 2) float64, the step and the level in µV.

    value_uv = level + step · int16; steps are powers of two and levels whole multiples of their step, so that a
    reader may join blocks without rounding. The last block is filled up with zeros.
    """

    def __init__(self, folder: Path, plan: SeriesPlan, *, is_electrical: NDArray[np.bool_], level_uv: Floats) -> None:
        self._path = folder / plan.name
        self.plan = plan
        self._coarsest_uv = np.where(is_electrical, _COARSEST_UV, np.inf)
        self._level_uv = level_uv
        self._held = np.empty((len(level_uv), plan.n_parts, BLOCK), dtype=np.float32)
        self._n_held = 0
        self._n_left = plan.n_samples
        self._tables: list[Floats] = []

    def __enter__(self) -> SeriesWriter:
        self._file = self._path.with_suffix(".i16").open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None and self._n_held:
                self._write(self._held[:, :, : self._n_held])
        if kind is None:
            np.save(self._path.with_suffix(".npy"), np.stack(self._tables))

    def append(self, values_uv: NDArray[np.float32]) -> None:
        """Add (C, P, t) values, in µV from the writer's level; more than was planned for is left out."""
        values_uv = values_uv[:, :, : self._n_left]
        self._n_left -= values_uv.shape[2]
        while values_uv.shape[2]:
            taken = min(BLOCK - self._n_held, values_uv.shape[2])
            self._held[:, :, self._n_held : self._n_held + taken] = values_uv[:, :, :taken]
            self._n_held += taken
            values_uv = values_uv[:, :, taken:]
            if self._n_held == BLOCK:
                self._write(self._held)
                self._n_held = 0

    def _write(self, values_uv: NDArray[np.float32]) -> None:
        low, high = values_uv.min(axis=(1, 2)).astype(np.float64), values_uv.max(axis=(1, 2)).astype(np.float64)
        step_uv = steps_uv(noise_uv(values_uv[:, 0]), (high - low) / 2, coarsest_uv=self._coarsest_uv)
        middle = np.rint((self._level_uv + (low + high) / 2) / step_uv) * step_uv
        block = np.zeros((len(step_uv), self.plan.n_parts, BLOCK), dtype="<i2")
        block[:, :, : values_uv.shape[2]] = self._in_steps(values_uv, step_uv, middle)
        self._file.write(block.tobytes())
        self._tables.append(np.stack((step_uv, middle), axis=1))

    def _in_steps(self, values_uv: NDArray[np.float32], step_uv: Floats, middle_uv: Floats) -> NDArray[np.float32]:
        """Rounded to the nearest step; of bins outwards, so that no extreme is cut off."""
        shift = ((self._level_uv - middle_uv) / step_uv).astype(np.float32)
        steps: NDArray[np.float32] = (
            values_uv * (1.0 / step_uv).astype(np.float32)[:, None, None] + shift[:, None, None]
        )
        if self.plan.n_parts == 1:
            np.rint(steps, out=steps)
            return steps
        np.floor(steps[:, 0], out=steps[:, 0])
        np.ceil(steps[:, 1], out=steps[:, 1])
        return steps


def noise_uv(values_uv: NDArray[np.float32]) -> Floats:
    """(C,) robust spread of the differences between neighbours of (C, T): 1.4826 · median |difference|."""
    pairs = values_uv.shape[1] // 2 * 2
    differences = values_uv[:, 1:pairs:_NOISE_EVERY] - values_uv[:, 0:pairs:_NOISE_EVERY][:, : math.ceil(pairs / 8)]
    if differences.shape[1] == 0:
        return np.zeros(len(values_uv))
    return np.asarray(_SIGMA_PER_MEDIAN * np.median(np.abs(differences), axis=1), dtype=np.float64)


def steps_uv(noise: Floats, reach: Floats, *, coarsest_uv: Floats) -> Floats:
    """(C,) powers of two: an eighth of the noise, and coarse enough for the range `reach` around the middle."""
    wanted = np.where(noise > 0, noise / _STEPS_PER_NOISE, reach / _STEPS_PER_REACH)
    wanted = np.clip(wanted, _FINEST_UV, coarsest_uv)
    exponent = np.rint(np.log2(wanted))
    needed = np.ceil(np.log2(np.maximum(reach, _FINEST_UV) / _LARGEST))
    return np.asarray(2.0 ** np.maximum(exponent, needed), dtype=np.float64)
