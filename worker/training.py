"""The task that trains a round: interrupted at any moment, it goes on from its last checkpoint."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotator.domain import rounds
from annotator.domain.rounds import RoundOutcome
from annotator.domain.stages import StageName
from annotator.jobs import app
from annotator.models import Round
from mlcore.train import Progress, RoundConfig, RoundResult, run_round
from mlcore.types import JsonObject
from worker import bridge
from worker.run import RunningJob, perform

#: the stage whose "epochs" are clips
SCORING = "scoring"


@app.task(name="concord.round")
def train_round(job_id: int) -> None:
    perform(job_id, train)


def train(running: RunningJob) -> None:
    job = running.job
    assert job.round is not None
    round_ = job.round
    config = RoundConfig.from_json(round_.config)
    rounds.begin_round(job.pk, running.token, config=config.to_json())
    running.progress(0.0, "Reading the clips")
    prepared = bridge.round_input(round_, int(job.payload["max_clip"]))
    folder = Path(settings.MODEL_ROOT) / f"round-{round_.pk}"
    folder.mkdir(parents=True, exist_ok=True)
    bridge.write_round_files(folder, prepared)
    watcher = Watcher(running, history_of(round_), config.n_members)
    result = run_round(
        prepared.data,
        config,
        seed=round_.seed,
        folder=folder,
        on_progress=watcher.on_progress,
        should_stop=running.should_stop,
    )
    publish(running, round_, result, watcher, bridge.ranked_clips(result.pool, prepared))


def history_of(round_: Round) -> dict[tuple[str, int], JsonObject]:
    return {(str(row["stage"]), int(row["epoch"])): row for row in round_.history}


@dataclass(slots=True)
class Watcher:
    """Writes down each epoch as it ends, and which attempt trained it."""

    running: RunningJob
    epochs: dict[tuple[str, int], JsonObject]
    n_networks: int = 1

    def on_progress(self, progress: Progress) -> None:
        self.running.progress(progress.fraction, describe(progress, self.n_networks), progress.seconds_left)
        if progress.stage == SCORING or (progress.stage, progress.epoch) in self.epochs:
            return
        self.epochs[progress.stage, progress.epoch] = {
            "stage": progress.stage,
            "epoch": progress.epoch,
            "loss": _finite(progress.loss),
            "validation_loss": _finite(progress.validation_loss),
            "attempt": self.running.job.attempts,
        }
        rounds.record_history(self.running.job.pk, self.running.token, list(self.epochs.values()))

    def merged(self, history: list[JsonObject]) -> list[JsonObject]:
        """The trainer's own account, with the attempt that trained each epoch.

        A worker may die between an epoch's checkpoint and our note of it: that epoch is of the attempt before it.
        """
        rows, attempt = [], 1
        for row in history:
            noted = self.epochs.get((str(row["stage"]), int(row["epoch"])))
            attempt = int(noted["attempt"]) if noted else attempt
            rows.append({**row, "attempt": attempt})
        return rows


def describe(progress: Progress, n_networks: int) -> str:
    if progress.stage == SCORING:
        return f"Scoring: {progress.epoch} of {progress.n_epochs} clips"
    stage = StageName.read(progress.stage).told(n_networks)
    return f"{stage}: epoch {progress.epoch} of {progress.n_epochs}, loss {progress.loss:.3f}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def publish(
    running: RunningJob,
    round_: Round,
    result: RoundResult,
    watcher: Watcher,
    ranked: tuple[rounds.ScoredClip, ...],
) -> None:
    outcome = RoundOutcome(
        metrics=plain(result.metrics),
        history=[plain(row) for row in watcher.merged(result.history)],
        model_path=str(result.model_folder.relative_to(settings.MODEL_ROOT)),
        model_sha256=_digest(result.model_folder / "model.safetensors"),
        ranked=ranked,
    )
    rounds.publish_round(round_, job_id=running.job.pk, token=running.token, outcome=outcome)


def plain(item: JsonObject) -> JsonObject:
    """As the database keeps it: a NaN, which JSON has no word for, is no value."""
    answer: JsonObject = json.loads(json.dumps(item), parse_constant=lambda _: None)
    return answer


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
