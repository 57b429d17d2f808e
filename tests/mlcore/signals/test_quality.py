"""Each fault is put into seeded 1/f noise; the same judge on real recordings: tests/benchmarks/eeg_quality.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.io.eeg import open_eeg
from mlcore.io.recording import EegRecording
from mlcore.signals import eeg_clip_quality
from mlcore.signals.quality import channel_severities
from mlcore.types import ClipQuality, QualityFault, Window
from tests.benchmarks.eeg_faults import INJECTORS, inject
from tests.factories.arrays import in_memory, pink_uv
from tests.factories.shared import shared_file

C, CLIP_S = 32, 5.0
RATES = [128.0, 256.0, 998.4213]
ALL = np.ones(C, dtype=np.bool_)
Array = NDArray[np.float64]


def _names(n_channels: int = C) -> list[str]:
    return [f"C{k}" for k in range(n_channels)]


def _clip(sfreq: float, seed: int = 0) -> Array:
    """As an amplifier gives it: on an offset, drifting."""
    eeg = pink_uv(C, round(CLIP_S * sfreq), sfreq, seed=seed)
    return eeg + np.linspace(-8000, 9000, C)[:, None] + np.linspace(0, 100, eeg.shape[1])


def _judge(clip_uv: Array, sfreq: float, *, gaps: tuple[tuple[float, float], ...] = ()) -> ClipQuality:
    recording = in_memory(clip_uv, sfreq, _names(len(clip_uv)), gaps=gaps)
    window = Window(1, 0.0, recording.info.duration_s, has_eeg=True, has_face=False)
    (quality,) = eeg_clip_quality(recording, recording.info.channels, [window])
    return quality


def _broken(fault: QualityFault, sfreq: float, *, amplitude: float, touched: NDArray[np.bool_] = ALL) -> ClipQuality:
    rng = np.random.default_rng(7)
    return _judge(inject(fault, _clip(sfreq), sfreq, amplitude=amplitude, touched=touched, rng=rng), sfreq)


# --- clips -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize("seed", range(5))
def test_a_clean_clip_has_nothing_to_say(sfreq: float, seed: int) -> None:
    quality = _judge(_clip(sfreq, seed), sfreq)
    assert quality.faults == {}
    assert quality.score > 0.97


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize("fault", INJECTORS)
def test_a_fault_in_every_channel_is_named_alone_and_leaves_nothing(fault: QualityFault, sfreq: float) -> None:
    quality = _broken(fault, sfreq, amplitude=2.0)
    assert set(quality.faults) == {fault}
    assert quality.score < 0.15
    assert quality.faults[fault] > 0.85


@pytest.mark.parametrize("fault", INJECTORS)
def test_one_bad_channel_of_many_lowers_little_but_is_named(fault: QualityFault) -> None:
    quality = _broken(fault, 256.0, amplitude=2.0, touched=np.arange(C) == 11)
    clean = _judge(_clip(256.0), 256.0)
    assert set(quality.faults) == {fault}
    assert quality.faults[fault] == pytest.approx(1 / C, abs=0.02)
    assert quality.score == pytest.approx(clean.score * (C - 1) / C, abs=0.02)


@pytest.mark.parametrize("fault", INJECTORS)
def test_more_is_never_better(fault: QualityFault) -> None:
    some = np.arange(C) % 2 == 0
    scores = [_broken(fault, 256.0, amplitude=amplitude, touched=some).score for amplitude in (0.25, 0.5, 1.0, 2.0)]
    assert all(after <= before + 0.01 for before, after in pairwise(scores))
    assert scores[-1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("fault", INJECTORS)
def test_severities_belong_to_the_channels_that_have_it(fault: QualityFault) -> None:
    touched = np.arange(C) % 3 == 0
    clip = inject(fault, _clip(256.0), 256.0, amplitude=2.0, touched=touched, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(channel_severities(clip, 256.0)[fault] >= 0.5, touched)


# --- each fault's own traps ------------------------------------------------------------------------------------------


def test_flat_is_nothing_else() -> None:
    clip = np.tile(np.linspace(-5000.0, 5000.0, C)[:, None], (1, 1280))
    assert _judge(clip, 256.0) == ClipQuality(0.0, {QualityFault.FLAT: 1.0})
    assert _judge(np.zeros((C, 1280)), 256.0) == ClipQuality(0.0, {QualityFault.FLAT: 1.0})
    assert _judge(np.full((C, 1280), np.nan), 256.0).score == 0.0


def test_a_channel_far_weaker_than_the_others_is_flat() -> None:
    clip = 4 * _clip(256.0)
    clip[3] *= 0.02
    assert set(_judge(clip, 256.0).faults) == {QualityFault.FLAT}


def test_an_amplitude_beyond_any_brain_is_saturated() -> None:
    quality = _judge(100 * pink_uv(C, 1280, 256.0), 256.0)
    assert set(quality.faults) == {QualityFault.SATURATED}
    assert quality.score < 0.05


def test_a_rail_on_one_side_is_saturation() -> None:
    clip = _clip(256.0)
    clip[5] = np.minimum(clip[5], np.quantile(clip[5], 0.8))
    assert set(_judge(clip, 256.0).faults) == {QualityFault.SATURATED}


@pytest.mark.parametrize("step_uv", [0.5, 1.0])
def test_coarse_steps_are_neither_rail_nor_hold(step_uv: float) -> None:
    assert _judge(np.round(pink_uv(C, 5120, 1024.0) / step_uv) * step_uv, 1024.0).faults == {}


def test_a_crest_is_no_rail() -> None:
    wave = 30 * np.sin(2 * np.pi * 10 * np.arange(1280) / 256.0 + np.arange(C)[:, None])
    assert QualityFault.SATURATED not in _judge(wave + pink_uv(C, 1280, 256.0, rms_uv=1.5), 256.0).faults


def test_blinks_are_no_pops() -> None:
    """200 µV that rise within 50 ms in the front channels, falling off over the head."""
    times_s = np.arange(1280) / 256.0
    blinks = sum(np.exp(-0.5 * ((times_s - at_s) / 0.06) ** 2) for at_s in (1.0, 2.3, 4.1))
    clip = _clip(256.0) + 200 * np.clip(np.linspace(1.2, -1, C), 0, 1)[:, None] ** 2 * blinks
    assert _judge(clip, 256.0).faults == {}


@pytest.mark.parametrize("kept", ["zero", "held", "nan"])
def test_the_edges_of_a_drop_out_are_no_pops_and_make_no_noise(kept: str) -> None:
    clip = _clip(256.0)
    clip[4, 400:800] = {"zero": 0.0, "held": clip[4, 400], "nan": np.nan}[kept]
    assert set(_judge(clip, 256.0).faults) == {QualityFault.DROPOUT}


def test_a_few_missing_numbers_beside_an_offset_are_no_pop() -> None:
    clip = _clip(256.0)
    clip[0, 600:603] = np.nan
    assert _judge(clip, 256.0).faults == {}


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
def test_line_noise_of_either_mains(line_hz: float) -> None:
    clip = _clip(256.0) + 30 * np.sin(2 * np.pi * line_hz * np.arange(1280) / 256.0)
    assert set(_judge(clip, 256.0).faults) == {QualityFault.LINE_NOISE}


def test_alpha_and_beta_are_no_muscle() -> None:
    times_s = np.arange(1280) / 256.0
    rhythms = 25 * np.sin(2 * np.pi * 10 * times_s) + 5 * np.sin(2 * np.pi * 21 * times_s)
    assert _judge(_clip(256.0) + rhythms, 256.0).faults == {}


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_gap_in_time_is_named_and_its_zeros_are_nothing_else() -> None:
    clip = _clip(256.0)
    clip[:, 512:768] = 0.0
    quality = _judge(clip, 256.0, gaps=((2.0, 3.0),))
    assert set(quality.faults) == {QualityFault.GAP}
    assert quality.faults[QualityFault.GAP] > 0.9


def test_beyond_the_recordings_end_nothing_was_recorded() -> None:
    recording = in_memory(_clip(256.0), 256.0, _names())
    windows = [Window(1, at_s, at_s + 5.0, has_eeg=True, has_face=False) for at_s in (0.0, 2.0, 20.0)]
    whole, half, none = eeg_clip_quality(recording, _names(), windows)
    assert whole.faults == {}
    assert set(half.faults) == {QualityFault.GAP}
    assert none.score == 0.0
    assert none.faults[QualityFault.GAP] == pytest.approx(1.0, abs=0.01)


def test_windows_are_judged_one_by_one_in_their_order() -> None:
    data_uv = np.concatenate([_clip(256.0, seed) for seed in range(4)], axis=1)
    data_uv[:, 1280:2560] = inject(
        QualityFault.LINE_NOISE, data_uv[:, 1280:2560], 256.0, amplitude=2.0, touched=ALL, rng=np.random.default_rng(0)
    )
    recording = in_memory(data_uv, 256.0, _names())
    windows = [Window(1, at_s, at_s + 5.0, has_eeg=True, has_face=False) for at_s in (5.0, 0.0, 15.0)]
    assert [set(found.faults) for found in eeg_clip_quality(recording, _names(), windows)] == [
        {QualityFault.LINE_NOISE}, set(), set()
    ]  # fmt: skip


def test_only_the_windows_samples_are_read() -> None:
    read: list[tuple[int, int]] = []
    recording = in_memory(pink_uv(4, 256 * 600, 256.0), 256.0, _names(4))

    def fetch(picks: Sequence[int], first: int, last: int) -> Array:
        read.append((first, last))
        return recording.fetch(picks, first, last)

    counted = EegRecording(recording.path, recording.info, (), fetch)
    windows = [Window(1, at_s, at_s + 5.0, has_eeg=True, has_face=False) for at_s in (100.0, 300.0)]
    judged = eeg_clip_quality(counted, _names(4), windows)
    next(judged)
    assert read == [(25600, 26880)]
    next(judged)
    assert read == [(25600, 26880), (76800, 78080)]


# --- channels that count ---------------------------------------------------------------------------------------------


def test_absent_and_bad_channels_do_not_count() -> None:
    clip = _clip(256.0)
    clip[0] = 0.0
    recording = in_memory(clip, 256.0, ["EEG C0-REF", *_names()[1:]])
    window = [Window(1, 0.0, 5.0, has_eeg=True, has_face=False)]
    (with_bad,) = eeg_clip_quality(recording, [*_names(), "Oz"], window)
    (without,) = eeg_clip_quality(recording, [*_names(), "Oz"], window, bad=["c0"])
    (nothing,) = eeg_clip_quality(recording, ["Oz"], window)
    assert set(with_bad.faults) == {QualityFault.FLAT}
    assert without.faults == {}
    assert nothing == ClipQuality(0.0, {})


@pytest.mark.parametrize("n_samples", [1, 3, 40, 127])
def test_what_is_too_short_to_judge_is_worth_nothing(n_samples: int) -> None:
    assert _judge(pink_uv(4, 300, 256.0)[:, :n_samples], 256.0).score == 0.0


def test_a_real_recording_is_mostly_clean() -> None:
    recording = open_eeg(shared_file("eeg", "pyedflib", "test_utf8.edf"))
    windows = [Window(1, at_s, at_s + 4.0, has_eeg=True, has_face=False) for at_s in np.arange(0.0, 690.0, 30.0)]
    judged = list(eeg_clip_quality(recording, recording.info.channels, windows))
    assert all(quality.faults == {} for quality in judged)
    assert min(quality.score for quality in judged) > 0.9
