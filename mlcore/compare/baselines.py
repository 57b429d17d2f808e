"""The published networks that are compared: how each is built from a store's shapes, read for and trained.

Layers and losses are the papers'. Reconstruction, the same for all of them so that networks are compared and not
recipes: signals standardised within each subject; Adam at 1e-3 for at most 100 epochs; the epoch chosen on a validation
fold of the training clips (CAFNet's published code chose it on the test fold), 20 epochs without a better one end the
training; classes weighted by half a power of their rarity, as in a round of our own; distributions as labels; and for
traces an output a step, trained by 1 − CCC + MSE, without CAFNet's confidence, which needs classes. Of raw EEG CAFNet
reads log band power in windows of 1 s every 0.5 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import nn

from mlcore.compare.band_power import fit_sequence_reader, sequence_meta
from mlcore.compare.caf_loss import CafLoss
from mlcore.compare.contract import Rows, Task
from mlcore.compare.fitting import FitSettings
from mlcore.compare.inputs import PickedChannels, fit_reader
from mlcore.compare.net_method import TWO_TRACKS, WAVEFORM, Baseline
from mlcore.compare.softmax_net import Build, Recipe
from mlcore.errors import TrainingError
from mlcore.nets.baselines import CAFNet, DeepConvNet, EEGNet, ShallowConvNet, TSception, hemisphere_order
from mlcore.store import ModalityMeta

Metas = Mapping[str, ModalityMeta]


class WaveformNet(Protocol):
    """Constructor of a network that reads EEG."""

    def __call__(self, n_chans: int, n_outputs: int, n_times: int, sfreq: float) -> nn.Module:
        """An untrained network; TrainingError where the clips don't suit it."""
        ...


def _on_waveform(net: WaveformNet) -> Build:
    """Build from a waveform's shape and rate."""

    def build(metas: Metas, n_outputs: int) -> nn.Module:
        (meta,) = metas.values()
        return net(meta.shape[0], n_outputs, meta.shape[1], _rate(meta))

    return build


def _rate(meta: ModalityMeta) -> float:
    if meta.sfreq is None:
        raise TrainingError("a waveform needs its sampling rate: the store's meta.json gives none")
    return meta.sfreq


def _tsception(metas: Metas, n_outputs: int) -> nn.Module:
    (meta,) = metas.values()
    return TSception(len(hemisphere_order(meta.channels)), n_outputs, meta.shape[1], _rate(meta))


def _left_and_right(task: Task, modality: str, *, learn: Rows) -> PickedChannels:
    reader = fit_reader(task, modality, learn=learn)
    return PickedChannels(reader, hemisphere_order(reader.meta.channels))


def _cafnet(metas: Metas, n_outputs: int) -> nn.Module:
    first, second = (sequence_meta(meta).shape[1] for meta in metas.values())
    return CAFNet((first, second), n_outputs)


BASELINES = (
    Baseline(
        "eegnet",
        "EEGNet-8,2 on EEG (Lawhern et al. 2018, arXiv 1611.08024)",
        WAVEFORM,
        Recipe(_on_waveform(EEGNet)),
    ),
    Baseline(
        "deepconvnet",
        "DeepConvNet (Deep4) on EEG (Schirrmeister et al. 2017, arXiv 1703.05051)",
        WAVEFORM,
        Recipe(_on_waveform(DeepConvNet)),
    ),
    Baseline(
        "shallowconvnet",
        "ShallowConvNet on EEG (Schirrmeister et al. 2017, arXiv 1703.05051)",
        WAVEFORM,
        Recipe(_on_waveform(ShallowConvNet)),
    ),
    Baseline(
        "tsception",
        "TSception on EEG with 10-20 names (Ding et al. 2022, arXiv 2104.02935)",
        WAVEFORM,
        Recipe(_tsception, FitSettings(batch_size=64), read=_left_and_right),
    ),
    Baseline(
        "cafnet",
        "CAFNet on EEG band powers and face (Zhu et al. 2023, doi 10.1109/TAFFC.2023.3340924)",
        TWO_TRACKS,
        Recipe(
            _cafnet,
            FitSettings(batch_size=40, weight_decay=1e-5, decay=0.99),
            read=fit_sequence_reader,
            objective=CafLoss(),
        ),
    ),
)
