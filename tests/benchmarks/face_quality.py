"""Whether faults put into real face recordings are found and named, and untouched clips left alone.

    python -m tests.benchmarks.face_quality [--json] [--work FOLDER] [--simulated]

Every recording is cut into clips of 2 s and followed many times over by the tracker. In each run two clips of three
carry a fault, each another kind or amplitude (`face_faults.INJECTIONS`), so that over all runs every clip shows every
fault once, among neighbours that are spoilt as well. AUC is that of the fault's severity (`fault_severities`, before
slight ones are dropped) in faulty clips against untouched ones of the same group of recordings; "named" is the share
of faulty clips in which `face_clip_quality` names the fault. Thresholds were set on the group "development" and on
nothing else. A false alarm is an untouched clip with any fault at all.

Tracks are kept in the folder and used again: remove it after a change of the tracker.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mlcore.types import ClipQuality, QualityFault
from mlcore.vision import FaceReference, FaceTrack, FaceTracker, face_clip_quality
from mlcore.vision.detect import BgrImage
from mlcore.vision.quality import fault_severities
from mlcore.vision.track import META
from tests.benchmarks.face_faults import INJECTIONS, ClipFrames, Injection, inject
from tests.benchmarks.face_recordings import FPS, FaceRecording, real_recordings, simulated_recordings

CLIP_S = 2.0
#: runs of each recording: in one of three every clip is left untouched
N_RUNS = len(INJECTIONS) * 3 // 2
#: a number prime to `N_RUNS`: neighbours carry faults of different kinds
STRIDE = 7
#: a clip of this length or more counts
MIN_CLIP_S = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One clip in one run, by what it carries."""

    recording: str
    group: str
    start_s: float
    injection: Injection | None
    quality: ClipQuality
    severities: dict[QualityFault, float]
    #: the whole recording is as it was
    is_untouched_run: bool
    #: the recording itself has a hand before the face here
    is_really_covered: bool

    def severity(self, injection: Injection) -> float:
        """Under the words that fit a fault."""
        return max(self.severities.get(fault, 0.0) for fault in injection.faults)

    def names(self, injection: Injection) -> bool:
        """Whether people read a word that fits a fault."""
        return any(fault.value in self.quality.faults for fault in injection.faults)


def planned(run: int | None, clip: int) -> Injection | None:
    """What a clip carries in a run; nothing at all in the run None."""
    number = N_RUNS if run is None else (STRIDE * clip + run) % N_RUNS
    return INJECTIONS[number] if number < len(INJECTIONS) else None


# --- tracking --------------------------------------------------------------------------------------------------------


def track_of(recording: FaceRecording, run: int | None, work: Path) -> FaceTrack:
    """The track of one run, made once."""
    place = work / recording.slug / ("clean" if run is None else f"{run:02d}")
    if not (place / META).is_file():
        with FaceTracker(place) as tracker:
            for time_s, picture in _frames(recording, run, work):
                tracker.add(time_s, picture)
            tracker.finish()
    return FaceTrack.open(place)


def _frames(recording: FaceRecording, run: int | None, work: Path) -> Iterator[tuple[float, BgrImage]]:
    if run is None:
        yield from recording.frames()
        return
    boxes, first = track_of(recording, None, work).boxes, 0
    for clip, frames in _clips(recording):
        places = np.asarray(boxes[first : first + len(frames)])
        first += len(frames)
        is_whole = np.isfinite(places).all() and not recording.is_spoilt(clip * CLIP_S, (clip + 1) * CLIP_S)
        shown = ClipFrames(np.array([time_s for time_s, _ in frames]), [picture for _, picture in frames], places)
        yield from inject(shown, planned(run, clip) if is_whole else None, np.random.default_rng([run, clip]))


