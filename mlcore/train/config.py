"""One frozen value that holds every weight and size of a round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Self

from mlcore.errors import TrainingError
from mlcore.nets.sizes import NetSizes
from mlcore.types import JsonObject

POOLS = ("stacked", "discounted")


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term; reconstructions to be measured, not figures from the reference work.

    `task_kl` scales the penalty on wrong evidence within the task term, `trace_mse` the squared error beside
    concordance within the trace term; 0 switches a term off.
    """

    task: float = 1.0
    task_kl: float = 0.1
    similarity: float = 1.0
    uncertainty: float = 0.1
    distillation: float = 0.5
    alignment: float = 0.1
    diversity: float = 0.1
    trace: float = 1.0
    trace_mse: float = 0.1


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage of training: at most `n_epochs`, ended after `patience` epochs without a better validation loss."""

    n_epochs: int = 60
    patience: int = 15
    learning_rate: float = 3e-3
    weight_decay: float = 1.0

    def __post_init__(self) -> None:
        if self.n_epochs < 1 or self.patience < 1 or self.learning_rate <= 0:
            raise TrainingError(
                "a stage needs n_epochs >= 1, patience >= 1 and learning_rate > 0, "
                f"got {self.n_epochs}, {self.patience}, {self.learning_rate}"
            )


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training varies its clips.

    Args:
        eeg_noise: standard deviation added to standardised EEG.
        eeg_channel_dropout: share of EEG channels zeroed, as a masked channel would be.
        track_step_dropout: share of a track's steps zeroed, as steps without a face are.
        track_shift_share: share of tracks that come late or early, …
        track_shift_s: … by up to this many seconds.
    """

    eeg_noise: float = 0.1
    eeg_channel_dropout: float = 0.1
    track_step_dropout: float = 0.1
    track_shift_share: float = 0.25
    track_shift_s: float = 1.0


