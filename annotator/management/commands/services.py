from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator import services


class Command(BaseCommand):
    help = "Start, stop or look after the embedded Postgres and broker; `start` keeps them until `stop`."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])()
        except services.ServiceError as error:
            raise CommandError(str(error)) from error

    def start(self) -> None:
        # as one more user of them: a command that ends just now leaves them running
        with services.running(settings.VAR, settings.EMBEDDED):
            services.keep(settings.VAR, kept=True)
        self.status()

    def stop(self) -> None:
        services.keep(settings.VAR, kept=False)
        services.stop(settings.VAR)
        self.status()

    def status(self) -> None:
        found = services.status(settings.VAR)
        for name, runs, ours in (
            ("Postgres", found.postgres, settings.EMBEDDED.postgres),
            ("Broker", found.valkey, settings.EMBEDDED.valkey),
        ):
            state = "runs" if runs else "is stopped"
            self.stdout.write(f"{name} {state} under {settings.VAR}." if ours else f"{name}: a server of your own.")
