"""What an import costs beside decoding the same files once.

    python -m tests.benchmarks.ingest --work FOLDER [--sessions 4] [--json]

Recordings are simulated at MAHNOB-HCI's size (32 EEG channels and 15 others at 256 Hz, colour video of 780 × 580 at 61
frames a second, 120 s) and kept in the folder. Both files of one session are decoded once by every reader that is
installed, three times each; the fastest median of each kind is the baseline. Then real workers import the recordings
through the database and the broker, first one session alone, then all of them with two worker processes at a time.
Parts are taken from the job's own record: "video" is one decoding of the video with the proxy encoded beside it, and
"faces" within it, 25 frames a second looked at; "features" the frozen network on 5 faces a second. `proxy_fps` comes
from encoding the proxy alone, the others from the import. `ratio_to_decode` is the time of reading (hashing and storing
the originals included), clocks and tiles over the baseline, `ratio_whole` that of the whole import. Last, two hours of
64 channels at 256 Hz (a minute of noise, repeated) are imported: the largest worker process has imported them, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import edfio
import mne
import numpy as np
import pyedflib

from mlcore.io.video import encode_proxy
from mlcore.simulate import SimulationConfig, simulate_recordings
from tests.factories.arrays import pink_uv
from tests.factories.eeg import write_bdf

if TYPE_CHECKING:
    from annotator.models import Job, Study

N_REPEATS = 3
TRIAL_S = 60.0  # 30 s are recorded before and after it
#: the parts that the target of 1.5 times decoding speaks of
BASIC = ("store", "read", "clocks", "tiles")
#: (figure, part)
RATES = (("face_fps", "faces"), ("feature_fps", "features"))
LONG_CHANNELS, LONG_SFREQ, LONG_MINUTES = 64, 256, 120


# --- the baseline ----------------------------------------------------------------------------------------------------


def decode_s(source: Path) -> dict[str, float]:
    """Median seconds of each reader for one session's files."""
    eeg = next(source.glob("Sessions/*/*_emotion.bdf"))
    video = next(source.glob("Sessions/*/*.avi"))
    readers: dict[str, Callable[[], object]] = {
        "eeg mne": lambda: mne.io.read_raw_bdf(eeg, preload=True, verbose="error").get_data(),
        "eeg pyedflib": lambda: _all_signals(eeg),
        "eeg edfio": lambda: [signal.data for signal in edfio.read_bdf(eeg).signals],
        "video pyav": lambda: _pyav(video),
        "video opencv": lambda: _opencv(video),
    }
    return {name: statistics.median(_seconds(read) for _ in range(N_REPEATS)) for name, read in readers.items()}


