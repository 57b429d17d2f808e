"""One method on one target: its parts, run here or elsewhere, and what they add up to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mlcore.compare.contract import Method, Task
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.part import PartResult, Trial, run_part
from mlcore.compare.plan import Part, parts_of, task_of
from mlcore.compare.saved import SavedParts, sign
from mlcore.compare.truth import Answers
from mlcore.errors import TrainingError
from mlcore.store import Store


@dataclass(frozen=True, slots=True)
class Job:
    """A method, a target and the folder that keeps the finished parts.

    Args:
        store: the clips.
        method: what is cross-validated.
        options: how.
        answers: of the target.
        saved: finished parts.
    """

    store: Store
    method: Method
    options: CrossvalOptions
    answers: Answers
    saved: SavedParts

    @classmethod
    def of(cls, store: Store, method: Method, options: CrossvalOptions, folder: Path) -> Self:
        """Plan a job whose parts are kept below `folder`.

        Raises:
            StoreError: the store has no such target.
        """
        answers = Answers.of(store, options.target)
        signature = sign(store, answers, method, options)
        return cls(store, method, options, answers, SavedParts(folder / _slug(method.name, options.target), signature))

    @classmethod
    def again(cls, store: Store, method: Method, options: CrossvalOptions, saved: SavedParts) -> Self:
        """The job that somebody else planned."""
        return cls(store, method, options, Answers.of(store, options.target), saved)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part."""
        return parts_of(self.options)

    def refusal(self) -> str | None:
        """Why the method can't take this store or target, or None."""
        return self.method.refuses(self._task(self.parts[0]))

    def missing(self) -> tuple[Part, ...]:
        """Parts that are not finished."""
        return tuple(part for part in self.parts if self.saved.read(part) is None)

    def run(self, part: Part, *, should_stop: Callable[[], bool]) -> None:
        """Do one part and keep it; its own checkpoints are removed once it is kept."""
        task = self._task(part)
        result = run_part(Trial(self.method, task, self.options, should_stop), self.answers, part)
        self.saved.write(part, result)
        shutil.rmtree(task.folder, ignore_errors=True)

    def results(self) -> dict[Part, PartResult]:
        """Every part as it was kept.

        Raises:
            TrainingError: one is missing.
        """
        found = {part: self.saved.read(part) for part in self.parts}
        lost = [part.name for part, result in found.items() if result is None]
        if lost:
            raise TrainingError(f"{self.saved.folder}: the part {lost[0]} is missing or damaged: run the command again")
        return {part: result for part, result in found.items() if result is not None}

    def _task(self, part: Part) -> Task:
        # checkpoints of other settings or code must not be taken up either
        folder = self.saved.folder / f"{part.name}-{self.saved.signature[:12]}"
        return task_of(self.store, self.answers, self.options, part, folder=folder)


def _slug(method: str, target: str) -> str:
    """A folder's name: letters, digits and dashes; names that differ stay different."""
    plain = "".join(letter if letter.isalnum() else f"-{ord(letter):x}-" if letter != "-" else "-" for letter in method)
    return f"{plain}--{target}"
