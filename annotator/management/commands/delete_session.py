from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from annotator.domain import deletion
from annotator.management.refusals import on_the_database
from annotator.management.waiting import study_named
from annotator.models import RecordingSession


class Command(BaseCommand):
    help = "Delete a session and everything derived from it. Answers to its clips are kept and exported with a mark."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's short name")
        parser.add_argument("subject")
        parser.add_argument("session")
        parser.add_argument("--yes", action="store_true", help="do it; without this, only say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        with on_the_database():
            session = self._session(options["study"], options["subject"], options["session"])
            if options["yes"]:
                self._say(session, deletion.delete_session(session, actor=None), "was deleted")
            else:
                self._say(session, deletion.preview(session), "would be deleted (with --yes)")

    def _session(self, study_name: str, subject: str, code: str) -> RecordingSession:
        study = study_named(study_name)
        session = study.sessions.select_related("subject", "study").filter(subject__code=subject, code=code).first()
        if session is None:
            raise CommandError(f"Study {study.slug!r} has no session {code!r} of a subject {subject!r}.")
        return session

    def _say(self, session: RecordingSession, what: deletion.Deletion, verb: str) -> None:
        self.stdout.write(
            f"{session} {verb}: {what.n_clips - what.n_labelled_clips} clips, {what.n_files_removed} original files "
            f"({what.bytes_removed} bytes); {what.n_files_shared} files are used elsewhere and stay."
        )
        if what.leaves_tombstone:
            self.stdout.write(
                f"{what.n_labels} answers of {what.n_annotators} annotators on {what.n_labelled_clips} clips stay."
            )
        if what.rounds:
            numbers = ", ".join(str(number) for number in what.rounds)
            self.stdout.write(f"Models that used its answers stay as they are: rounds {numbers}.")
