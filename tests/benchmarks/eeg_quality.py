"""How well EEG quality tells injected faults from clean clips of real recordings.

    python -m tests.benchmarks.eeg_quality [--json]

The split was decided before any threshold was set (by then, every file's amplitude and band RMS had been looked at, to
see which of them are of a head at all):

- **development**, looked at while thresholds were set: `eeglab/eeglab_data.set` (30 EEG channels, 128 Hz, 238 s) and
  `eeglab/test.bdf` (a 3 Hz test signal on 16 channels), beside synthetic 1/f noise.
- **held out**, three amplifiers and rates that were not: `pyedflib/test_utf8.edf` (1 channel, 128 Hz, 698 s),
  `mne-python/test.edf` (136 channels, 512 Hz, 6 s) and `mne-python/test.bdf` (66 channels, 2048 Hz, 1 s).
- **no head**: generators' signals, staircases, random numbers. They are neither clean nor faulty EEG; what is said of
  them is printed and counts for nothing.

Amplitudes are multiples of each touched channel's RMS above 1 Hz. Line noise, muscle and pops are added with that RMS
over the whole clip. What has no amplitude is defined so that more is worse: `saturated` is cut off at ± RMS /
amplitude; `flat` leaves the offset and noise of RMS / (20 · amplitude); `drop-out` and `gap in time` take amplitude / 4
of the clip.

**AUC of clips**: a random quarter of the channels (at least one) is touched; the score is the fault's severity averaged
over all channels; touched clips against the same clips untouched. **AUC of channels**: severities of the touched
channels against those of the same clips' channels untouched. **Told**: share of the touched channels at which the fault
is named. **False alarms**: share of untouched clips of which any fault is named in any channel.

`test.edf` is not clean, as its spectrum shows: in the median channel the mains is 0.45 × the EEG's RMS, and from the
second second on 25–100 Hz is about as strong as 2–20 Hz. It stays held out: its false alarms and its AUC for line noise
and muscle are printed as they are. Four of the six pops told in `eeglab_data.set` lie where a third or more of all
channels jump within one sample, as at a splice; the other two (P8, T7) are in one channel each.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from mlcore.io.eeg import open_eeg
from mlcore.io.recording import EegRecording
from mlcore.signals import eeg_clip_quality
from mlcore.signals.quality import Severities, clip_severities, judged
from mlcore.signals.severity import NAMED_FROM
from mlcore.signals.spectra import ratio, strengths
from mlcore.types import QualityFault, Window
from tests.benchmarks.eeg_faults import INJECTORS, inject, missing_share
from tests.factories.arrays import in_memory

AMPLITUDES = (0.25, 0.5, 1.0, 2.0)
FAULTS = (*INJECTORS, QualityFault.GAP)
SHARED = Path(os.environ.get("CONCORD_SHARED_DATA", Path(__file__).parents[2] / "../shared/data")) / "eeg"
_TOUCHED_SHARE = 4
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Source:
    """A recording, and how clips are cut from it."""

    path: str
    clip_s: float
    hop_s: float
    #: how often each clip is touched anew: short recordings have few clips
    draws: int = 1


DEVELOPMENT = (Source("eeglab/eeglab_data.set", 4.0, 4.0), Source("eeglab/test.bdf", 4.0, 4.0))
HELD_OUT = (
    Source("pyedflib/test_utf8.edf", 4.0, 8.0),
    Source("mne-python/test.edf", 2.0, 1.0, draws=8),
    Source("mne-python/test.bdf", 1.0, 1.0, draws=16),
)
NO_HEAD = (
    Source("eeglab/test.edf", 4.0, 4.0),
    Source("eeglab/test.xdf", 4.0, 4.0),
    Source("mne-python/test.vhdr", 4.0, 4.0),
    Source("mne-bids-tiny_bids/sub-01/ses-eeg/eeg/sub-01_ses-eeg_task-rest_eeg.vhdr", 1.0, 1.0),
    Source("xdf-example-files/clock_resets.xdf", 4.0, 40.0),
)


UNTOUCHED = {"held out": HELD_OUT, "development": DEVELOPMENT, "no head": NO_HEAD}


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a recording as recorded, (C, T) in µV."""

    source: Source
    uv: Floats
    sfreq: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one fault at one amplitude."""

    auc_clips: float
    auc_channels: float
    told_share: float


@dataclass(frozen=True, slots=True)
class Untouched:
    """What was said of a recording's clips as they are."""

    path: str
    n_clips: int
    n_alarms: int
    #: fault -> in how many clips
    named: dict[str, int]
    median_score: float
    #: of the median channel: RMS at the mains over RMS in 1–45 Hz, and RMS above 25 Hz over RMS in 2–20 Hz
    own_line: float
    own_muscle: float


