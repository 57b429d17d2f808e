from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import storages
from pytest_django.fixtures import Settings

from annotator.domain import importing, studies
from annotator.enums import JobState, SessionStatus
from annotator.exceptions import DomainError
from annotator.models import Clip, Derived, Job, Label, Original, RecordingSession, SelfReport, Slot, Study, Trial
from mlcore.store import open_store
from mlcore.types import AROUSAL3, VALENCE3
from tests.factories.eeg import sines_uv
from tests.factories.eeg_formats import CHANNELS, SFREQ, eeglab_fields, write_set
from tests.factories.labels import add_label
from tests.factories.mahnob import MiniSession, write_mahnob
from tests.factories.people import make_member
from tests.factories.recordings import Line, write_edf, write_manifest
from worker import ingest
from worker.candidates import crosses_change

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    originals = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": originals}


def make_study(**fields: object) -> Study:
    spec = studies.StudySpec(slug="real", title="Real", dimensions=(VALENCE3, AROUSAL3), seed=5, **fields)  # type: ignore[arg-type]  # field by name
    return studies.create_study(spec, actor=None)


def run_import(study: Study, source: Path) -> Job:
    """An import from beginning to end, each step as a worker does it."""
    job = importing.request_import(study, actor=None, source=source)
    ingest.import_source(job.pk)
    for child in job.children.order_by("pk"):
        ingest.import_session(child.pk)
    ingest.import_source(job.pk)
    job.refresh_from_db()
    study.refresh_from_db()
    return job


def statuses(job: Job) -> dict[str, str]:
    return {item["subject"]: item["status"] for item in job.result["sessions"]}


def shard_of(session: RecordingSession, root: Path) -> Path:
    return root / session.derived.get(kind="shard").path


def test_sessions_become_clips_of_what_they_have(tmp_path: Path, settings: Settings) -> None:
    lines = [Line("S1"), Line("S2", video_s=None), Line("S3", eeg_s=None)]
    study = make_study()
    job = run_import(study, write_manifest(tmp_path / "in", lines))
    assert job.state == JobState.SUCCEEDED
    assert job.progress == 1.0
    assert [
        (item["subject"], item["status"], item["clips"], item["modalities"], item["error"])
        for item in job.result["sessions"]
    ] == [("S1", "ready", 2, ["eeg", "face"], ""), ("S2", "ready", 2, ["eeg"], ""), ("S3", "ready", 2, ["face"], "")]
    assert study.eeg_channels == ["FP1", "FP2", "F3", "F4", "C3", "C4", "O1", "O2"]
    assert Slot.objects.filter(study=study).count() == 6
    assert study.active_ranking is not None
    both = RecordingSession.objects.get(subject__code="S1")
    assert (both.video_offset_s, both.eeg_usable, both.has_video) == (0.5, True, True)
    assert (settings.DERIVED_ROOT / both.derived.get(kind="proxy_video").path).is_file()
    assert (settings.DERIVED_ROOT / both.derived.get(kind="eeg_tiles").path / "tiles.json").is_file()


def test_what_lowers_a_clips_quality_is_kept_with_it_and_what_the_import_took_with_its_job(tmp_path: Path) -> None:
    study = make_study()
    job = run_import(study, write_manifest(tmp_path / "in", [Line("S1")]))
    clip = Clip.objects.order_by("number")[0]
    # noise has no face
    assert (clip.face_quality, clip.face_faults["no face"], clip.face_place) == (0.0, 1.0, None)
    assert clip.eeg_quality is not None
    assert 0.0 <= clip.eeg_quality <= 1.0
    took = job.children.get().result["import"]
    parts = {"store", "read", "video", "faces", "features", "clocks", "tiles", "eeg quality", "face clips", "windows"}
    assert parts <= took["seconds"].keys()
    assert (took["counts"]["video"], took["counts"]["faces"]) == (100, 100)
    assert took["peak_mib"] > 0


