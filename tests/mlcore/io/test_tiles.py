"""What tiles hold, read from the files as their format says, against the signal that went in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mlcore.io.eeg import EegRecording, open_eeg
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.types import EegInfo, JsonObject
from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.shared import shared_file

Array = NDArray[np.float64]


def recording_of(values_uv: Array, *, sfreq: float, kinds: Sequence[str] | None = None) -> EegRecording:
    """A recording that is served from memory, in volts."""
    channels = tuple(f"E{number}" for number in range(len(values_uv)))
    info = EegInfo("made", channels, tuple(kinds or ["eeg"] * len(channels)), sfreq, values_uv.shape[1])
    return EegRecording(Path("made"), info, (), lambda picks, first, last: values_uv[list(picks), first:last] * 1e-6)


def read_level(folder: Path, name: str) -> tuple[JsonObject, Array, Array]:
    """What tiles.json says of a level, its values (C, P, T) in µV, and the step of each."""
    described = json.loads((folder / "tiles.json").read_text())
    level = next(one for one in described["levels"] if one["file"] == name)
    tables = np.load(folder / f"{name}.npy")
    n_parts = 1 if level["kind"] == "samples" else 2
    stored = np.fromfile(folder / f"{name}.i16", "<i2").reshape(*tables.shape[:2], n_parts, level["block"])
    steps, middles = tables[:, :, None, None, 0], tables[:, :, None, None, 1]
    values = np.concatenate(stored * steps + middles, axis=-1)[:, :, : level["n_samples"]]
    return level, values, np.concatenate(np.broadcast_to(steps, stored.shape), axis=-1)[:, :, : level["n_samples"]]


def noise(shape: tuple[int, int], *, seed: int = 0) -> Array:
    """A random walk that returns: much slow, little fast, as EEG is."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal(shape), axis=1)
    return np.asarray(walk - walk.mean(axis=1, keepdims=True) + 0.5 * rng.standard_normal(shape))


def test_a_file_comes_back_without_triggers(tmp_path: Path) -> None:
    values_uv = sines_uv(2, 1024, 256) + 9000.0
    path = write_bdf(tmp_path / "a.bdf", ["Fp1", "Temp"], values_uv, sfreq=256, status=pulses(1024, [256]))
    written = write_tiles(open_eeg(path), tmp_path / "t")
    assert written == json.loads((tmp_path / "t" / "tiles.json").read_text())
    assert (written["version"], written["sfreq"], written["n_samples"]) == (TILES_VERSION, 256.0, 1024)
    assert written["channels"] == [{"name": "Fp1", "kind": "eeg"}, {"name": "Temp", "kind": "temperature"}]
    _level, values, steps = read_level(tmp_path / "t", "samples-0")
    assert np.all(np.abs(values[:, 0] - values_uv) <= steps[:, 0] / 2 + 0.04)  # and half a step of the BDF's own


@pytest.mark.parametrize("offset_uv", [0.0, 9_000.0, -250_000.0])
def test_rounding_stays_far_below_the_noise(tmp_path: Path, offset_uv: float) -> None:
    values_uv = noise((3, 20_000)) * [[1.0], [20.0], [0.05]] + offset_uv
    write_tiles(recording_of(values_uv, sfreq=256), tmp_path / "t")
    level, values, steps = read_level(tmp_path / "t", "samples-0")
    spread = np.diff(values_uv, axis=1).std(axis=1)
    assert level["as_recorded"]
    assert np.all(np.abs(values[:, 0] - values_uv) <= 0.51 * steps[:, 0] + 1e-4)
    assert np.all(steps.max(axis=(1, 2)) <= np.minimum(spread / 5, 0.5))


def test_drifts_and_jumps_beyond_int16_lose_nothing(tmp_path: Path) -> None:
    values_uv = noise((2, 40_000), seed=1)
    values_uv[0] += np.linspace(0, 60_000, 40_000)
    values_uv[1, 25_000:] += 300_000
    write_tiles(recording_of(values_uv, sfreq=256), tmp_path / "t")
    _level, values, steps = read_level(tmp_path / "t", "samples-0")
    assert np.all(np.abs(values[:, 0] - values_uv) <= steps[:, 0])
    assert steps[0].max() <= 0.5
    assert np.median(steps[1]) <= 0.5, "a jump costs precision in its own block only"


