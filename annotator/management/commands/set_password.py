from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import people
from annotator.management.passwords import add_password_arguments, read_password
from annotator.management.refusals import on_the_database


class Command(BaseCommand):
    help = "Set a user's password; asks for it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        add_password_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        password = read_password(from_stdin=options["password_stdin"])
        with on_the_database():
            people.set_password(people.find_user(options["username"]), password)
            self.stdout.write(f"The password of {options['username']} is set; other devices are signed out.")
