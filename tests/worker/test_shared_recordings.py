"""The real recordings of the shared folder, imported as they are."""

from __future__ import annotations

import pytest

from annotator.enums import JobState
from annotator.models import RecordingSession
from tests.factories.shared import shared_file
from tests.worker.test_ingest import make_study, places, run_import

__all__ = ["places"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


def test_every_session_of_the_manifest_comes_in() -> None:
    study = make_study(face_fps=1.0)
    job = run_import(study, shared_file("sessions", "manifest.csv"))
    assert job.state == JobState.SUCCEEDED
    report = {item["subject"]: item for item in job.result["sessions"]}
    assert {code: item["status"] for code, item in report.items()} == dict.fromkeys(report, "ready")
    assert {code: item["modalities"] for code, item in report.items()} == {
        "S01": ["eeg", "face"],
        "S02": ["eeg", "face"],
        "S03": ["eeg", "face"],
        "S04": ["eeg", "face"],
        "S05": ["eeg"],
        "S06": ["face"],
    }
    assert all(item["clips"] > 0 for item in report.values())
    clocks = dict(RecordingSession.objects.values_list("subject__code", "video_offset_s"))
    assert (clocks["S01"], clocks["S03"]) == (2.0, -1.5)
    formats = RecordingSession.objects.filter(has_eeg=True).values_list("eeg_info__format", flat=True)
    assert len(set(formats)) == 4
