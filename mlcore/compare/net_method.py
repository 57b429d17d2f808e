"""A published network as a method: what it reads, and why it can't read a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import torch

from mlcore.compare.contract import Method, Task
from mlcore.compare.inputs import describe_modalities, readable
from mlcore.compare.seeding import seeded
from mlcore.compare.softmax_net import Build, FittedNet, Recipe, fit_softmax_net
from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, ModalityMeta


@dataclass(frozen=True, slots=True)
class Reads:
    """What a network asks of a store.

    Args:
        choose: the modalities that it would read of a task; none where they don't suffice.
        words: what it reads, for refusals.
    """

    choose: Callable[[Task], tuple[str, ...]]
    words: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """One published network.

    Args:
        name: as `--method` names it.
        summary: one line for people, with the paper.
        reads: which modalities.
        recipe: how it is built and trained.
    """

    name: str
    summary: str
    reads: Reads
    recipe: Recipe


def as_method(baseline: Baseline) -> Method:
    """The network under the contract."""

    def refuses(task: Task) -> str | None:
        return _refusal(baseline, task)

    def fit(task: Task, should_stop: Callable[[], bool]) -> FittedNet:
        return fit_softmax_net(task, baseline.reads.choose(task), baseline.recipe, should_stop=should_stop)

    return Method(baseline.name, baseline.summary, refuses, fit, asdict(baseline.recipe.settings))


def _refusal(baseline: Baseline, task: Task) -> str | None:
    chosen = baseline.reads.choose(task)
    if chosen:
        return _against(baseline.recipe.build, {one: task.store.meta.modalities[one] for one in chosen})
    offered = describe_modalities(task)
    return f"{baseline.name} reads {baseline.reads.words}: the modalities that may be read are {offered}"


def _against(build: Build, metas: Mapping[str, ModalityMeta]) -> str | None:
    """What a network says against the clips: it is built for a try, and torch's generator put back."""
    with seeded(0, torch.device("cpu")):
        try:
            build(metas, 2)
        except TrainingError as error:
            return str(error)
    return None


def _first_waveform(task: Task) -> tuple[str, ...]:
    return readable(task, (ModalityKind.WAVEFORM,))[:1]


def _two_tracks(task: Task) -> tuple[str, ...]:
    """The first two waveforms or sequences, waveforms first."""
    both = readable(task, (ModalityKind.WAVEFORM,)) + readable(task, (ModalityKind.SEQUENCE,))
    return both[:2] if len(both) >= 2 else ()


WAVEFORM = Reads(_first_waveform, "a waveform")
TWO_TRACKS = Reads(_two_tracks, "two modalities, each a waveform or a sequence")
