"""The task that trains a round: interrupted at any moment, it goes on from its last checkpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass

from annotator.domain import rounds, scoring
from annotator.domain.stages import StageName
from annotator.jobs import app
from annotator.models import Round
from mlcore.train import Progress, RoundConfig, learn_round
from mlcore.train.model import WEIGHTS_NAME
from mlcore.types import JsonObject
from worker import publishing, round_input
from worker.round_input import RoundInput
from worker.run import RunningJob, perform
from worker.scoring import folder_of, make_plan, score_part
from worker.voters import keep_voters

#: the stage whose "epochs" are clips
SCORING = "scoring"


@app.task(name="concord.round")
def train_round(job_id: int) -> None:
    perform(job_id, train)


def train(running: RunningJob) -> None:
    """The steps of a round: learn, have the pool scored, and, when all of it is, rank and publish."""
    assert running.job.round is not None
    if running.job.payload.get("step") == scoring.MERGE:
        scoring.refuse_missing_parts(running.job)
    elif not learn_and_score(running, running.job.round):
        return  # the last of the parts sends the round again
    publishing.rank_and_publish(running, running.job.round)


def learn_and_score(running: RunningJob, round_: Round) -> bool:
    """Whether the whole pool is scored; False where other jobs do it."""
    config = RoundConfig.from_json(round_.config)
    rounds.begin_round(running.job.pk, running.token, config=config.to_json())
    running.progress(0.0, "Reading the clips")
    prepared = round_input.round_input(round_, int(running.job.payload["max_clip"]))
    rounds.note_reading(running.job.pk, running.token, prepared.reading.to_json())
    folder = folder_of(round_)
    folder.mkdir(parents=True, exist_ok=True)
    round_input.write_round_files(folder, prepared)
    learn(running, round_, config, prepared)
    plan = make_plan(folder, prepared, round_, model=publishing.digest(folder / WEIGHTS_NAME))
    bounds = plan.bounds()
    if len(bounds) > 1:
        scoring.begin_parts(running.job.pk, running.token, bounds=bounds)
        return False
    score_part(folder, plan, *bounds[0], on_batch=lambda n_done: tell_scoring(running, n_done, plan.n_rows))
    return True


def learn(running: RunningJob, round_: Round, config: RoundConfig, prepared: RoundInput) -> None:
    """Train and evaluate, and leave what was found beside the model."""
    watcher, folder = Watcher(running, history_of(round_), config.n_members), folder_of(round_)
    learnt = learn_round(
        prepared.data,
        config,
        seed=round_.seed,
        folder=folder,
        on_progress=watcher.on_progress,
        should_stop=running.should_stop,
    )
    keep_voters(folder, prepared.voters)
    answers = {"reliability": prepared.reliability, "agreement": prepared.agreement}
    publishing.keep(folder, learnt, history=watcher.merged(learnt.history), answers=answers)


def tell_scoring(running: RunningJob, n_done: int, n_all: int) -> None:
    running.stop_if_asked()
    share = scoring.TRAINED_SHARE + (1 - scoring.TRAINED_SHARE) * n_done / max(n_all, 1)
    running.progress(share, f"Scoring: {n_done} of {n_all} clips")


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
