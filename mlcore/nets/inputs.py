"""What an encoder reads of a clip."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class ClipInput:
    """n clips of one modality, standardised; zeros where there is no data.

    Args:
        signal: (n, *shape).
        summary: (n, S), see `mlcore.nets.summary`.
    """

    signal: Tensor
    summary: Tensor

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, rows: Tensor | slice) -> ClipInput:
        """Some of the clips."""
        return ClipInput(self.signal[rows], self.summary[rows])