def test_a_row_of_the_shard_is_the_clip_of_that_number(tmp_path: Path, settings: Settings) -> None:
    study = make_study()
    run_import(study, write_manifest(tmp_path / "in", [Line("S1", eeg_s=16.0)]))
    session = RecordingSession.objects.get()
    store = open_store(shard_of(session, settings.DERIVED_ROOT))
    clips = list(session.clips.order_by("shard_row"))
    assert list(store.start_s) == [clip.start_s for clip in clips] == [0.0, 5.0, 10.0]
    assert list(store.present("face")) == [clip.has_face for clip in clips] == [True, True, False]
    assert store.gather("eeg", [0, 1]).shape == (2, 8, 640)
    assert np.all(store.gather("eeg", [0]).std(axis=2) > 1.0)  # microvolts, not volts
    assert store.meta.modalities["eeg"].channels == tuple(study.eeg_channels)


def test_the_channels_are_those_of_the_first_subject_whatever_comes_first_in_the_file(tmp_path: Path) -> None:
    lines = [
        Line("P10", video_s=None, channels=("C3", "C4")),
        Line("P2", video_s=None, channels=("O1", "O2", "Cz", "Pz")),
    ]
    study = make_study(min_eeg_channels=2)
    run_import(study, write_manifest(tmp_path / "in", lines))
    assert study.eeg_channels == ["O1", "O2", "CZ", "PZ"]


def test_a_session_with_too_few_of_the_studys_channels_is_shown_but_not_learned_from(
    tmp_path: Path, settings: Settings
) -> None:
    lines = [Line("S1", video_s=None), Line("S2", video_s=None, channels=("Fp1", "Fp2", "X1", "X2"))]
    study = make_study()
    run_import(study, write_manifest(tmp_path / "in", lines))
    session = RecordingSession.objects.get(subject__code="S2")
    assert (session.eeg_usable, session.has_eeg) == (False, True)
    assert "shares 2 of the study's 8 channels" in session.warnings[-1]
    store = open_store(shard_of(session, settings.DERIVED_ROOT))
    assert not store.present("eeg").any()
    assert all(session.clips.values_list("has_eeg", flat=True))


def everything() -> list[object]:
    """Every row that an import makes, and every file name."""
    models = (Clip, Slot, Original, RecordingSession)
    rows: list[object] = [sorted(model.objects.values_list("pk", flat=True)) for model in models]
    return [*rows, sorted(Derived.objects.values_list("pk", "path"))]


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1"), Line("S2", video_s=None)])
    run_import(study, source)
    before = everything()
    job = run_import(study, source)
    assert [item["unchanged"] for item in job.result["sessions"]] == [True, True]
    assert everything() == before


def test_lost_derived_files_are_made_again_and_labels_stay(tmp_path: Path, settings: Settings) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1")])
    run_import(study, source)
    session = RecordingSession.objects.get()
    clip = session.clips.order_by("number")[0]
    label = add_label(clip, make_member(study, "ann"))
    (settings.DERIVED_ROOT / session.derived.get(kind="proxy_video").path).unlink()
    run_import(study, source)
    assert (settings.DERIVED_ROOT / session.derived.get(kind="proxy_video").path).is_file()
    assert Label.objects.get() == label
    assert session.clips.order_by("number")[0] == clip


def test_one_bad_file_fails_its_own_session_with_a_sentence(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(
        tmp_path / "in", [Line("S1", video_s=None), Line("S2", video_s=None), Line("S3", video_s=None)]
    )
    (tmp_path / "in" / "S2-1.edf").write_bytes(b"this is no EDF file")
    job = run_import(study, source)
    assert job.state == JobState.SUCCEEDED
    assert statuses(job) == {"S1": "ready", "S2": "failed", "S3": "ready"}
    failed = RecordingSession.objects.get(subject__code="S2")
    assert failed.status == SessionStatus.FAILED
    assert "S2-1.edf" in failed.error
    assert not failed.clips.exists()
    assert not failed.derived.exists()
    child = job.children.get(session=failed)
    assert child.reason == failed.error
    assert "Traceback" in child.traceback


def test_a_repaired_file_is_imported_the_next_time(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None), Line("S2", eeg_s=None)])
    (tmp_path / "in" / "S2-1.mp4").write_bytes(b"no video")
    assert statuses(run_import(study, source)) == {"S1": "ready", "S2": "failed"}
    write_manifest(tmp_path / "in", [Line("S1", video_s=None), Line("S2", eeg_s=None)])
    assert statuses(run_import(study, source)) == {"S1": "ready", "S2": "ready"}
    assert RecordingSession.objects.get(subject__code="S2").error == ""


