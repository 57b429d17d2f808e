"""Sizes of the networks: everything about them that is not learnt."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WaveformSizes:
    """EEGNet-family encoder.

    Args:
        n_filters: F1, temporal filters.
        depth: D, spatial filters a temporal filter.
        n_separable: F2, filters of the separable convolution.
        kernel_s: length of a temporal filter in seconds (half a second reaches down to 2 Hz).
        pool_s: step between band-power values, seconds.
        dropout: share of learnt features dropped in training.
        summary_dropout: share of the clip's summary dropped in training.
    """

    n_filters: int = 8
    depth: int = 2
    n_separable: int = 16
    kernel_s: float = 0.5
    pool_s: float = 0.25
    dropout: float = 0.5
    summary_dropout: float = 0.5


@dataclass(frozen=True, slots=True)
class SequenceSizes:
    """TCN: `n_blocks` residual blocks of `width` channels, dilations 1, 2, 4, …, kernels of `kernel` steps."""

    width: int = 64
    n_blocks: int = 2
    kernel: int = 3
    dropout: float = 0.7
    summary_dropout: float = 0.5


@dataclass(frozen=True, slots=True)
class VectorSizes:
    """Residual network: `n_blocks` blocks of `width` units."""

    width: int = 64
    n_blocks: int = 2
    dropout: float = 0.5
    summary_dropout: float = 0.5


@dataclass(frozen=True, slots=True)
class FramesSizes:
    """Pictures: `n_convs` halving convolutions, `n_filters` maps after the first and twice as many after each next.

    `track` is the temporal network over what they see.
    """

    n_filters: int = 8
    n_convs: int = 3
    track: SequenceSizes = field(default_factory=lambda: SequenceSizes(dropout=0.5))


@dataclass(frozen=True, slots=True)
class SpaceSizes:
    """The shared space and the heads in it.

    Args:
        feature_dim: width of every encoder's output, equal so that the teacher's head can read the student's feature.
        space_dim: d of the shared space.
        n_prototypes: M per class.
        tau: τ of the prototype similarity; 0.1–0.2 for plain cosines.
        n_heads: H, heads on the shared encoder.
        bias: b ≥ 0, evidence of a projection that no prototype resembles is exp(−b); ≥ ln 9 gives vacuity ≥ 0.9.
    """

    feature_dim: int = 64
    space_dim: int = 128
    n_prototypes: int = 2
    tau: float = 0.12
    bias: float = 2.3
    n_heads: int = 3

    def __post_init__(self) -> None:
        if self.tau <= 0 or self.bias < 0 or min(self.n_prototypes, self.n_heads) < 1:
            raise ValueError(
                "expected tau > 0, bias >= 0, n_prototypes >= 1 and n_heads >= 1, "
                f"got {self.tau}, {self.bias}, {self.n_prototypes}, {self.n_heads}"
            )


@dataclass(frozen=True, slots=True)
class NetSizes:
    """All sizes of one model."""

    waveform: WaveformSizes = field(default_factory=WaveformSizes)
    sequence: SequenceSizes = field(default_factory=SequenceSizes)
    frames: FramesSizes = field(default_factory=FramesSizes)
    vector: VectorSizes = field(default_factory=VectorSizes)
    space: SpaceSizes = field(default_factory=SpaceSizes)