Table = dict[QualityFault, dict[float, Outcome]]


# --- clips -----------------------------------------------------------------------------------------------------------


def clips_of(source: Source) -> Iterator[Clip]:
    recording = open_eeg(SHARED / source.path)
    names = eeg_names(recording)
    last_s = recording.info.duration_s - source.clip_s
    for start_s in np.arange(0.0, last_s + 1e-9, source.hop_s):
        uv = recording.read(names, start_s, start_s + source.clip_s) * 1e6
        yield Clip(source, uv, recording.info.sfreq, names)


def eeg_names(recording: EegRecording) -> tuple[str, ...]:
    info = recording.info
    return tuple(name for name, kind in zip(info.channels, info.kinds, strict=True) if kind == "eeg")


def said_of(clip: Clip, uv: Floats, *, gaps: tuple[tuple[float, float], ...] = ()) -> Severities:
    recording = in_memory(uv, clip.sfreq, clip.names, gaps=gaps)
    return clip_severities(recording, clip.names, 0.0, recording.info.duration_s)


def broken(clip: Clip, fault: QualityFault, amplitude: float, rng: np.random.Generator) -> tuple[Severities, Floats]:
    """What is said of a clip with a fault, and which channels have it (1) or not (0)."""
    n_channels, n_samples = clip.uv.shape
    if fault is QualityFault.GAP:  # all channels at once: nothing was recorded
        length = round(n_samples * missing_share(amplitude))
        first = int(rng.integers(0, n_samples - length + 1))
        uv = clip.uv.copy()
        uv[:, first : first + length] = 0.0
        gap_s = (first / clip.sfreq, (first + length) / clip.sfreq)
        return said_of(clip, uv, gaps=(gap_s,)), np.ones(n_channels)
    touched = np.zeros(n_channels, dtype=np.bool_)
    touched[rng.choice(n_channels, max(1, n_channels // _TOUCHED_SHARE), replace=False)] = True
    uv = inject(fault, clip.uv, clip.sfreq, amplitude=amplitude, touched=touched, rng=rng)
    return said_of(clip, uv), touched.astype(np.float64)


# --- figures ---------------------------------------------------------------------------------------------------------


def outcome(clips: Sequence[Clip], clean: Sequence[Severities], fault: QualityFault, amplitude: float) -> Outcome:
    rng = np.random.default_rng([FAULTS.index(fault), round(100 * amplitude)])
    pairs = [(said, broken(clip, fault, amplitude, rng)) for clip, said in repeated(clips, clean)]
    faulty = [said[fault][is_touched > 0] for _, (said, is_touched) in pairs]
    intact = [before[fault][is_touched > 0] for before, (_, is_touched) in pairs]
    return Outcome(
        auc_clips=auc([said[fault].mean() for said, _ in pairs], [said[fault].mean() for _, (said, _) in pairs]),
        auc_channels=auc(np.concatenate(intact), np.concatenate(faulty)),
        told_share=float((np.concatenate(faulty) >= NAMED_FROM).mean()),
    )


def repeated(clips: Sequence[Clip], clean: Sequence[Severities]) -> Iterator[tuple[Clip, Severities]]:
    for clip, said in zip(clips, clean, strict=True):
        yield from [(clip, said)] * clip.source.draws


def auc(untouched: Sequence[float] | Floats, touched: Sequence[float] | Floats) -> float:
    truth = np.repeat([0, 1], [len(untouched), len(touched)])
    return float(roc_auc_score(truth, np.concatenate([untouched, touched])))


def table(sources: Sequence[Source]) -> Table:
    clips = [clip for source in sources for clip in clips_of(source)]
    clean = [said_of(clip, clip.uv) for clip in clips]
    return {fault: {a: outcome(clips, clean, fault, a) for a in AMPLITUDES} for fault in FAULTS}


def untouched(source: Source) -> Untouched:
    """What is said of a recording as it is, and what of line noise and muscle it has of its own."""
    clips = list(clips_of(source))
    said = [judged(said_of(clip, clip.uv)) for clip in clips]
    own = [strengths(clip.uv, clip.sfreq) for clip in clips]
    return Untouched(
        path=source.path,
        n_clips=len(said),
        n_alarms=sum(bool(one.faults) for one in said),
        named=dict(Counter(fault for one in said for fault in one.faults)),
        median_score=float(np.median([one.score for one in said])),
        own_line=float(np.median([ratio(one.line_uv, one.brain_uv) for one in own])),
        own_muscle=float(np.median([ratio(one.muscle_uv, one.slow_uv) for one in own])),
    )


def cost(source: Source) -> dict[str, float]:
    """Clips judged a second, and what judging takes as a multiple of reading the same samples from the file."""
    recording = open_eeg(SHARED / source.path)
    names = eeg_names(recording)
    starts_s = np.arange(0.0, recording.info.duration_s - source.clip_s, source.clip_s)
    windows = [Window(1, float(s), float(s) + source.clip_s, has_eeg=True, has_face=False) for s in starts_s]
    began = time.perf_counter()
    for window in windows:
        recording.read(names, window.start_s, window.stop_s)
    read_s = time.perf_counter() - began
    list(eeg_clip_quality(recording, names, windows))
    all_s = time.perf_counter() - began - read_s
    return {
        "channels": float(len(names)),
        "clip_s": source.clip_s,
        "clips_per_s": round(len(windows) / all_s, 1),
        "judging_to_reading": round((all_s - read_s) / read_s, 2),
        "recorded_s_per_s": round(len(windows) * source.clip_s / all_s),
    }


# --- command ---------------------------------------------------------------------------------------------------------


def as_json(found: Table) -> dict[str, object]:
    return {fault.value: {f"{a:g}": asdict(one) for a, one in row.items()} for fault, row in found.items()}


def as_text(found: Table) -> str:
    lines = ["| fault | " + " | ".join(f"{a:g} ×" for a in AMPLITUDES) + " |", "|---" * 5 + "|"]
    for fault, row in found.items():
        cells = [f"{one.auc_clips:.3f} · {one.auc_channels:.3f} · {one.told_share:.0%}" for one in row.values()]
        lines.append(f"| {fault} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="How well EEG quality tells injected faults from clean clips")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of tables")
    is_json = parser.parse_args().json
    groups = {"held out": HELD_OUT, "development": DEVELOPMENT, **{source.path: (source,) for source in HELD_OUT}}
    tables = {name: table(sources) for name, sources in groups.items()}
    plain = {name: [untouched(one) for one in part] for name, part in UNTOUCHED.items()}
    speed = cost(DEVELOPMENT[0])
    if is_json:
        parts = {name: as_json(found) for name, found in tables.items()}
        as_is = {name: [asdict(one) for one in part] for name, part in plain.items()}
        print(json.dumps({"tables": parts, "untouched": as_is, "cost": speed}, ensure_ascii=False))
        return
    for name, found in tables.items():
        print(f"{name}: AUC of clips · AUC of channels · told\n\n{as_text(found)}\n")
    for name, part in plain.items():
        n_alarms, n_clips = sum(one.n_alarms for one in part), sum(one.n_clips for one in part)
        print(f"untouched, {name}: a fault named in {n_alarms} of {n_clips} clips", *part, sep="\n  ")
    print("cost:", speed)


if __name__ == "__main__":
    main()
