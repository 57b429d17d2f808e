from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import people
from annotator.management.refusals import on_the_database


class Command(BaseCommand):
    help = "Make an API token for a user; it is the last line, and shown this once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        with on_the_database():
            self.stdout.write(people.issue_token(people.find_user(options["username"]), options["name"]))
