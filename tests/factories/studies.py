"""Studies for tests, with subjects, sessions and clips as an import leaves them, their files on disk if asked."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
from django.conf import settings

from annotator.domain import queueing, studies
from annotator.enums import DerivedKind, SessionStatus
from annotator.models import Clip, Derived, RecordingSession, SelfReport, Study, Subject, Trial
from mlcore.io.recording import EegRecording
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.types import AROUSAL3, VALENCE3, Dimension, EegInfo

TILE_SFREQ = 128.0
TILE_CHANNELS = ("Fp1", "Fp2", "EXG1")
_numbers = count(1)


def make_study(
    slug: str = "",
    *,
    n_subjects: int = 4,
    n_sessions: int = 1,
    n_clips: int = 4,
    overlap: int = 1,
    reserve: int = 2,
    lease_s: int = 300,
    test_clips_per_subject: int = 20,
    dimensions: tuple[Dimension, ...] = (VALENCE3, AROUSAL3),
    with_files: bool = False,
) -> Study:
    """`n_clips` clips of 5 s in each of `n_sessions` sessions of each subject; the queue is open."""
    slug = slug or f"study-{next(_numbers)}"
    spec = studies.StudySpec(
        slug=slug,
        title=slug.title(),
        dimensions=dimensions,
        overlap=overlap,
        reserve=reserve,
        lease_s=lease_s,
        test_clips_per_subject=test_clips_per_subject,
        eeg_channels=("Fp1", "Fp2"),
        seed=7,
    )
    study = studies.create_study(spec, actor=None)
    for number in range(n_subjects):
        add_subject(study, f"S{number + 1:02d}", n_sessions=n_sessions, n_clips=n_clips, with_files=with_files)
    queueing.open_clips(study)
    study.refresh_from_db()
    return study


def add_subject(study: Study, code: str, *, n_sessions: int = 1, n_clips: int = 4, with_files: bool = False) -> Subject:
    subject = Subject.objects.create(study=study, code=code)
    for number in range(n_sessions):
        add_session(subject, f"{code}-{number + 1}", n_clips=n_clips, with_files=with_files)
    return subject


def add_session(subject: Subject, code: str, *, n_clips: int = 4, with_files: bool = False) -> RecordingSession:
    duration_s = 5.0 * n_clips
    session = RecordingSession.objects.create(
        study=subject.study,
        subject=subject,
        code=code,
        layout="manifest",
        status=SessionStatus.READY,
        duration_s=duration_s,
        has_eeg=True,
        has_video=True,
        eeg_usable=True,
        eeg_info={"channels": list(TILE_CHANNELS), "kinds": ["eeg", "eeg", "eog"], "sfreq": 256.0},
        video_offset_s=0.25,
        video_drift=1e-5,
        sync_residual_ms=3.0,
        sync_method="given offset",
    )
    trial = Trial.objects.create(session=session, number=1, start_s=0.0, stop_s=duration_s, stimulus="clip")
    SelfReport.objects.create(trial=trial, item="feltVlnc", value=8.0)
    Clip.objects.bulk_create(
        Clip(
            study=subject.study,
            subject=subject,
            session=session,
            trial=trial,
            number=number,
            start_s=5.0 * number,
            stop_s=5.0 * (number + 1),
            has_eeg=True,
            has_face=True,
            shard_row=number,
        )
        for number in range(n_clips)
    )
    if with_files:
        write_derived(session)
    return session


def write_derived(session: RecordingSession) -> None:
    """The tiles and the browser video of a session: small, but real files."""
    folder = Path(f"{session.study.slug}/{session.pk}")
    _write_tiles(Path(settings.DERIVED_ROOT) / folder / "tiles", session.duration_s or 0.0)
    _write_video(Path(settings.DERIVED_ROOT) / folder / "proxy.mp4", session.duration_s or 0.0)
    Derived.objects.create(
        session=session, kind=DerivedKind.EEG_TILES, version=TILES_VERSION, path=str(folder / "tiles")
    )
    Derived.objects.create(session=session, kind=DerivedKind.PROXY_VIDEO, version=1, path=str(folder / "proxy.mp4"))


def tile_uv(n_samples: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Sample i of channel c is an eighth of 1000 c + i, in µV: each says where it belongs, and tiles don't round it."""
    return np.stack([(1000 * c + np.arange(n_samples)) / 8 for c in range(len(TILE_CHANNELS))])


def _write_tiles(folder: Path, duration_s: float) -> None:
    samples = tile_uv(round(duration_s * TILE_SFREQ)) * 1e-6
    info = EegInfo("made", TILE_CHANNELS, ("eeg", "eeg", "eog"), TILE_SFREQ, samples.shape[1])
    write_tiles(EegRecording(folder, info, (), lambda picks, first, last: samples[list(picks), first:last]), folder)


def _write_video(path: Path, duration_s: float) -> None:
    import av

    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(round(duration_s * 10)):
            image = np.full((48, 64, 3), (number * 3) % 255, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
