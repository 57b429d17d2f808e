"""Which encoder reads which kind of input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mlcore.errors import TrainingError
from mlcore.nets.frames import MIN_SIDE, FramesEncoder
from mlcore.nets.sequence import SequenceEncoder
from mlcore.nets.sizes import NetSizes
from mlcore.nets.summary import summary_width
from mlcore.nets.vector import VectorEncoder
from mlcore.nets.waveform import WaveformEncoder
from mlcore.store import ModalityKind, ModalityMeta

#: reads a batch (B, *shape) and its summaries (B, S) as one feature (B, feature_dim), or with `steps` over time
Encoder: TypeAlias = WaveformEncoder | SequenceEncoder | FramesEncoder | VectorEncoder


def _waveform(meta: ModalityMeta, sizes: NetSizes) -> Encoder:
    if meta.sfreq is None:
        raise TrainingError("a waveform needs its sampling rate: the store's meta.json gives none")
    n_channels, n_times = meta.shape
    return WaveformEncoder(
        n_channels,
        n_times,
        sfreq=meta.sfreq,
        n_summary=summary_width(meta),
        feature_dim=sizes.space.feature_dim,
        sizes=sizes.waveform,
    )


def _sequence(meta: ModalityMeta, sizes: NetSizes) -> Encoder:
    return SequenceEncoder(
        meta.shape[1],
        n_summary=summary_width(meta),
        feature_dim=sizes.space.feature_dim,
        sizes=sizes.sequence,
    )


def _frames(meta: ModalityMeta, sizes: NetSizes) -> Encoder:
    _, _, height, width = meta.shape
    if min(height, width) < MIN_SIDE:
        raise TrainingError(f"frames of {height} x {width} pixels are too small: expected {MIN_SIDE} or more each way")
    return FramesEncoder(
        n_summary=summary_width(meta),
        feature_dim=sizes.space.feature_dim,
        sizes=sizes.frames,
    )


def _vector(meta: ModalityMeta, sizes: NetSizes) -> Encoder:
    return VectorEncoder(
        meta.shape[0],
        n_summary=summary_width(meta),
        feature_dim=sizes.space.feature_dim,
        sizes=sizes.vector,
    )


#: one row a kind of input
ENCODERS: Mapping[ModalityKind, Callable[[ModalityMeta, NetSizes], Encoder]] = {
    ModalityKind.WAVEFORM: _waveform,
    ModalityKind.SEQUENCE: _sequence,
    ModalityKind.FRAMES: _frames,
    ModalityKind.VECTOR: _vector,
}


def build_encoder(meta: ModalityMeta, sizes: NetSizes) -> Encoder:
    """Encoder of one modality: a batch (B, *meta.shape) and its summaries (B, S) -> (B, feature_dim).

    Raises:
        TrainingError: a waveform without a sampling rate, pictures that are too small.
    """
    return ENCODERS[meta.kind](meta, sizes)
