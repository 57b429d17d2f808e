from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import mne
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.errors import SignalError
from mlcore.io.eeg import open_eeg
from mlcore.io.recording import EegRecording
from mlcore.signals import study_eeg_stream
from tests.factories.arrays import in_memory, pink_uv
from tests.factories.eeg import write_bdf

CHANNELS = ["Fz", "Cz", "Pz", "Oz"]


def _whole(
    recording: EegRecording, channels: Sequence[str], sfreq: float, *, block_s: float = 1e6, bad: Sequence[str] = ()
) -> NDArray[np.float32]:
    stream = study_eeg_stream(recording, channels, sfreq, block_s=block_s, bad=bad)
    return next(iter(stream.windows([0.0], stream.n_samples)))


def _opposed(times_s: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """Four channels whose mean is zero, so that the average reference changes nothing."""
    wave = 20 * np.sin(2 * np.pi * hz * times_s)
    return np.stack([wave, -wave, 2 * wave, -2 * wave])


# --- what the study's EEG is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 256.0, 512.0, 998.42, 1024.0143])
@pytest.mark.parametrize("hz", [2.0, 10.0, 30.0])
def test_what_lies_in_the_band_keeps_size_and_place(sfreq: float, hz: float) -> None:
    recording = in_memory(_opposed(np.arange(round(20 * sfreq)) / sfreq, hz), sfreq, CHANNELS)
    study = _whole(recording, CHANNELS, 128.0)
    inner = slice(4 * 128, -4 * 128)
    assert study.dtype == np.float32
    assert study.shape == (4, 20 * 128)
    np.testing.assert_allclose(study[:, inner], _opposed(np.arange(20 * 128) / 128.0, hz)[:, inner], atol=0.2)


@pytest.mark.parametrize("hz", [0.05, 50.0, 60.0, 68.0, 100.0])
def test_what_lies_outside_is_taken_away(hz: float) -> None:
    recording = in_memory(_opposed(np.arange(60 * 256) / 256.0, hz) + 5000.0, 256.0, CHANNELS)
    assert np.abs(_whole(recording, CHANNELS, 128.0)[:, 5 * 128 : -5 * 128]).max() < 1.0  # of 40 µV


def test_an_amplifiers_offset_and_drift_leave_nothing() -> None:
    times_s = np.arange(60 * 256) / 256.0
    data_uv = np.array([[8000.0], [-20000.0], [300.0], [0.0]]) + np.array([[9.0], [-40.0], [0.0], [1.0]]) * times_s
    assert np.abs(_whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)).max() < 1e-3


@pytest.mark.parametrize(("from_hz", "to_hz"), [(256, 128), (512, 256), (200, 128)])
def test_equals_what_mne_makes_of_the_whole(from_hz: int, to_hz: int) -> None:
    data_uv = pink_uv(6, 60 * from_hz, from_hz)
    info = mne.create_info(6, from_hz, "eeg")
    raw = mne.io.RawArray(data_uv * 1e-6, info, verbose="error").resample(to_hz, method="polyphase", verbose="error")
    raw.filter(0.5, 45.0, h_trans_bandwidth=5.0, verbose="error").set_eeg_reference(projection=False, verbose="error")
    study = _whole(in_memory(data_uv, from_hz, raw.ch_names), raw.ch_names, to_hz)
    inner = slice(4 * to_hz, -4 * to_hz)
    np.testing.assert_allclose(study[:, inner], raw.get_data()[:, inner] * 1e6, atol=0.15)


def test_reference_is_the_mean_of_the_present_channels() -> None:
    stream = study_eeg_stream(in_memory(pink_uv(4, 2560, 256.0), 256.0, CHANNELS), [*CHANNELS, "T7"], 128.0)
    (window,) = stream.windows([0.0], 1280)
    assert stream.present.tolist() == [True] * 4 + [False]
    np.testing.assert_allclose(window[:4].mean(axis=0), 0.0, atol=1e-4)
    assert not window[4].any()


def test_a_bad_channel_is_absent_and_not_in_the_reference() -> None:
    names = [*CHANNELS, "T7"]
    data_uv = pink_uv(5, 2560, 256.0)
    good = _whole(in_memory(data_uv[:4], 256.0, CHANNELS), CHANNELS, 128.0)
    data_uv[4] = 1e5 * np.random.default_rng(0).normal(size=2560)
    recording = in_memory(data_uv, 256.0, ["EEG Fz-REF", *names[1:]])
    assert study_eeg_stream(recording, names, 128.0, bad=["t7."]).present.tolist() == [True] * 4 + [False]
    study = _whole(recording, names, 128.0, bad=["t7."])
    assert not study[4].any()
    np.testing.assert_allclose(study[:4], good, atol=1e-4)