@pytest.mark.parametrize("value_uv", [0.0, 12.5, -262_144.0])
def test_flat_channels(tmp_path: Path, value_uv: float) -> None:
    write_tiles(recording_of(np.full((1, 5000), value_uv), sfreq=250), tmp_path / "t")
    np.testing.assert_allclose(read_level(tmp_path / "t", "samples-0")[1], value_uv, atol=1e-3)


@pytest.mark.parametrize(("scale", "kind"), [(1e-6, "eeg"), (1e6, "eeg"), (1e9, "misc")])
def test_any_unit(tmp_path: Path, scale: float, kind: str) -> None:
    values_uv = noise((1, 5000)) * scale
    write_tiles(recording_of(values_uv, sfreq=256, kinds=[kind]), tmp_path / "t")
    _level, values, steps = read_level(tmp_path / "t", "samples-0")
    assert np.all(np.abs(values[:, 0] - values_uv) <= 0.51 * steps[:, 0])
    assert steps.max() <= max(np.diff(values_uv).std() / 5, 2.0**-14)


def test_missing_values_stand_at_their_channels_mean(tmp_path: Path) -> None:
    values_uv = noise((2, 3000)) + 5000.0
    values_uv[0, 500:700], values_uv[0, 900], values_uv[1] = np.nan, np.inf, np.nan
    write_tiles(recording_of(values_uv, sfreq=256), tmp_path / "t")
    _level, values, steps = read_level(tmp_path / "t", "samples-0")
    known = np.isfinite(values_uv[0])
    np.testing.assert_allclose(values[0, 0, known], values_uv[0, known], atol=steps.max())
    np.testing.assert_allclose(values[0, 0, ~known], values_uv[0, known].mean(), atol=steps.max())
    assert np.all(values[1] == 0.0)


