from __future__ import annotations

import json
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.utils.text import slugify

from annotator.domain import importing, studies
from annotator.enums import SessionStatus
from annotator.management.waiting import follow, prepared
from annotator.models import Study
from mlcore.types import AROUSAL3, VALENCE3, JsonObject

REPORTED = ("subject", "session", "status", "clips", "modalities", "error")


class Command(BaseCommand):
    help = "Import recordings from a folder or a manifest. A study of that name is made with the defaults if none is."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="folder of recordings, a manifest.csv, or s3://bucket/prefix")
        parser.add_argument("--study", required=True, help="the study's short name")
        parser.add_argument("--layout", choices=list(importing.LAYOUTS), default="auto")
        parser.add_argument("--json", action="store_true", help="a JSON object as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        with prepared():
            study = self._study(options["study"])
            job = importing.request_import(study, actor=None, source=options["source"], layout=options["layout"])
            job = follow(job, self.stdout.write)
            sessions = list(job.result.get("sessions", []))
        self._table(sessions)
        if options["json"]:
            self.stdout.write(json.dumps({"sessions": [{key: item[key] for key in REPORTED} for item in sessions]}))
        if not any(item["status"] == SessionStatus.READY for item in sessions):
            raise CommandError(job.reason or "No session was imported.")

    def _study(self, name: str) -> Study:
        study = Study.objects.filter(slug=slugify(name)).first()
        if study is None:
            spec = studies.StudySpec(slug=slugify(name), title=name, dimensions=(VALENCE3, AROUSAL3))
            study = studies.create_study(spec, actor=None)
            self.stdout.write(
                f"Study {study.slug!r} is new: valence and arousal in 3 classes, clips of {study.window_s:g} s; "
                "its EEG channels are those of the first recording."
            )
        return study

    def _table(self, sessions: list[JsonObject]) -> None:
        for item in sessions:
            what = "+".join(item["modalities"]) or "-"
            same = " (unchanged)" if item.get("unchanged") else ""
            self.stdout.write(
                f"{item['subject']:>8} {item['session']:>8}  {item['status']:<8} {item['clips']:>5} clips  "
                f"{what:<9}{same} {item['error']}".rstrip()
            )
            for warning in item.get("warnings", []):
                self.stdout.write(f"{'':>19}{warning}")
