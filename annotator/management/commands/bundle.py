from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotator import bundles


class Command(BaseCommand):
    help = "Bundle the pages' scripts and styles, once a version; before collectstatic and the web server start."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            is_new = bundles.build(settings.BUNDLES_ROOT)
        except bundles.BundleError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'Bundled into' if is_new else 'Nothing has changed in'} {settings.BUNDLES_ROOT}.")