@dataclass(frozen=True, slots=True)
class RoundConfig:
    """Everything about a round that is neither data nor seed.

    Many clips: an epoch has at most `max_steps_per_epoch` steps, for which batches grow up to `largest_batch`, and the
    learning rate grows with the square root of the batch, the rule for Adam (Malladi et al. 2022, arXiv 2205.10287).

    Args:
        sizes: of the networks.
        weights: of the losses.
        teacher: stage 1, `teacher_modality` on labels.
        student: stage 2, `student_modality` against the frozen teacher and prototypes.
        more_students: further modalities, each a student of the same teacher in a stage of its own.
        batch_size: labelled clips a step, more where an epoch would have too many steps.
        max_steps_per_epoch: ≥ 1.
        largest_batch: labelled clips a step at most, for the sake of `max_steps_per_epoch`.
        validation_share: share of the labelled clips held back to choose the epoch.
        kl_ramp_epochs: epochs until wrong evidence is punished in full.
        distillation_temperature: T.
        alignment_temperature: τ of InfoNCE.
        prototypes_learn_in_stage_2: whether the student may move the teacher's prototypes.
        use_unlabelled: whether pool clips with both modalities take part in distillation and alignment.
        max_unlabelled_clips: how many of them at most, drawn by the seed.
        class_balance: 0 = classes count as often as they come, 1 = all classes count the same.
        augmentation: how training varies its clips.
        modality_dropout: share of the clips with both modalities whose teacher the student does without.
        bootstrap_heads: whether each head learns from a draw of the labelled clips of its own.
        n_members: networks that are trained, each on other labelled clips (their validation folds are disjoint).
        linear_expert: whether a linear model on each modality's summaries speaks beside the networks.
        pool: how opinions are brought together: "stacked" (coefficients learnt on validation clips) or "discounted"
            (evidence averaged, discounted by quality and conflict, without the linear expert).
        clip_limit: standardised values are cut at ± this.
        conflict_power: λ of the discounted fusion.
        device: "auto" (a GPU if there is one), "cpu", "cuda".
    """

    sizes: NetSizes = field(default_factory=NetSizes)
    weights: LossWeights = field(default_factory=LossWeights)
    teacher: StageConfig = field(default_factory=StageConfig)
    student: StageConfig = field(default_factory=lambda: StageConfig(learning_rate=2e-3))
    teacher_modality: str = "face"
    student_modality: str = "eeg"
    more_students: tuple[str, ...] = ()
    batch_size: int = 32
    max_steps_per_epoch: int = 100
    largest_batch: int = 256
    validation_share: float = 0.2
    kl_ramp_epochs: int = 10
    distillation_temperature: float = 2.0
    alignment_temperature: float = 0.2
    prototypes_learn_in_stage_2: bool = False
    use_unlabelled: bool = True
    max_unlabelled_clips: int = 256
    class_balance: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    modality_dropout: float = 0.1
    bootstrap_heads: bool = True
    n_members: int = 3
    linear_expert: bool = True
    pool: str = "stacked"
    clip_limit: float = 6.0
    conflict_power: float = 1.0
    device: str = "auto"

    @property
    def modalities(self) -> tuple[str, ...]:
        """The teacher's, the student's, then the further students'; a role without a modality is an empty name."""
        return tuple(name for name in (self.teacher_modality, self.student_modality, *self.more_students) if name)

    def batch_size_for(self, n_clips: int) -> int:
        """Labelled clips a step, of so many labelled clips."""
        wanted = -(-n_clips // self.max_steps_per_epoch)
        return max(self.batch_size, min(wanted, self.largest_batch))

    def stage_for(self, stage: StageConfig, n_clips: int) -> StageConfig:
        """A stage with the learning rate that goes with the batches of so many labelled clips."""
        growth = self.batch_size_for(n_clips) / self.batch_size
        return stage if growth == 1 else replace(stage, learning_rate=stage.learning_rate * growth**0.5)

    def __post_init__(self) -> None:
        if self.n_members < 1:
            raise TrainingError(f"configuration n_members: expected 1 or more, got {self.n_members}")
        if min(self.batch_size, self.max_steps_per_epoch) < 1:
            raise TrainingError(
                "configuration batch_size and max_steps_per_epoch: expected 1 or more, "
                f"got {self.batch_size} and {self.max_steps_per_epoch}"
            )
        if self.pool not in POOLS:
            raise TrainingError(f"configuration pool: expected one of {', '.join(POOLS)}, got {self.pool!r}")

    def to_json(self) -> JsonObject:
        """Nested plain values; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; what is left out keeps its default.

        Raises:
            TrainingError: a setting that doesn't exist or has the wrong type; its dotted name is given.
        """
        config: Self = _read(cls(), _upgraded(item), "")
        return config


#: settings that older rounds wrote at the top
_MOVED_TO_AUGMENTATION = ("eeg_noise", "eeg_channel_dropout")


def _upgraded(item: Mapping[str, Any]) -> Mapping[str, Any]:
    moved = {name: item[name] for name in _MOVED_TO_AUGMENTATION if name in item}
    if not moved:
        return item
    kept = {name: value for name, value in item.items() if name not in moved}
    return {**kept, "augmentation": {**moved, **kept.get("augmentation", {})}}


def _read(default: Any, item: Any, where: str) -> Any:
    """The frozen value `default` with what `item` says in its place."""
    if not isinstance(item, Mapping):
        raise TrainingError(f"configuration {where or 'of the round'}: expected an object, got {type(item).__name__}")
    known = {one.name: getattr(default, one.name) for one in fields(default)}
    for name in item:
        if name not in known:
            raise TrainingError(f"configuration: there is no setting {where}{name}")
    values = {name: _value(known[name], value, f"{where}{name}") for name, value in item.items()}
    return replace(default, **values)


def _value(default: Any, value: Any, where: str) -> Any:
    if is_dataclass(default):
        return _read(default, value, f"{where}.")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, float) and is_number:
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if type(value) is not type(default):
        raise TrainingError(f"configuration {where}: expected {type(default).__name__}, got {value!r}")
    return value
