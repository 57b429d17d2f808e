"""Which encoder reads which kind of input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from mlcore.errors import TrainingError
from mlcore.nets.sequence import SequenceEncoder
from mlcore.nets.sizes import NetSizes
from mlcore.nets.summary import summary_width
from mlcore.nets.waveform import WaveformEncoder
from mlcore.store import ModalityKind, ModalityMeta


def _waveform(meta: ModalityMeta, sizes: NetSizes) -> nn.Module:
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


def _sequence(meta: ModalityMeta, sizes: NetSizes) -> nn.Module:
    return SequenceEncoder(
        meta.shape[1],
        n_summary=summary_width(meta),
        feature_dim=sizes.space.feature_dim,
        sizes=sizes.sequence,
    )


#: a new kind of input is one more row here
ENCODERS: Mapping[ModalityKind, Callable[[ModalityMeta, NetSizes], nn.Module]] = {
    ModalityKind.WAVEFORM: _waveform,
    ModalityKind.SEQUENCE: _sequence,
}


def build_encoder(meta: ModalityMeta, sizes: NetSizes) -> nn.Module:
    """Encoder of one modality: a batch (B, *meta.shape) and its summaries (B, S) -> (B, feature_dim).

    Raises:
        TrainingError: no encoder reads this kind.
    """
    build = ENCODERS.get(meta.kind)
    if build is None:
        known = ", ".join(ENCODERS)
        raise TrainingError(f"no encoder reads inputs of kind {meta.kind}: there are encoders for {known}")
    return build(meta, sizes)