def test_a_single_channel_is_not_referenced_away() -> None:
    wave = 20 * np.sin(2 * np.pi * 10 * np.arange(2560) / 256.0)[None]
    recording = in_memory(wave, 256.0, ["Cz"])
    assert study_eeg_stream(recording, CHANNELS, 128.0).present.tolist() == [False, True, False, False]
    assert _whole(recording, CHANNELS, 128.0)[1].std() == pytest.approx(20 / np.sqrt(2), rel=0.05)


def test_rows_follow_the_study_not_the_file() -> None:
    data_uv = _opposed(np.arange(2560) / 256.0, 10.0)
    straight = _whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)
    other_way = in_memory(data_uv[::-1], 256.0, [f"EEG {n}-REF" for n in CHANNELS[::-1]])
    np.testing.assert_allclose(_whole(other_way, CHANNELS, 128.0), straight, atol=1e-4)


def test_a_file_with_none_of_the_names() -> None:
    stream = study_eeg_stream(in_memory(np.ones((16, 2560)), 256.0, [f"A{k}" for k in range(16)]), CHANNELS, 128.0)
    assert not stream.present.any()
    (window,) = stream.windows([0.0], 1280)
    assert window.shape == (4, 1280)
    assert not window.any()


# --- gaps, missing numbers, ends -------------------------------------------------------------------------------------


def test_gaps_are_silent_and_the_ringing_of_their_edges_stays_small() -> None:
    data_uv = pink_uv(4, 60 * 256, 256.0) + 9000.0
    whole = _whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)
    data_uv[:, 20 * 256 : 30 * 256] = 0.0
    study = _whole(in_memory(data_uv, 256.0, CHANNELS, gaps=((20.0, 30.0),)), CHANNELS, 128.0)
    assert not study[:, 20 * 128 : 30 * 128].any()
    assert study[:, 30 * 128 :].any(axis=1).all()
    assert np.abs(study).max() < 2 * np.abs(whole).max()
    np.testing.assert_allclose(study[:, : 16 * 128], whole[:, : 16 * 128], atol=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_numbers_are_bridged(value: float) -> None:
    data_uv = pink_uv(4, 2560, 256.0) + 9000.0
    whole = _whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)
    data_uv[0, 1000:1003] = value
    study = _whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)
    np.testing.assert_allclose(study, whole, atol=10.0)


def test_a_channel_without_any_number_is_zero() -> None:
    data_uv = pink_uv(3, 2560, 256.0)
    data_uv[1] = np.nan
    study = _whole(in_memory(data_uv, 256.0, CHANNELS[:3]), CHANNELS, 128.0)
    assert not study[1].any()
    assert np.isfinite(study).all()


@pytest.mark.parametrize("n_samples", [1, 2, 10, 27, 40])
def test_recordings_of_a_few_samples(n_samples: int) -> None:
    study = _whole(in_memory(np.ones((4, n_samples)), 128.0, CHANNELS), CHANNELS, 128.0)
    assert study.shape == (4, n_samples)
    assert np.isfinite(study).all()


def test_windows_reach_beyond_the_recording_with_zeros() -> None:
    recording = in_memory(pink_uv(4, 1280, 128.0), 128.0, CHANNELS)
    whole = _whole(recording, CHANNELS, 128.0)
    over, before = study_eeg_stream(recording, CHANNELS, 128.0).windows([9.0, -5.0], 256)
    assert np.array_equal(over[:, :128], whole[:, -128:])
    assert not over[:, 128:].any()
    assert not before.any()


def test_rate_below_the_band_is_refused() -> None:
    with pytest.raises(SignalError, match="sfreq"):
        study_eeg_stream(in_memory(np.ones((4, 128)), 128.0, CHANNELS), CHANNELS, 1.0)


# --- blocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sfreq", [128.0, 256.0, 92.934, 998.4213])
@pytest.mark.parametrize("block_s", [0.9, 7.3, 30.0])
def test_blocks_equal_the_whole_also_at_their_seams(sfreq: float, block_s: float) -> None:
    data_uv = pink_uv(5, round(70 * sfreq), sfreq) + 3000.0
    data_uv[:, round(40 * sfreq) : round(52 * sfreq)] = 0.0
    data_uv[2, round(10 * sfreq)] = np.nan
    recording = in_memory(data_uv, sfreq, [*CHANNELS, "T7"], gaps=((40.0, 52.0),))
    whole = _whole(recording, [*CHANNELS, "T7"], 128.0)
    study = _whole(recording, [*CHANNELS, "T7"], 128.0, block_s=block_s)
    np.testing.assert_allclose(study, whole, atol=1e-4)


