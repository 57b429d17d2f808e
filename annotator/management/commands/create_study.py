from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import people, studies
from annotator.forms.scheme import PRESETS
from annotator.management.refusals import on_the_database
from mlcore.types import AcquisitionConfig, Strategy


class Command(BaseCommand):
    help = "Create a study: its label scheme, window, EEG channels and queue."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name, as in addresses: letters, digits, hyphens")
        parser.add_argument("--title", help="default: the short name")
        parser.add_argument("--scheme", choices=sorted(PRESETS), default="classes3")
        parser.add_argument("--window", type=float, default=5.0, metavar="S", help="length of a clip")
        parser.add_argument("--hop", type=float, metavar="S", help="step from clip to clip (default: the window)")
        parser.add_argument("--channels", default="", help="EEG channels, separated by commas")
        parser.add_argument("--sfreq", type=float, default=128.0, metavar="HZ", help="EEG rate for training")
        parser.add_argument("--overlap", type=int, default=1, help="annotators a clip")
        parser.add_argument("--reserve", type=int, default=2, help="clips that an annotator holds at once")
        parser.add_argument("--test-share", type=float, default=0.2, help="share of subjects kept for testing")
        parser.add_argument(
            "--strategy",
            choices=list(Strategy),
            type=Strategy,
            default=Strategy.ENTROPY,
            help="what orders the clips; set_acquisition has everything else",
        )
        parser.add_argument("--seed", type=int, help="of every random choice in the study (default: drawn)")
        parser.add_argument("--admin", metavar="USER", help="user who is its first admin")

    def handle(self, *args: Any, **options: Any) -> None:
        with on_the_database():
            actor = people.find_user(options["admin"]) if options["admin"] else None
            study = studies.create_study(_spec(options), actor=actor)
            self.stdout.write(f"Study {study.slug} stands. Import recordings next.")


def _spec(options: dict[str, Any]) -> studies.StudySpec:
    hop_s = options["hop"] if options["hop"] is not None else options["window"]
    return studies.StudySpec(
        slug=options["slug"],
        title=options["title"] or options["slug"],
        dimensions=PRESETS[options["scheme"]][1],
        window_s=options["window"],
        hop_s=hop_s,
        eeg_channels=tuple(name.strip() for name in options["channels"].split(",") if name.strip()),
        eeg_sfreq=options["sfreq"],
        overlap=options["overlap"],
        reserve=options["reserve"],
        test_subject_share=options["test_share"],
        acquisition=AcquisitionConfig(strategy=options["strategy"]),
        seed=options["seed"],
    )
