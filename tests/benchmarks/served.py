"""A study on servers of its own, for benchmarks of what the web server answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.servers import own_servers

if TYPE_CHECKING:
    from annotator.models import RecordingSession, Study


class ServedTiles:
    """Sessions whose EEG tiles somebody writes, and their address."""

    def __init__(self, study: Study) -> None:
        self._study = study

    def session(self, code: str, duration_s: float) -> tuple[RecordingSession, Path]:
        """A session, and the folder that its tiles belong in."""
        from django.conf import settings

        from annotator.enums import DerivedKind, SessionStatus
        from annotator.models import Derived, RecordingSession, Subject
        from mlcore.io.tiles import TILES_VERSION

        subject = Subject.objects.create(study=self._study, code=code)
        session = RecordingSession.objects.create(
            study=self._study,
            subject=subject,
            code=code,
            layout="manifest",
            status=SessionStatus.READY,
            duration_s=duration_s,
            has_eeg=True,
        )
        Derived.objects.create(
            session=session, kind=DerivedKind.EEG_TILES, version=TILES_VERSION, path=f"bench/{code}/tiles"
        )
        return session, Path(settings.DERIVED_ROOT) / "bench" / code / "tiles"

    def getter(self, session: RecordingSession, width_px: int) -> Callable[[float, float], Any]:
        """(start_s, stop_s) -> the response that a researcher's browser gets."""
        from annotator.enums import Role
        from tests.factories.people import client_of, make_member

        client = client_of(make_member(self._study, f"researcher-{session.pk}", Role.RESEARCHER))

        def get(start_s: float, stop_s: float) -> Any:
            query = {"start_s": str(start_s), "stop_s": str(stop_s), "width_px": str(width_px)}
            response = client.get(f"/api/v1/sessions/{session.pk}/eeg", query, headers={"Accept-Encoding": "gzip"})
            assert response.status_code == 200, response.content
            return response

        return get


@contextmanager
def served_tiles() -> Iterator[ServedTiles]:
    """Embedded servers in a folder of their own inside this block; nothing is left after it."""
    with own_servers():
        from django.test.utils import setup_test_environment

        from tests.factories.studies import make_study

        setup_test_environment()  # a request may come to "testserver"
        yield ServedTiles(make_study("bench", n_subjects=2, n_clips=1))
