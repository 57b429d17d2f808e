"""The clip table of a shard that is being made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.convert.modality import ModalityClips
from mlcore.store import ClipTable
from mlcore.types import Window


def clip_table(
    shard: str,
    windows: Sequence[Window],
    modalities: Mapping[str, ModalityClips],
    *,
    subject: str,
    session: str,
    answers: Mapping[str, NDArray[np.int64]],
) -> ClipTable:
    """Row n is window n; its id is the shard's name and n.

    Args:
        shard: name of the shard, which no other shard of the store has.
        windows: N clips.
        modalities: presence and quality by name.
        subject: whose; `session`: which recording.
        answers: (N,) of each class or ordinal target.
    """
    return ClipTable(
        clip_id=np.array([f"{shard}--{row}" for row in range(len(windows))]),
        subject=np.full(len(windows), subject),
        session=np.full(len(windows), session),
        trial=np.array([window.trial for window in windows], dtype=np.int64),
        start_s=np.array([window.start_s for window in windows]),
        stop_s=np.array([window.stop_s for window in windows]),
        present={name: one.present for name, one in modalities.items()},
        quality={name: one.quality for name, one in modalities.items()},
        targets=answers,
    )
