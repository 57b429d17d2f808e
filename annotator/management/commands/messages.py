from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Bring the languages in annotator/locale up to the sources' sentences, and compile them for the pages."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("languages", nargs="*", help="new ones beside those that are there, for example de pt_BR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from annotator.management import sentences
        except ModuleNotFoundError as error:
            raise CommandError("Extracting sentences needs Babel: run make install-dev first.") from error
        folder = Path(settings.LOCALE_PATHS[0])
        there = {path.parent.name for path in folder.glob("*/LC_MESSAGES")}
        languages = sorted(there | set(options["languages"]))
        if not languages:
            raise CommandError("No language is there yet: name one, for example: manage.py messages de")
        found = sentences.catalogs(settings.BASE_DIR)
        for language in languages:
            self._bring_up(sentences, folder, language, found)

    def _bring_up(self, sentences: Any, folder: Path, language: str, found: dict[str, Any]) -> None:
        try:
            sentences.update(folder, language, found)
            counts = sentences.compiled(folder, language)
        except ValueError as error:
            raise CommandError(f"{language}: {error}") from error
        for domain, (n, total) in counts.items():
            self.stdout.write(f"{language}/LC_MESSAGES/{domain}.po: {n} of {total} sentences are translated.")