def test_a_folder_of_the_server_is_left_alone(tmp_path: Path) -> None:
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None)])
    run_import(make_study(), source)
    assert source.is_file()


def test_when_nothing_can_be_imported_the_import_has_failed(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None)])
    (tmp_path / "in" / "S1-1.edf").unlink()
    job = run_import(study, source)
    assert job.state == JobState.FAILED
    assert statuses(job) == {"S1": "failed"}


def test_a_source_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="does not exist"):
        importing.request_import(make_study(), actor=None, source=tmp_path / "nowhere")


def test_an_unlabelled_session_that_changed_is_replaced(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None)])
    run_import(study, source)
    write_edf(tmp_path / "in" / "S1-1.edf", 26.0, seed=9)
    run_import(study, source)
    assert Clip.objects.count() == 5
    assert Slot.objects.count() == 5


def test_a_mended_file_keeps_the_answers_that_still_fit(tmp_path: Path, settings: Settings) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", eeg_s=16.0, video_s=None)])
    run_import(study, source)
    first, _, third = Clip.objects.order_by("number")
    user = make_member(study, "ann")
    label, lost = add_label(first, user), add_label(third, user)
    old = shard_of(RecordingSession.objects.get(), settings.DERIVED_ROOT)
    write_edf(tmp_path / "in" / "S1-1.edf", 11.0, seed=9)
    job = run_import(study, source)
    assert job.result["sessions"][0]["clips"] == 2
    assert list(Clip.objects.filter(superseded_at=None).values_list("pk", "number", "shard_row")) == [
        (first.pk, 0, 0),
        (first.pk + 1, 1, 1),
    ]
    assert Label.objects.get(pk=label.pk).clip_id == first.pk
    assert Label.objects.get(pk=lost.pk).clip.superseded_at is not None
    store = open_store(shard_of(RecordingSession.objects.get(), settings.DERIVED_ROOT))
    assert store.n_clips == 2
    assert not old.exists()
    assert not old.parent.exists()
    assert Original.objects.get().uses.count() == 1  # the damaged file went with its last use


def test_a_failed_import_of_a_changed_file_leaves_what_was_there(tmp_path: Path, settings: Settings) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None)])
    run_import(study, source)
    before = list(Clip.objects.order_by("pk").values())
    (tmp_path / "in" / "S1-1.edf").write_bytes(b"this is no EDF file")
    job = run_import(study, source)
    assert statuses(job) == {"S1": "failed"}
    session = RecordingSession.objects.get()
    assert session.status == SessionStatus.READY
    assert list(Clip.objects.order_by("pk").values()) == before
    assert open_store(shard_of(session, settings.DERIVED_ROOT)).n_clips == 2
    assert Original.objects.count() == 1  # what was stored for nothing has gone again


def test_the_same_file_in_two_sessions_is_stored_once(tmp_path: Path) -> None:
    study = make_study()
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None), Line("S2", video_s=None)])
    (tmp_path / "in" / "S2-1.edf").write_bytes((tmp_path / "in" / "S1-1.edf").read_bytes())
    run_import(study, source)
    original = Original.objects.get()
    assert original.uses.count() == 2
    with storages["originals"].open(original.storage_key) as content:
        assert content.read() == (tmp_path / "in" / "S1-1.edf").read_bytes()


def test_a_cancelled_import_leaves_nothing_half_done(tmp_path: Path) -> None:
    study = make_study()
    job = importing.request_import(
        study, actor=None, source=write_manifest(tmp_path / "in", [Line("S1", video_s=None), Line("S2", video_s=None)])
    )
    ingest.import_source(job.pk)
    first = job.children.order_by("pk")[0]
    ingest.import_session(first.pk)
    job.refresh_from_db()
    importing.cancel_import(job)
    ingest.import_source(job.pk)
    job.refresh_from_db()
    assert statuses(job) == {"S1": "ready", "S2": "failed"}
    assert not RecordingSession.objects.get(subject__code="S2").clips.exists()


