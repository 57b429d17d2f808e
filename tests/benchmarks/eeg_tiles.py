"""How large a screen of EEG is and how long the server takes for it, at every zoom of a two-hour recording.

    python -m tests.benchmarks.eeg_tiles [--json] [--hours 2] [--channels 64]

Two recordings: simulated EEG (1/f background, alpha, the noise of an amplifier), and `eeglab_data.set` of the real
recordings (32 channels, 238 s, 128 Hz, resampled to 256 Hz and laid end to end, every second round mirrored) where the
folder is there. Kilobytes are those of the gzip answer; milliseconds are one request through Django, its address, its
signature and the database included, from a warm page cache. The last line, with `--json` the only one, sums it up.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.io.eeg import open_eeg
from mlcore.io.recording import EegRecording
from mlcore.io.tiles import write_tiles
from mlcore.types import EegInfo, JsonObject
from tests.benchmarks.served import served_tiles

SFREQ = 256
ZOOMS_S = (1, 5, 10, 20, 30, 60, 61, 120, 300, 600, 1800, 3600, 7200)
WIDTH_PX = 1200
REPEATS = 15
_PERIOD = 1 << 16
_REAL = ("eeg", "eeglab", "eeglab_data.set")

Array = NDArray[np.float64]


def simulated_volts(n_channels: int) -> Array:
    """(C, 65536) at 256 Hz: 1/f, 15 µV; alpha that comes and goes, 10 µV; 1 µV of white noise."""
    rng = np.random.default_rng(0)
    hz = np.fft.rfftfreq(_PERIOD, 1 / SFREQ)
    background = np.fft.irfft(np.fft.rfft(rng.standard_normal((n_channels, _PERIOD))) / np.maximum(hz, 0.5) ** 0.8)
    background *= 15e-6 / background.std()
    times_s = np.arange(_PERIOD) / SFREQ
    alpha = 10e-6 * np.sin(2 * np.pi * 10.2 * times_s) * np.maximum(0, np.sin(2 * np.pi * 0.07 * times_s))
    return np.asarray(background + alpha + 1e-6 * rng.standard_normal((n_channels, _PERIOD)))


def real_volts(n_channels: int) -> Array | None:
    """(C, T) at 256 Hz of a real recording, forth and back; None where it is absent."""
    from scipy.signal import resample_poly

    root = Path(os.environ.get("CONCORD_SHARED_DATA", Path(__file__).parents[2] / "../shared/data"))
    if not root.joinpath(*_REAL).is_file():
        return None
    recording = open_eeg(root.joinpath(*_REAL))
    volts = recording.read(None, 0.0, recording.info.duration_s)
    faster = resample_poly(volts, round(SFREQ / recording.info.sfreq), 1, axis=1)
    # resampling leaves nothing above the old rate: the noise of an amplifier of that rate
    faster += 0.5e-6 * np.random.default_rng(1).standard_normal(faster.shape)
    return np.resize(np.concatenate((faster, faster[:, ::-1]), axis=1), (n_channels, 2 * faster.shape[1]))


def endless(volts: Array, n_samples: int) -> EegRecording:
    """A recording of any length that repeats the same samples and holds them once."""
    info = EegInfo("made", tuple(f"E{i + 1}" for i in range(len(volts))), ("eeg",) * len(volts), SFREQ, n_samples)

    def fetch(picks: Any, first: int, last: int) -> Array:
        return volts[np.ix_(picks, np.arange(first, last) % volts.shape[1])]

    return EegRecording(Path("made"), info, (), fetch)


def written(recording: EegRecording, folder: Path) -> JsonObject:
    """Writes the tiles; how fast, and how much memory that took at most."""
    started_s = time.perf_counter()
    write_tiles(recording, folder)
    seconds = time.perf_counter() - started_s
    n_values = len(recording.info.channels) * recording.info.n_samples
    return {
        "import_s": round(seconds, 1),
        "import_mb_per_s": round(n_values * 2 / seconds / 1e6, 1),
        "mega_samples_per_s": round(n_values / seconds / 1e6, 1),
        "tiles_mb": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def measured(get: Callable[[float, float], Any], duration_s: float) -> list[JsonObject]:
    """Kilobytes and milliseconds at every zoom, at places all over the recording."""
    rows = []
    for zoom_s in (zoom for zoom in ZOOMS_S if zoom <= duration_s):
        starts_s = np.linspace(0, duration_s - zoom_s, REPEATS)
        took_ms, n_bytes = [], []
        get(float(starts_s[0]), float(starts_s[0] + zoom_s))
        for start_s in starts_s:
            started_s = time.perf_counter()
            response = get(float(start_s), float(start_s + zoom_s))
            took_ms.append(1000 * (time.perf_counter() - started_s))
            n_bytes.append(len(response.content))
        rows.append(_row(zoom_s, took_ms, n_bytes))
    return rows


def _row(zoom_s: float, took_ms: list[float], n_bytes: list[int]) -> JsonObject:
    return {
        "zoom_s": zoom_s,
        "kb_max": round(max(n_bytes) / 1000, 1),
        "p50_ms": round(float(np.percentile(took_ms, 50)), 1),
        "p95_ms": round(float(np.percentile(took_ms, 95)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--channels", type=int, default=64)
    arguments = parser.parse_args()
    n_samples = round(arguments.hours * 3600 * SFREQ)
    found: JsonObject = {}
    sources = {"simulated": simulated_volts(arguments.channels), "real": real_volts(arguments.channels)}
    with served_tiles() as served:
        for name, volts in sources.items():
            if volts is None:
                continue
            session, folder = served.session(name, n_samples / SFREQ)
            facts = written(endless(volts, n_samples), folder)
            rows = measured(served.getter(session, WIDTH_PX), n_samples / SFREQ)
            found[name] = facts | {"zooms": rows}
            if not arguments.json:
                print(name, json.dumps(facts))
                print("\n".join(f"  {row['zoom_s']:>5} s  {json.dumps(row)}" for row in rows))
    every = [row for source in found.values() for row in source["zooms"]]
    summary = {
        "kb_max": max(row["kb_max"] for row in every),
        "p50_ms": max(row["p50_ms"] for row in every),
        "p95_ms": max(row["p95_ms"] for row in every),
        "import_mb_per_s": min(source["import_mb_per_s"] for source in found.values()),
        "peak_mib": max(source["peak_mib"] for source in found.values()),
    }
    print(json.dumps(summary | ({"sources": found} if arguments.json else {})))


if __name__ == "__main__":
    main()