@pytest.mark.parametrize("sfreq", [998.4212656896, 1024.1434523, 511.9973])
def test_odd_rates_stay_in_step_for_two_hours(sfreq: float) -> None:
    """A 10 Hz wave on the true clock is where it should be after two hours: out by less than 10 µs."""

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        return np.asarray(np.sin(2 * np.pi * 10.0 * np.arange(first, last) / sfreq)[None] * 20e-6)

    two_hours = EegRecording(
        path=Path("long.xdf"),
        info=in_memory(np.zeros((1, 1)), sfreq, ["Cz"]).info.__class__(
            "test", ("Cz",), ("eeg",), sfreq, round(7200 * sfreq)
        ),
        events=(),
        fetch=fetch,
    )
    starts_s = [3600.0, 7180.0]
    for start_s, window in zip(
        starts_s, study_eeg_stream(two_hours, ["Cz"], 128.0).windows(starts_s, 1280), strict=True
    ):
        times_s = start_s + np.arange(1280) / 128.0
        phase = np.angle(np.sum(window[0] * np.exp(-2j * np.pi * 10.0 * times_s))) + np.pi / 2
        assert abs(phase) / (2 * np.pi * 10.0) < 1e-5


def test_windows_come_in_the_order_asked_for() -> None:
    recording = in_memory(pink_uv(4, 100 * 128, 128.0), 128.0, CHANNELS)
    whole = _whole(recording, CHANNELS, 128.0)
    starts_s = [80.0, 3.0, 28.5, 95.0, 0.25]
    stream = study_eeg_stream(recording, CHANNELS, 128.0)
    for start_s, window in zip(starts_s, stream.windows(starts_s, 640), strict=True):
        first = round(start_s * 128)
        np.testing.assert_allclose(window, whole[:, first : first + 640], atol=1e-4)


def test_in_the_order_of_time_a_sample_is_read_once_but_for_the_overlap() -> None:
    read: list[int] = []
    recording = in_memory(pink_uv(4, 300 * 128, 128.0), 128.0, CHANNELS)

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        read.append(last - first)
        return recording.fetch(picks, first, last)

    counted = EegRecording(recording.path, recording.info, (), fetch)
    list(study_eeg_stream(counted, CHANNELS, 128.0).windows([float(s) for s in range(290)], 1280))
    assert sum(read) < 1.4 * 300 * 128


def test_a_file_from_a_library_reads_as_its_array_does(tmp_path: Path) -> None:
    data_uv = pink_uv(4, 60 * 256, 256.0)
    path = write_bdf(tmp_path / "a.bdf", CHANNELS, data_uv, sfreq=256, status=np.zeros(60 * 256, dtype=np.int64))
    np.testing.assert_allclose(
        _whole(open_eeg(path), CHANNELS, 128.0, block_s=11.0),
        _whole(in_memory(data_uv, 256.0, CHANNELS), CHANNELS, 128.0),
        atol=0.05,
    )


_LONG = """
import numpy as np
from pathlib import Path
from tests.factories.arrays import in_memory
from mlcore.io.recording import EegRecording
from mlcore.signals import study_eeg_stream
from mlcore.types import EegInfo
names = [f"C{k}" for k in range(64)]
info = EegInfo("test", tuple(names), ("eeg",) * 64, 512.0, 7200 * 512)
noise = np.random.default_rng(0).normal(0.0, 1e-5, (64, 16384))
def fetch(picks, first, last):
    return noise.take(range(first, last), axis=1, mode="wrap")
stream = study_eeg_stream(EegRecording(Path("long.bdf"), info, (), fetch), names, 128.0)
n = sum(window.any() for window in stream.windows([7.5 * k for k in range(959)], 1280))
assert n == 959, n
status = Path("/proc/self/status").read_text()  # getrusage would count the parent's memory at the fork
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


def test_memory_does_not_grow_with_the_recording() -> None:
    """Every clip of two hours of 64 channels at 512 Hz, in a process of its own (numpy and MNE included)."""
    done = subprocess.run([sys.executable, "-c", _LONG], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300, f"{done.stdout.strip()} MiB"