def _clips(recording: FaceRecording) -> Iterator[tuple[int, list[tuple[float, BgrImage]]]]:
    clip: list[tuple[float, BgrImage]] = []
    number = 0
    for time_s, picture in recording.frames():
        if int(time_s // CLIP_S) != number:
            yield number, clip
            clip, number = [], int(time_s // CLIP_S)
        clip.append((time_s, picture))
    yield number, clip


# --- judging ---------------------------------------------------------------------------------------------------------


def judged(recording: FaceRecording, work: Path) -> list[Judged]:
    """Every clip of every run of a recording."""
    found = []
    for run in (None, *range(N_RUNS)):
        found += _judged_run(recording, run, work)
        print(f"{recording.name}: run {'untouched' if run is None else run}", file=sys.stderr, flush=True)
    return found


def _judged_run(recording: FaceRecording, run: int | None, work: Path) -> list[Judged]:
    clean, track = track_of(recording, None, work), track_of(recording, run, work)
    reference, end_s = FaceReference.of(track), float(clean.times_s[-1]) + 1.0 / FPS
    found = []
    for clip in range(int((end_s - MIN_CLIP_S) // CLIP_S) + 1):
        start_s, stop_s = clip * CLIP_S, min((clip + 1) * CLIP_S, end_s)
        is_covered = recording.is_spoilt(start_s, stop_s)
        if is_covered and run is not None:
            continue
        quality = face_clip_quality(
            track, start_s=start_s, stop_s=stop_s, frame_times_s=track.times_s, reference=reference
        )
        severities = fault_severities(track, reference, (start_s, stop_s), track.times_s)
        injection = None if is_covered else planned(run, clip)
        found.append(
            Judged(
                recording=recording.name,
                group=recording.group,
                start_s=start_s,
                injection=injection,
                quality=quality,
                severities=severities,
                is_untouched_run=run is None,
                is_really_covered=is_covered,
            )
        )
    return found


# --- the tables ------------------------------------------------------------------------------------------------------


def auc(faulty: Sequence[float], untouched: Sequence[float]) -> float:
    """Share of pairs in which the faulty clip scores higher; equal scores count half."""
    one, other = np.array(faulty)[:, None], np.array(untouched)[None, :]
    return float(((one > other) + 0.5 * (one == other)).mean())


def fault_rows(clips: Sequence[Judged], groups: Sequence[str]) -> list[dict[str, object]]:
    """AUC, and share of clips in which the fault is named, by kind, amplitude and group."""
    rows = []
    for injection in INJECTIONS:
        row: dict[str, object] = {"kind": injection.kind, "amplitude": injection.amplitude, "unit": injection.unit}
        for group in groups:
            mine = [clip for clip in clips if clip.group == group and not clip.is_really_covered]
            spoilt = [clip for clip in mine if clip.injection == injection]
            faulty = [clip.severity(injection) for clip in spoilt]
            untouched = [clip.severity(injection) for clip in mine if clip.injection is None]
            row[group] = {
                "n": len(faulty),
                "auc": round(auc(faulty, untouched), 3),
                "named": round(float(np.mean([clip.names(injection) for clip in spoilt])), 2),
            }
        rows.append(row)
    return rows


def alarm_rows(clips: Sequence[Judged], groups: Sequence[str]) -> dict[str, dict[str, object]]:
    """Untouched clips that got a fault, in recordings as they are and among spoilt neighbours, by group."""
    rows: dict[str, dict[str, object]] = {}
    for group in groups:
        mine = [c for c in clips if c.group == group and c.injection is None and not c.is_really_covered]
        whole = [c for c in mine if c.is_untouched_run]
        among = [c for c in mine if not c.is_untouched_run]
        rows[group] = {
            "untouched_clips": len(whole),
            "false_alarms": sum(bool(c.quality.faults) for c in whole),
            "among_spoilt_clips": len(among),
            "among_spoilt_alarm_share": round(float(np.mean([bool(c.quality.faults) for c in among])), 3),
            "named": sorted({f"{c.recording} {c.start_s:g} s: {_said(c)}" for c in whole if c.quality.faults}),
        }
    return rows


def _said(clip: Judged) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in clip.quality.faults.items()) or "nothing"


def report(clips: Sequence[Judged]) -> dict[str, object]:
    """All that is printed."""
    groups = list(dict.fromkeys(clip.group for clip in clips))
    return {
        "clip_s": CLIP_S,
        "faults": fault_rows(clips, groups),
        "alarms": alarm_rows(clips, groups),
        "real_hands": [f"{c.recording} {c.start_s:g} s: {_said(c)}" for c in clips if c.is_really_covered],
    }


def print_tables(found: dict[str, object]) -> None:
    faults, alarms = found["faults"], found["alarms"]
    assert isinstance(faults, list)
    assert isinstance(alarms, dict)
    groups = list(alarms)
    print("| fault | amplitude | " + " | ".join(f"{group}: AUC (named)" for group in groups) + " |")
    print("|---|---|" + "---|" * len(groups))
    for row in faults:
        cells = [f"{row[group]['auc']:.3f} ({row[group]['named']:.0%} of {row[group]['n']})" for group in groups]
        print(f"| {row['kind']} | {row['amplitude']:g} {row['unit']} | " + " | ".join(cells) + " |")
    for group, row in alarms.items():
        print(f"{group}: {json.dumps(row)}")
    print(f"hands before the face in the recording itself: {json.dumps(found['real_hands'])}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether faults in face recordings are found.")
    parser.add_argument("--json", action="store_true", help="print one JSON object and no tables")
    parser.add_argument("--work", type=Path, help="folder where tracks are kept (default: a temporary one)")
    parser.add_argument("--simulated", action="store_true", help="judge simulated faces as well")
    args = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = args.work or Path(temporary)
        recordings = real_recordings() + (simulated_recordings(work) if args.simulated else [])
        clips = [clip for recording in recordings for clip in judged(recording, work)]
    found = report(clips)
    if args.json:
        print(json.dumps(found))
    else:
        print_tables(found)


if __name__ == "__main__":
    main()
