from __future__ import annotations

import json
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import rounds
from annotator.enums import RoundState
from annotator.management.waiting import follow, prepared, study_named
from annotator.models import Round
from mlcore.types import JsonObject


class Command(BaseCommand):
    help = "Launch a retraining round: freeze the labels, train, evaluate, rank the unlabelled clips, publish."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="the study's short name")
        parser.add_argument("--wait", action="store_true", help="until it has ended; runs a worker if none answers")
        parser.add_argument("--json", action="store_true", help="a JSON object as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        with prepared():
            round_ = rounds.launch_round(study_named(options["study"]), actor=None)
            self.stdout.write(f"Round {round_.number} launched on {round_.n_labels} labels.")
            if options["wait"]:
                follow(round_.job, self.stdout.write)
                round_.refresh_from_db()
                self._tell(round_)
            if options["json"]:
                self.stdout.write(json.dumps(report(round_)))
            if options["wait"] and round_.state != RoundState.PUBLISHED:
                raise CommandError(f"Round {round_.number} was not published: {round_.error or round_.state}")

    def _tell(self, round_: Round) -> None:
        for target, scores in round_.metrics.get("by_target", {}).items():
            accuracy, majority = scores.get("balanced_accuracy"), scores.get("majority_rate")
            self.stdout.write(
                f"{target}: balanced accuracy {_number(accuracy)}, majority {_number(majority)} "
                f"({round_.metrics.get('n_subjects')} test subjects, {round_.metrics.get('n_trials')} trials)"
            )


def report(round_: Round) -> JsonObject:
    return {
        "round": round_.number,
        "state": round_.state,
        "n_labels": round_.n_labels,
        "ranked": int(round_.job.result.get("ranked", 0)),
        "metrics": round_.metrics,
        "error": round_.error,
    }


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
