from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import people
from annotator.management.passwords import add_password_arguments, read_password
from annotator.management.refusals import on_the_database


class Command(BaseCommand):
    help = "Create a user; asks for the password, which is never an argument."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--superuser", action="store_true", help="may do everything in every study")
        parser.add_argument("--no-password", action="store_true", help="nobody can log in to it: API tokens only")
        add_password_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        password = None if options["no_password"] else read_password(from_stdin=options["password_stdin"])
        with on_the_database():
            user = people.create_user(options["username"], password=password, is_superuser=options["superuser"])
            self.stdout.write(f"User {user.username} stands.")
