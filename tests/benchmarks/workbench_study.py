"""What the workbench is measured on: long clips of many channels beside a video of numbered frames. All simulated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlcore.io.recording import EegRecording
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.types import AROUSAL3, VALENCE3, EegInfo
from tests.benchmarks.eeg_tiles import SFREQ, endless, simulated_volts
from tests.benchmarks.video_seek import grainy

if TYPE_CHECKING:
    from annotator.models import RecordingSession, Study, Subject

CLIP_S, CLIPS_A_SESSION, N_SUBJECTS = 60.0, 4, 5
FPS, SIZE = 30, (640, 480)
OFFSET_S, DRIFT = 0.1234, 2e-5
LONG_S, LONG = 7200.0, "two hours"
#: the places of a cap of the extended 10-20 system; the first 32 are those of the 32-channel cap
PLACES = (
    *("Fp1", "Fp2", "AF3", "AF4", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4"),
    *("T8", "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3", "PO4", "O1", "Oz", "O2"),
    *("Fpz", "AF7", "AFz", "AF8", "F5", "F1", "F2", "F6", "FT7", "FC3", "FCz", "FC4", "FT8", "C5", "C1", "C2", "C6"),
    *("TP7", "CP3", "CPz", "CP4", "TP8", "P5", "P1", "P2", "P6", "PO7", "POz", "PO8", "P9", "P10", "Iz"),
)


def frame_session_s(number: int) -> float:
    """Where on the session's clock a frame begins."""
    return OFFSET_S + (1 + DRIFT) * number / FPS


def make_workbench(n_channels: int) -> Study:
    """A study of clips of a minute, whose sessions share their files, and a session of two hours without clips."""
    from annotator.domain import queueing, studies

    spec = studies.StudySpec(
        slug=f"bench-{n_channels}",
        title=f"{n_channels} channels",
        dimensions=(VALENCE3, AROUSAL3),
        is_simulated=True,
        eeg_channels=PLACES[:n_channels],
        window_s=CLIP_S,
        hop_s=CLIP_S,
        seed=7,
    )
    study = studies.create_study(spec, actor=None)
    folder = _folder(study)
    _write_video(folder / "proxy.mp4")
    volts = simulated_volts(n_channels)
    for name, seconds in (("tiles", CLIP_S * CLIPS_A_SESSION), ("long", LONG_S)):
        write_tiles(_named(endless(volts, round(seconds * SFREQ)), PLACES[:n_channels]), folder / name)
    for number in range(1, N_SUBJECTS + 1):
        _add_session(study, f"S{number}")
    queueing.open_clips(study)
    _add_long_session(study)
    study.refresh_from_db()
    return study


def long_session(study: Study) -> RecordingSession:
    return study.sessions.get(code=LONG)


def _folder(study: Study) -> Path:
    from django.conf import settings

    folder = Path(settings.DERIVED_ROOT) / study.slug
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _named(recording: EegRecording, names: tuple[str, ...]) -> EegRecording:
    info = recording.info
    named = EegInfo(info.format, names, ("eeg",) * len(names), info.sfreq, info.n_samples)
    return EegRecording(recording.path, named, (), recording.fetch)


def _write_video(proxy: Path) -> None:
    from mlcore.io.video import encode_proxy
    from tests.factories.videos import write_video

    source = proxy.with_name("source.avi")
    times_s = [index / FPS for index in range(round(CLIP_S * CLIPS_A_SESSION * FPS))]
    write_video(
        source, times_s, codec="mpeg4", rate=FPS, ticks=FPS, size=SIZE, picture=grainy(*SIZE), options={"b": "6M"}
    )
    encode_proxy(source, proxy)
    source.unlink()


def _add_session(study: Study, code: str) -> None:
    from annotator.enums import DerivedKind
    from annotator.models import Clip, Derived, Subject, Trial

    subject = Subject.objects.create(study=study, code=code)
    length_s = CLIP_S * CLIPS_A_SESSION
    session = _session(study, subject, code, duration_s=length_s)
    trial = Trial.objects.create(session=session, number=1, start_s=0.0, stop_s=length_s, stimulus="film")
    Clip.objects.bulk_create(
        Clip(
            study=study,
            subject=subject,
            session=session,
            trial=trial,
            number=number,
            start_s=CLIP_S * number,
            stop_s=CLIP_S * (number + 1),
            has_eeg=True,
            has_face=True,
            eeg_quality=0.9,
            face_quality=0.9,
            shard_row=number,
        )
        for number in range(CLIPS_A_SESSION)
    )
    made = ((DerivedKind.EEG_TILES, TILES_VERSION, "tiles"), (DerivedKind.PROXY_VIDEO, 1, "proxy.mp4"))
    for kind, version, name in made:
        Derived.objects.create(session=session, kind=kind, version=version, path=f"{study.slug}/{name}")


def _add_long_session(study: Study) -> None:
    from annotator.enums import DerivedKind
    from annotator.models import Derived

    session = _session(study, study.subjects.order_by("pk")[0], LONG, duration_s=LONG_S, has_video=False)
    Derived.objects.create(
        session=session, kind=DerivedKind.EEG_TILES, version=TILES_VERSION, path=f"{study.slug}/long"
    )


def _session(
    study: Study, subject: Subject, code: str, *, duration_s: float, has_video: bool = True
) -> RecordingSession:
    from annotator.enums import SessionStatus
    from annotator.models import RecordingSession

    names = list(study.eeg_channels)
    return RecordingSession.objects.create(
        study=study,
        subject=subject,
        code=code,
        layout="manifest",
        status=SessionStatus.READY,
        duration_s=duration_s,
        has_eeg=True,
        has_video=has_video,
        eeg_usable=True,
        eeg_info={"channels": names, "kinds": ["eeg"] * len(names), "sfreq": float(SFREQ)},
        video_offset_s=OFFSET_S if has_video else 0.0,
        video_drift=DRIFT if has_video else 0.0,
        sync_residual_ms=1.0,
        sync_method="given offset",
    )
