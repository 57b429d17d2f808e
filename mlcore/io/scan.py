"""Looking through the samples of a whole recording, block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import Fetch

_BLOCK_ITEMS = 2_000_000


def count_not_finite(fetch: Fetch, *, n_channels: int, n_samples: int) -> NDArray[np.int64]:
    """How many samples of each channel are no numbers (NaN or infinite).

    Args:
        fetch: reads (channels, first, last) as (C, T).
        n_channels: C.
        n_samples: length of the recording.

    Returns:
        (C,) counts.
    """
    counts = np.zeros(n_channels, dtype=np.int64)
    step = max(1, _BLOCK_ITEMS // n_channels)
    for first in range(0, n_samples, step):
        block = fetch(range(n_channels), first, min(n_samples, first + step))
        # the sum of a block without such a sample is finite; only others are looked at twice
        if not np.isfinite(block.sum()):
            counts += np.count_nonzero(~np.isfinite(block), axis=1)
    return counts
