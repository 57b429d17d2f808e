"""Published networks as methods: which modality each reads, and why it can't read a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import nn

from mlcore.compare.contract import Method, Task
from mlcore.compare.fitting import seeded
from mlcore.compare.inputs import describe_modalities, readable
from mlcore.compare.softmax_net import FittedNet, Recipe, fit_softmax_net
from mlcore.errors import TrainingError
from mlcore.nets.baselines import EEGNet
from mlcore.store import ModalityKind, ModalityMeta

#: (a waveform's meta, number of outputs) -> an untrained network
Make = Callable[[ModalityMeta, int], nn.Module]


class WaveformNet(Protocol):
    """Constructor of a network that reads EEG."""

    def __call__(self, n_chans: int, n_outputs: int, n_times: int, sfreq: float) -> nn.Module:
        """An untrained network; TrainingError where the clips don't suit it."""
        ...


def waveform_method(name: str, summary: str, make: Make) -> Method:
    """A method that reads the first waveform that may be read."""

    def build(metas: Mapping[str, ModalityMeta], n_outputs: int) -> nn.Module:
        (meta,) = metas.values()
        return make(meta, n_outputs)

    def refuses(task: Task) -> str | None:
        waveforms = readable(task, (ModalityKind.WAVEFORM,))
        if not waveforms:
            return f"{name} reads a waveform: the modalities that may be read are {describe_modalities(task)}"
        return refusal_of(make, task.store.meta.modalities[waveforms[0]])

    def fit(task: Task, should_stop: Callable[[], bool]) -> FittedNet:
        waveforms = readable(task, (ModalityKind.WAVEFORM,))
        return fit_softmax_net(task, waveforms[:1], Recipe(build), should_stop=should_stop)

    return Method(name, summary, refuses, fit)


def refusal_of(make: Make, meta: ModalityMeta) -> str | None:
    """What a network says against the clips, if anything: it is built for a try, and torch's generator put back."""
    with seeded(0, torch.device("cpu")):
        try:
            make(meta, 2)
        except TrainingError as error:
            return str(error)
    return None


def from_meta(net: WaveformNet) -> Make:
    """Build a network from a waveform's shape and rate."""

    def make(meta: ModalityMeta, n_outputs: int) -> nn.Module:
        if meta.sfreq is None:
            raise TrainingError("a waveform needs its sampling rate: the store's meta.json gives none")
        return net(meta.shape[0], n_outputs, meta.shape[1], meta.sfreq)

    return make


EEGNET = waveform_method("eegnet", "EEGNet-8,2 on EEG (Lawhern et al. 2018, arXiv 1611.08024)", from_meta(EEGNet))

BASELINES = (EEGNET,)
