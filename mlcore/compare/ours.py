"""Our method under the contract: as a round trains it, with one modality alone, and the mean of those."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Fitted, Floats, Method, Rows, Task
from mlcore.store import Store
from mlcore.train.config import RoundConfig
from mlcore.train.data import Hooks, RoundData
from mlcore.train.fit import Fit, fit_model
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import ask
from mlcore.train.readable import scalers_for
from mlcore.train.roles import roles_of
from mlcore.train.score import score
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class FittedConcord:
    """A trained model; its opinion is calibrated already, by the clips that each of its networks held back.

    Args:
        model: as a round would keep it.
        target: what is asked.
        infer: modalities that may be read.
        details: what is worth keeping.
    """

    model: TrainedModel
    target: str
    infer: tuple[str, ...]
    details: JsonObject

    @property
    def held(self) -> Rows:
        """None: every labelled clip has been learnt from by some network."""
        return np.zeros(0, dtype=np.int64)

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Probabilities (n, K) or traces (n, T)."""
        scores = score(self.model, store, rows, modalities=self._readable())
        said = scores.traces[self.target] if self.target in scores.traces else scores.probabilities(self.target)
        return np.where(self._has_any(store, rows)[:, None], said, np.nan)

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """Projections (n, d) by the first network's first head, each modality's own; NaN rows where absent."""
        scalers = scalers_for(self.model, store, rows, modalities=self._readable())
        opinions = ask(self.model.net, store, rows, scalers=scalers, targets=self.model.targets, members=(0,))
        return {name: np.where(one.present[:, None], one.z[0], np.nan) for name, one in opinions.items()}

    def _readable(self) -> tuple[str, ...]:
        return tuple(name for name in self.model.modalities if name in self.infer)

    def _has_any(self, store: Store, rows: Rows) -> NDArray[np.bool_]:
        present = [store.present(name)[rows] for name in self._readable()]
        return np.logical_or.reduce(present) if present else np.zeros(len(rows), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class MeanOf:
    """The mean of several fitted methods' answers, over those that say something of a clip."""

    parts: tuple[Fitted, ...]
    details: JsonObject = field(default_factory=dict)

    @property
    def held(self) -> Rows:
        """None."""
        return np.zeros(0, dtype=np.int64)

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Probabilities (n, K) or traces (n, T)."""
        said = np.stack([part.predict(store, rows) for part in self.parts])
        n_said = (~np.isnan(said)).sum(axis=0)
        return np.asarray(np.nansum(said, axis=0) / np.where(n_said > 0, n_said, np.nan))

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """There is no shared latent space."""
        return {}


def concord_method(name: str, overrides: JsonObject, *, only: str | None = None) -> Method:
    """Our method with some settings of `RoundConfig` changed, and with one modality alone if `only` names it."""

    def fit(task: Task, should_stop: Callable[[], bool]) -> FittedConcord:
        return _fit(task, overrides, modalities=_wanted(task, only), should_stop=should_stop)

    summary = "face teacher, EEG student, prototypes, evidence" if only is None else f"ours, learning from {only} alone"
    return Method(name, summary, lambda task: _refusal(name, task, only), fit, dict(overrides))


def late_method(overrides: JsonObject) -> Method:
    """The mean of what ours says from each modality alone, with some settings of `RoundConfig` changed."""

    def fit(task: Task, should_stop: Callable[[], bool]) -> MeanOf:
        parts = tuple(
            _fit(replace(task, folder=task.folder / name), overrides, modalities=(name,), should_stop=should_stop)
            for name in _offered(task)
        )
        return MeanOf(parts, {"parts": [part.details for part in parts]})

    summary = "the mean of ours trained on each modality alone"
    return Method("late", summary, lambda task: _refusal("late", task, None), fit, dict(overrides))


def _wanted(task: Task, only: str | None) -> tuple[str, ...]:
    return task.modalities if only is None else (only,)


def _offered(task: Task) -> tuple[str, ...]:
    """Modalities that may be both learnt from and read."""
    return tuple(name for name in task.modalities if name in task.infer)


def _refusal(name: str, task: Task, only: str | None) -> str | None:
    offered = _offered(task)
    if only is not None and only not in offered:
        return f"{name} reads {only}: the modalities that may be read are {', '.join(offered) or 'none'}"
    if not offered:
        return f"{name} has nothing to read: no modality may be both learnt from and read of the clips asked about"
    return None


def _fit(
    task: Task, overrides: Mapping[str, object], *, modalities: tuple[str, ...], should_stop: Callable[[], bool]
) -> FittedConcord:
    config = RoundConfig.from_json({"device": task.device, **roles_of(modalities), **overrides})
    fit = fit_model(
        _data(task), config, seed=task.seed, folder=task.folder, hooks=Hooks(lambda progress: None, should_stop)
    )
    return FittedConcord(fit.model, task.target, task.infer, _details(fit))


def _data(task: Task) -> RoundData:
    """The task's labels as a round's; nothing of the test clips is known but who they are of.

    Clips that are neither learnt from nor asked about are a round's pool: the student may hear the teacher on them.
    """
    classes = {} if task.is_trace else {task.target: task.classes}
    nothing = np.full((len(task.test), task.y.shape[1]), np.nan)
    return RoundData(
        store=task.store,
        classes=classes,
        labelled_rows=task.train,
        targets=dict.fromkeys(classes, task.y),
        test_rows=task.test,
        test_targets=dict.fromkeys(classes, nothing),
        pool_rows=np.setdiff1d(np.arange(task.store.n_clips), np.concatenate([task.train, task.test])),
        traces={task.target: task.y} if task.is_trace else {},
    )


def _details(fit: Fit) -> JsonObject:
    return {
        "n_parameters": sum(weight.numel() for weight in fit.model.net.parameters()),
        "epochs": {name: stage["best_epoch"] for name, stage in fit.stages.items()},
        "trust": dict(fit.model.trust),
        "pools": fit.model.pools_json(),
        "notes": fit.notes,
    }
