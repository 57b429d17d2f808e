from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import people, studies
from annotator.enums import Role
from annotator.management.refusals import on_the_database
from annotator.management.waiting import study_named


class Command(BaseCommand):
    help = "Give a user a role in a study."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's short name")
        parser.add_argument("username")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        with on_the_database():
            user, study = people.find_user(options["username"]), study_named(options["study"])
            member = studies.add_member(study, user, Role(options["role"]), actor=None)
            self.stdout.write(
                f"{user.username} is {member.role} in {study.slug}; exports call them {member.pseudonym}."
            )
