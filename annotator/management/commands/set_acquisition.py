from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import acquisition
from annotator.management.refusals import on_the_database
from annotator.management.waiting import study_named


class Command(BaseCommand):
    help = "Say by what rules a study's next clips are chosen. Without a setting: print those that are set."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's short name")
        parser.add_argument(
            "settings", nargs="*", metavar="key=value", help=f"of {', '.join(acquisition.NAMES)}; the others stay"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with on_the_database():
            study = study_named(options["study"])
            known = acquisition.acquisition_of(study)
            if options["settings"]:
                known = acquisition.changed(known, _pairs(options["settings"]))
                acquisition.set_acquisition(study, known, actor=None)
            for name, value in known.to_json().items():
                self.stdout.write(f"{name}={'' if value is None else value}")


def _pairs(texts: list[str]) -> dict[str, str]:
    unclear = [text for text in texts if "=" not in text]
    if unclear:
        raise CommandError(f"{unclear[0]!r} sets nothing: write key=value, for example strategy=entropy.")
    return dict(text.split("=", 1) for text in texts)