def test_mahnobs_stimuli_and_self_reports_come_in_as_a_source_of_their_own(tmp_path: Path) -> None:
    ratings = {"feltArsl": "7", "feltVlnc": "2", "feltEmo": "3"}
    source = write_mahnob(tmp_path / "in", MiniSession(attributes=ratings))
    study = make_study(window_s=3.0, hop_s=3.0)
    job = run_import(study, source)
    assert [item["status"] for item in job.result["sessions"]] == ["ready"], job.result
    trial = Trial.objects.get()
    assert (round(trial.start_s, 1), round(trial.stop_s, 1)) == (3.0, 9.0)
    reports = dict(SelfReport.objects.filter(trial=trial).values_list("item", "value"))
    assert reports == reports | {"feltArsl": 7.0, "feltVlnc": 2.0, "feltEmo": 3.0}
    assert not Label.objects.exists()
    session = RecordingSession.objects.get()
    assert session.video_offset_s == pytest.approx(1.25, abs=0.05)
    assert session.sync_method == "audio counter"
    roles = dict(session.files.values_list("role", "name"))
    assert roles["video"].endswith("_C1 trigger _C_Section_2.avi")
    assert session.clips.count() == 2


# --- where a state changes -------------------------------------------------------------------------------------------

#: number, begin, end: a block over all, in it two stimuli end to end, a short one, and one that begins within a clip
TRIALS = ((1, 0.0, 70.5), (2, 6.0, 12.0), (3, 12.0, 18.0), (4, 31.0, 34.0), (5, 58.0, 63.0))
#: the EEG was stopped for half a second, and later cut for nobody knows how long
STOPPED_S, WENT_ON_S, CUT_S = 20.0, 20.5, 40.5


def write_changing(folder: Path) -> Path:
    """70 s of EEG out of a longer recording, and a table of trials with gaps, one inside the other."""
    folder.mkdir()
    fields = eeglab_fields(sines_uv(len(CHANNELS), 70 * SFREQ, SFREQ))
    events = np.zeros(2, dtype=[("type", "O"), ("latency", "O"), ("duration", "O")])
    events[0] = ("boundary", STOPPED_S * SFREQ + 0.5, (WENT_ON_S - STOPPED_S) * SFREQ)
    events[1] = ("boundary", (CUT_S - 0.5) * SFREQ + 0.5, np.nan)
    write_set(folder / "a.set", fields | {"event": events, "pnts": 70.0 * SFREQ})
    lines = [f"{number},{start_s},{stop_s}" for number, start_s, stop_s in TRIALS]
    (folder / "trials.csv").write_text("\n".join(["number,start_s,stop_s", *lines]))
    manifest = folder / "manifest.csv"
    manifest.write_text("subject,session,eeg_file,trials_file\nS1,1,a.set,trials.csv\n")
    return manifest


def test_clips_over_the_boundary_of_any_trial_or_over_a_break_of_the_eeg_cross_a_change(tmp_path: Path) -> None:
    study = make_study(min_eeg_channels=2)
    run_import(study, write_changing(tmp_path / "in"))
    session = RecordingSession.objects.get()
    assert (session.status, session.error) == (SessionStatus.READY, "")
    assert session.eeg_info["breaks"] == [[STOPPED_S, WENT_ON_S], [CUT_S, CUT_S]]
    rows = list(Clip.objects.order_by("number").values_list("session", "start_s", "stop_s", "trial__number"))
    clips = np.array(rows, dtype=[("session", "i8"), ("start_s", "f8"), ("stop_s", "f8"), ("trial", "i8")])
    moments = [moment for _, *span in TRIALS for moment in span] + [STOPPED_S, WENT_ON_S, CUT_S]
    expected = [any(clip["start_s"] < moment < clip["stop_s"] for moment in moments) for clip in clips]
    crossing = crosses_change(clips)
    assert crossing.tolist() == expected
    # partly before a trial, over two, over a whole one, over a break; and what lies between changes
    block = clips["trial"] == 1
    assert clips["start_s"][block & crossing].tolist() == [5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 55.0, 60.0]
    assert clips["start_s"][block & ~crossing].tolist() == [0.0, 25.0, 35.0, 45.0, 50.0, 65.0]
    assert clips["start_s"][~block].tolist() == [6.0, 12.0, 58.0]
    assert not crossing[~block].any()
