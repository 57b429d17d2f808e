"""Everything about a cross-validation that is neither data nor method."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mlcore.compare.corruption import Corruption
from mlcore.errors import TrainingError
from mlcore.evaluate import SplitBy
from mlcore.store import Store
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class CrossvalOptions:
    """How methods are compared; the same for each of them.

    Args:
        target: name of the answer that is learnt.
        split: what training and test never share.
        n_folds: parts of the data, 2 or more; each is tested once a seed.
        n_seeds: repetitions, each with folds and draws of its own; 5 or more for an interval worth reading.
        seed: the first of them; the others follow it.
        modalities: what may be learnt from; empty = all that the store has.
        infer: what may be read of a clip that is asked about; empty = `modalities`.
        calibrate: whether a temperature is fitted on the clips that the method itself held back.
        device: "auto", "cpu" or "cuda".
        corruptions: under which the fitted methods are asked again.
        latents: whether the test clips' places in the latent space are kept, for a picture.
    """

    target: str
    split: SplitBy = SplitBy.SUBJECT
    n_folds: int = 5
    n_seeds: int = 5
    seed: int = 0
    modalities: tuple[str, ...] = ()
    infer: tuple[str, ...] = ()
    calibrate: bool = True
    device: str = "cpu"
    corruptions: tuple[Corruption, ...] = ()
    latents: bool = False

    def __post_init__(self) -> None:
        if self.n_folds < 2 or self.n_seeds < 1 or self.seed < 0:
            raise TrainingError(
                "a cross-validation needs 2 or more folds, 1 or more seeds and a first seed of 0 or more, "
                f"got {self.n_folds}, {self.n_seeds} and {self.seed}"
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed, rising."""
        return tuple(range(self.seed, self.seed + self.n_seeds))

    def learns_from(self, store: Store) -> tuple[str, ...]:
        """Modalities that may be learnt from.

        Raises:
            TrainingError: the store lacks one of those that were named.
        """
        named = self.modalities or tuple(store.meta.modalities)
        for name in named:
            if name not in store.meta.modalities:
                known = ", ".join(sorted(store.meta.modalities))
                raise TrainingError(f"there is no modality {name!r} in the store: it has {known}")
        return named

    def infers_from(self, store: Store) -> tuple[str, ...]:
        """Modalities that may be read of a clip that is asked about.

        Raises:
            TrainingError: one of them is not among those that may be learnt from.
        """
        learns = self.learns_from(store)
        for name in self.infer:
            if name not in learns:
                raise TrainingError(f"{name!r} can't be inferred from: it is not learnt from ({', '.join(learns)})")
        return self.infer or learns

    def of_a_part(self) -> JsonObject:
        """What decides a part, as plain values: all but which seeds there are, so that more can be added later."""
        return {name: value for name, value in asdict(self).items() if name not in ("seed", "n_seeds")}