def _seconds(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _all_signals(path: Path) -> list[Any]:
    with pyedflib.EdfReader(str(path)) as reader:
        return [reader.readSignal(index) for index in range(reader.signals_in_file)]


def _pyav(path: Path) -> int:
    """Pictures as every later step wants them: BGR."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(frame.to_ndarray(format="bgr24").shape[2] // 3 for frame in container.decode(video=0))


def _opencv(path: Path) -> int:
    capture, n_frames = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        n_frames += 1
    return n_frames


def fastest(readers: Mapping[str, float], kind: str) -> float:
    return min(seconds for name, seconds in readers.items() if name.startswith(kind))


# --- the import ------------------------------------------------------------------------------------------------------


@contextmanager
def system(var: Path) -> Iterator[None]:
    """Embedded servers and settings of this run's own."""
    os.environ.update({"CONCORD_VAR": str(var), "DJANGO_SETTINGS_MODULE": "annotator.settings"})
    import django

    django.setup()
    from annotator.management.waiting import prepared

    with prepared():
        yield


def imported(study: Study, source: Path, *, layout: str = "mahnob") -> list[Job]:
    """The jobs of the sessions of one import, ended."""
    from annotator.domain import importing
    from annotator.management.waiting import follow

    job = follow(importing.request_import(study, actor=None, source=source, layout=layout), lambda line: None)
    children = list(job.children.order_by("pk"))
    failed = [child.reason for child in children if child.state != "succeeded"]
    if failed or not children:
        raise SystemExit(f"The import failed: {failed or job.reason}")
    return children


def new_study(slug: str) -> Study:
    from annotator.domain import studies
    from mlcore.types import AROUSAL3, VALENCE3

    return studies.create_study(studies.StudySpec(slug=slug, title=slug, dimensions=(VALENCE3, AROUSAL3)), actor=None)


def wall_s(jobs: list[Job]) -> float:
    """From the first that began to the last that ended."""
    begun = [job.started_at for job in jobs if job.started_at]
    ended = [job.finished_at for job in jobs if job.finished_at]
    return (max(ended) - min(begun)).total_seconds()


# --- the report ------------------------------------------------------------------------------------------------------


def report(
    readers: Mapping[str, float], alone: Job, together: list[Job], *, long: Job, proxy_fps: float
) -> dict[str, Any]:
    decoding_s = fastest(readers, "eeg") + fastest(readers, "video")
    took: dict[str, Any] = alone.result["import"]
    seconds, counts = took["seconds"], took["counts"]
    rates = {name: counts[part] / seconds[part] for name, part in RATES}
    return {
        "decode_s": dict(readers),
        "parts_s": seconds,
        "counts": counts,
        "import_s": wall_s([alone]),
        "ratio_whole": wall_s([alone]) / decoding_s,
        "ratio_to_decode": sum(seconds[part] for part in BASIC) / decoding_s,
        "proxy_fps": proxy_fps,
        **rates,
        "peak_mib": max(job.result["import"]["peak_mib"] for job in [alone, *together, long]),
        "long_import_s": wall_s([long]),
        "sessions_per_min": 60.0 * len(together) / wall_s(together),
        "n_together": len(together),
    }


def as_text(found: Mapping[str, Any]) -> str:
    lines = [f"decoding, {name}: {seconds:.2f} s" for name, seconds in found["decode_s"].items()]
    lines += [f"import, {part}: {seconds:.2f} s" for part, seconds in found["parts_s"].items()]
    lines += [f"{name}: {found[name]:.0f}" for name in ("proxy_fps", *(name for name, _ in RATES))]
    return "\n".join(
        [
            *lines,
            f"import of one session: {found['import_s']:.1f} s, {found['ratio_whole']:.2f} times decoding",
            f"reading, clocks and tiles: {found['ratio_to_decode']:.2f} times decoding",
            f"{found['n_together']} sessions, two at a time: {found['sessions_per_min']:.2f} a minute",
            f"2 h of {LONG_CHANNELS} channels: {found['long_import_s']:.0f} s",
            f"largest worker process: {found['peak_mib']} MiB",
        ]
    )


def recordings(work: Path, n_sessions: int) -> Path:
    """Simulated once, kept in the folder."""
    place = work / f"recordings-{n_sessions}"
    if not (place / "truth.json").is_file():
        shutil.rmtree(place, ignore_errors=True)
        simulate_recordings(place, SimulationConfig.full_size(n_subjects=n_sessions, n_trials=1, trial_s=TRIAL_S))
    return place


def long_recording(work: Path) -> Path:
    """A folder with one BDF of two hours."""
    path = work / "long" / "P1" / "long.bdf"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        minute_uv = pink_uv(LONG_CHANNELS, 60 * LONG_SFREQ, LONG_SFREQ)
        names = [f"E{number}" for number in range(1, LONG_CHANNELS + 1)]
        write_bdf(part, names, minute_uv, sfreq=LONG_SFREQ, status=np.zeros(minute_uv.shape[1], dtype=np.int64))
        header_bytes = 256 * int(part.read_bytes()[252:256]) + 256
        with part.open("r+b") as file:
            file.seek(header_bytes)
            records = file.read()
            for _ in range(LONG_MINUTES - 1):
                file.write(records)
            file.seek(236)
            file.write(str(60 * LONG_MINUTES).encode().ljust(8))
        part.rename(path)
    return path.parent.parent


def proxy_speed(source: Path) -> float:
    """Frames a second of encoding the proxy, with nobody looking at the frames."""
    video = next(source.glob("Sessions/*/*.avi"))
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        info = encode_proxy(video, Path(folder) / "proxy.mp4")
        return info.n_frames / (time.perf_counter() - began_s)


def main() -> None:
    parser = argparse.ArgumentParser(description="What an import costs beside decoding the same files once.")
    parser.add_argument("--work", type=Path, required=True, help="folder for the simulated recordings; kept")
    parser.add_argument("--sessions", type=int, default=4, help="sessions imported side by side (default 4)")
    parser.add_argument("--json", action="store_true", help="a JSON object as the last line")
    args = parser.parse_args()
    one, many = recordings(args.work, 1), recordings(args.work, args.sessions)
    readers, proxy_fps = decode_s(one), proxy_speed(one)
    with tempfile.TemporaryDirectory(prefix="concord-ingest-", ignore_cleanup_errors=True) as var, system(Path(var)):
        (alone,) = imported(new_study("alone"), one)
        together = imported(new_study("together"), many)
        (long,) = imported(new_study("long"), long_recording(args.work), layout="folder")
        found = report(readers, alone, together, long=long, proxy_fps=proxy_fps)
    sys.stdout.write(as_text(found) + "\n")
    if args.json:
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}
        sys.stdout.write(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()
