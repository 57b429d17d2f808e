from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.demo import check, preflight, run
from annotator.demo.console import Console, DemoError
from annotator.demo.recordings import Size
from annotator.exceptions import DomainError
from annotator.services import ServiceError

#: a check is about the steps, not about how much data they bear
CHECK_SIZE = Size(n_subjects=6, n_trials=2, trial_s=20.0)
CHECK_PATIENCE_S = 480.0


class Command(BaseCommand):
    help = "Bring the whole system up with simulated data: servers, workers, web. Ctrl-C stops what it started."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--subjects", type=int, help="simulated subjects of the demo study")
        parser.add_argument("--trials", type=int, help="trials of each")
        parser.add_argument("--trial-s", type=float, help="seconds of each trial")
        parser.add_argument("--check", action="store_true", help="do every step once on data of its own, then stop")
        parser.add_argument("--in-place", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        try:
            if not options["check"]:
                run.stay_up(_options(options, Size()), console)
            elif options["in_place"]:
                self._check(options, console)
            else:
                sys.exit(check.check_apart(_size_arguments(options), console))
        except (DemoError, ServiceError) as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(error.message) from error

    def _check(self, options: dict[str, Any], console: Console) -> None:
        port = preflight.free_port("127.0.0.1")
        chosen = _options({**options, "host": "127.0.0.1", "port": port}, CHECK_SIZE, patience_s=CHECK_PATIENCE_S)
        try:
            found = check.check(chosen, console)
        except KeyboardInterrupt:
            sys.exit(130)
        self.stdout.write(check.report(found))


def _options(given: dict[str, Any], size: Size, *, patience_s: float | None = None) -> run.Options:
    chosen = Size(
        n_subjects=given["subjects"] or size.n_subjects,
        n_trials=given["trials"] or size.n_trials,
        trial_s=given["trial_s"] or size.trial_s,
    )
    return run.Options(host=given["host"], port=given["port"], size=chosen, patience_s=patience_s)


def _size_arguments(given: dict[str, Any]) -> list[str]:
    named = {"--subjects": given["subjects"], "--trials": given["trials"], "--trial-s": given["trial_s"]}
    return [part for name, value in named.items() if value for part in (name, str(value))]
