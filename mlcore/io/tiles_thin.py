"""Thinning signals that arrive block by block: low-pass and decimate, or least and greatest of bins; no seams."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

#: (C, T) samples, or (C, P, T) with P parts
Block = NDArray[np.float32]

#: half the filter's length, in output samples: 60 dB down from the new Nyquist frequency on, flat to 0.7 of it
_REACH = 12
_KAISER_BETA, _CUTOFF = 5.65, 0.85


class Thinner:
    """Anti-aliased decimation by a whole factor, without delay; the ends are held."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._half = _REACH * factor
        taps = firwin(2 * self._half + 1, _CUTOFF / factor, window=("kaiser", _KAISER_BETA))
        self._taps = np.asarray(taps, dtype=np.float32)
        self._kept: Block | None = None
        self._n_due = 0

    def feed(self, block: Block) -> Block:
        """Take (C, t) samples, give the (C, t') thinned ones that are settled by now."""
        if block.shape[1] == 0:
            return block
        if self._kept is None:
            self._kept = np.repeat(block[:, :1], self._half, axis=1)
        self._n_due += block.shape[1]
        return self._settle(np.concatenate((self._kept, block), axis=1))

    def finish(self) -> Block:
        """The rest: together ceil(n / factor) samples came out."""
        if self._kept is None:
            return np.zeros((0, 0), dtype=np.float32)
        n_left = math.ceil(self._n_due / self._factor)
        tail = np.repeat(self._kept[:, -1:], self._half + self._factor, axis=1)
        return self._settle(np.concatenate((self._kept, tail), axis=1))[:, :n_left]

    def _settle(self, held: Block) -> Block:
        """Every output whose filter lies within `held`; keeps what the next ones need."""
        n_out = max(0, (held.shape[1] - self._taps.size) // self._factor + 1)
        self._kept = held[:, n_out * self._factor :].copy()
        self._n_due -= n_out * self._factor
        if n_out == 0:
            return held[:, :0]
        used = held[:, : (n_out - 1) * self._factor + self._taps.size]
        first = 2 * _REACH
        filtered: Block = upfirdn(self._taps, used, down=self._factor, axis=1)[:, first : first + n_out]
        return filtered


class Extremes:
    """Least and greatest value of consecutive bins of a fixed length; the last bin may be shorter."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._kept: Block | None = None

    def feed(self, low: Block, high: Block) -> tuple[Block, Block]:
        """Take (C, t) least and greatest values (the samples themselves, at first), give those of the full bins."""
        both = np.stack((low, high), axis=1)
        held = both if self._kept is None else np.concatenate((self._kept, both), axis=2)
        n_bins = held.shape[2] // self._length
        self._kept = held[:, :, n_bins * self._length :].copy()
        bins = held[:, :, : n_bins * self._length].reshape(*held.shape[:2], n_bins, self._length)
        return bins[:, 0].min(axis=2), bins[:, 1].max(axis=2)

    def finish(self) -> tuple[Block, Block]:
        """The bin that did not fill."""
        if self._kept is None or self._kept.shape[2] == 0:
            none = np.zeros((0 if self._kept is None else len(self._kept), 0), dtype=np.float32)
            return none, none
        return self._kept[:, 0].min(axis=1, keepdims=True), self._kept[:, 1].max(axis=1, keepdims=True)
