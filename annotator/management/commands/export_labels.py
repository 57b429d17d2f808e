from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import exporting
from annotator.enums import ExportFormat, JobState
from annotator.management.waiting import follow, prepared, study_named


class Command(BaseCommand):
    help = "Write a study's labels to a folder, one row a label, with a manifest that holds their SHA-256."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="the study's short name")
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.CSV.value)
        parser.add_argument("--out", type=Path, required=True, help="folder for the files")
        parser.add_argument("--history", action="store_true", help="superseded and withdrawn labels too")
        parser.add_argument("--json", action="store_true", help="a JSON object as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        with prepared():
            self._export(options)

    def _export(self, options: dict[str, Any]) -> None:
        study = study_named(options["study"])
        export = exporting.request_export(
            study, actor=None, format=options["format"], out=options["out"], with_history=options["history"]
        )
        job = follow(export.job, self.stdout.write)
        if job.state != JobState.SUCCEEDED:
            raise CommandError(job.reason)
        self.stdout.write(f"{job.result['rows']} labels written to {job.result['path']}")
        if options["json"]:
            self.stdout.write(json.dumps(job.result))