class TestCoarserSamples:
    @pytest.mark.parametrize(("sfreq", "max_sfreq", "rates"), [
        (256.0, 256.0, [256, 128, 64, 32]),
        (257.0, 256.0, [257, 128.5, 64.25, 32.125]),
        (512.0, 128.0, [128, 64, 32]),
        (2048.0, None, [2048, 1024, 512, 256, 128, 64, 32]),
        (50.0, 256.0, [50]),
    ])  # fmt: skip
    def test_rates(self, tmp_path: Path, sfreq: float, max_sfreq: float | None, rates: list[float]) -> None:
        described = write_tiles(recording_of(noise((1, 9001)), sfreq=sfreq), tmp_path / "t", max_sfreq=max_sfreq)
        levels = [level for level in described["levels"] if level["kind"] == "samples"]
        assert [level["sfreq"] for level in levels] == rates
        assert [level["n_samples"] for level in levels] == [-(-9001 // round(sfreq / rate)) for rate in rates]
        assert [level["as_recorded"] for level in levels] == [rate == sfreq for rate in rates]

    @pytest.mark.parametrize("n_samples", [10_000, 10_001, 10_003])
    def test_slow_waves_stay_where_they_are(self, tmp_path: Path, n_samples: int) -> None:
        times_s = np.arange(n_samples) / 256
        wave = 30 * np.sin(2 * np.pi * 3 * times_s)[None] + 800
        write_tiles(recording_of(wave, sfreq=256), tmp_path / "t")
        for number in (1, 2, 3):
            values = read_level(tmp_path / "t", f"samples-{number}")[1][0, 0]
            np.testing.assert_allclose(
                values[20:-20], wave[0, :: 2**number][20:-20], atol=0.27
            )  # half a step of 0.5 µV

    def test_what_is_too_fast_is_gone_rather_than_folded(self, tmp_path: Path) -> None:
        times_s = np.arange(20_000) / 256
        for hz, number in ((100, 1), (70, 1), (40, 2), (100, 3)):
            write_tiles(recording_of(50 * np.sin(2 * np.pi * hz * times_s)[None], sfreq=256), tmp_path / "t")
            assert np.abs(read_level(tmp_path / "t", f"samples-{number}")[1][0, 0, 30:-30]).max() < 0.3, hz

    def test_no_seam_where_blocks_meet(self, tmp_path: Path) -> None:
        """One channel of 40 s at 5 kHz, another reading in pieces: the same levels, whatever the pieces."""
        values_uv = noise((20, 200_000), seed=2)
        write_tiles(recording_of(values_uv, sfreq=5000), tmp_path / "t")
        values = read_level(tmp_path / "t", "samples-0")[1][:, 0]
        assert values.shape[1] == 10_000
        expected = resample_poly(values_uv, 1, 20, axis=1, padtype="line")
        slow = slice(50, -50)
        residue = (values - expected)[:, slow]
        assert np.abs(residue).max() < 12 * np.median(np.abs(residue)) + 0.5


class TestEnvelope:
    def test_it_encloses_every_sample_and_is_tight(self, tmp_path: Path) -> None:
        values_uv = noise((2, 50_003), seed=3)
        described = write_tiles(recording_of(values_uv, sfreq=256), tmp_path / "t")
        levels = [level for level in described["levels"] if level["kind"] == "envelope"]
        assert [level["sfreq"] for level in levels] == [32, 8, 2]
        for level in levels:
            length = round(256 / level["sfreq"])
            _level, values, steps = read_level(tmp_path / "t", level["file"])
            padded = np.pad(values_uv, ((0, 0), (0, -50_003 % length)), mode="edge").reshape(2, -1, length)
            low, high = padded.min(axis=2), padded.max(axis=2)
            assert level["as_recorded"]
            assert np.all(values[:, 0] <= low + 1e-3)
            assert np.all(values[:, 1] >= high - 1e-3)
            assert np.all(low - values[:, 0] <= steps[:, 0])
            assert np.all(values[:, 1] - high <= steps[:, 1])

    def test_one_sample_at_the_recordings_own_rate_shows(self, tmp_path: Path) -> None:
        values_uv = np.zeros((1, 400_000))
        values_uv[0, 123_457] = 75.0
        write_tiles(recording_of(values_uv, sfreq=2000), tmp_path / "t", max_sfreq=250.0)
        _level, values, _steps = read_level(tmp_path / "t", "envelope-1")
        assert [values[0, 1].max(), np.flatnonzero(values[0, 1]).tolist()] == [75.0, [123_457 // (62 * 4)]]


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_tiles(recording_of(noise((1, 3000)), sfreq=2048), tmp_path / "t", max_sfreq=None)
    write_tiles(recording_of(noise((1, 300)), sfreq=100), tmp_path / "t")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]
    names = ("envelope-0", "samples-0", "samples-1")
    expected = {"tiles.json", *(f"{name}.{kind}" for name in names for kind in ("i16", "npy"))}
    assert {path.name for path in (tmp_path / "t").iterdir()} == expected


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(picks: Sequence[int], first: int, last: int) -> Array:
        raise OSError("the disk is gone")

    recording = recording_of(noise((1, 3000)), sfreq=256)
    broken = EegRecording(recording.path, recording.info, (), fail)
    with pytest.raises(OSError, match="the disk is gone"):
        write_tiles(broken, tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_triggers_alone_has_no_levels_to_show(tmp_path: Path) -> None:
    described = write_tiles(recording_of(noise((1, 300)), sfreq=256, kinds=["stim"]), tmp_path / "t")
    assert described["channels"] == []


@pytest.mark.parametrize("name", ["eeglab/test.bdf", "mne-python/test.bdf", "mne-python/test.edf"])
def test_real_recordings(tmp_path: Path, name: str) -> None:
    recording = open_eeg(shared_file("eeg", *name.split("/")))
    described = write_tiles(recording, tmp_path / "t", max_sfreq=None)
    shown = [channel["name"] for channel in described["channels"]]
    values_uv = recording.read(shown, 0.0, recording.info.duration_s) * 1e6
    _level, values, steps = read_level(tmp_path / "t", "samples-0")
    assert np.all(np.abs(values[:, 0] - values_uv) <= 0.5 * steps[:, 0] + 1e-6 * np.abs(values_uv))
