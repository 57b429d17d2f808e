"""Small convolutional network over pictures, then the temporal network over what it saw."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.sequence import SequenceEncoder
from mlcore.nets.sizes import FramesSizes

#: pixels; below, nothing is left of a picture after three halvings
MIN_SIDE = 16
#: a picture's features are kept for its quarters: eyes and mouth stay apart
_GRID = 2


class FramesEncoder(nn.Module):
    """Pictures (B, T, 3, H, W) and their summary (B, S) -> feature (B, feature_dim), for any H, W ≥ 16.

    Every picture goes through the same halving convolutions and is averaged over its quarters; the TCN then reads
    the quarters as a feature track.

    Pictures arrive as floating-point numbers, 0..1 or standardised: stored uint8 is divided by 255 by whoever
    standardises, never here. A step without a face arrives as zeros.

    Args:
        n_summary: S.
        feature_dim: width of the output.
        sizes: the rest.

    Source: per-frame features into a TCN, Bai, Kolter and Koltun 2018, arXiv 1803.01271; the pictures' network is ours.
    """

    def __init__(self, *, n_summary: int, feature_dim: int, sizes: FramesSizes) -> None:
        super().__init__()
        widths = [3, *(sizes.n_filters * 2**level for level in range(sizes.n_convs))]
        self.look = nn.Sequential(*(_halving(narrow, wide) for narrow, wide in pairwise(widths)))
        self.track = SequenceEncoder(
            widths[-1] * _GRID**2, n_summary=n_summary, feature_dim=feature_dim, sizes=sizes.track
        )

    def forward(self, x: Tensor, summary: Tensor) -> Tensor:
        """Encode a batch; (B, T, 3, H, W) and (B, S) -> (B, feature_dim)."""
        feature: Tensor = self.track(self._seen(x), summary)
        return feature

    def steps(self, x: Tensor, summary: Tensor) -> Tensor:
        """Features over time; (B, T, 3, H, W) and (B, S) -> (B, feature_dim, T)."""
        return self.track.steps(self._seen(x), summary)

    def _seen(self, x: Tensor) -> Tensor:
        """One row of features a picture; (B, T, 3, H, W) -> (B, T, F)."""
        maps = functional.adaptive_avg_pool2d(self.look(x.flatten(0, 1)), _GRID)  # (B * T, W, 2, 2)
        return maps.reshape(*x.shape[:2], -1)


def _halving(narrow: int, wide: int) -> nn.Module:
    """Half the height and width, more maps."""
    return nn.Sequential(nn.Conv2d(narrow, wide, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU())
