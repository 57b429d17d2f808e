from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import importing
from annotator.enums import JobState
from annotator.management.waiting import follow, prepared, study_named


class Command(BaseCommand):
    help = (
        "Derive every session of a study anew from its stored originals, as after an upgrade. Clips that are still "
        "there keep their labels; a session for which nothing changed is left as it is."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="the study's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        with prepared():
            requested = importing.request_rebuilds(study_named(options["study"]), actor=None)
            ended = [follow(job, self.stdout.write) for job in requested]
        failed = [job for job in ended if job.state != JobState.SUCCEEDED]
        for job in failed:
            self.stdout.write(f"{job.session}: {job.reason}")
        if failed:
            raise CommandError(f"{len(failed)} of {len(ended)} sessions were not rebuilt; they are as they were.")
        self.stdout.write(f"{len(ended)} sessions are up to date.")
