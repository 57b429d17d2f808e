"""Blinks as the only clock: found where they are, and never where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.errors import SyncError
from mlcore.io.eeg import open_eeg
from mlcore.sync.blinks import BlinkMatch, blink_clock
from mlcore.sync.frontal import frontal_channels, frontal_traces
from tests.factories.blinks import Blinker, BlinkRecording, Floats, record_blinks
from tests.factories.shared import shared_file

FRAME_S = 0.04
#: every real recording with EEG, whatever it shows: its owner is on no video here
REAL_EEG = [
    ("eeglab", "eeglab_data.set"),
    ("eeglab", "test.bdf"),
    ("eeglab", "test.edf"),
    ("eeglab", "test.xdf"),
    ("mne-python", "test.vhdr"),
    ("mne-python", "test.edf"),
    ("pyedflib", "test_utf8.edf"),
    ("xdf-example-files", "clock_resets.xdf"),
]


def _match(recording: BlinkRecording) -> BlinkMatch:
    return blink_clock(recording.video_s, recording.eye_openness, recording.eeg_uv, recording.eeg_sfreq)


def _background_uv(seed: int) -> Floats:
    """Parietal EEG of somebody who was asked for nothing of the kind."""
    recording = open_eeg(shared_file("eeg", "eeglab", "eeglab_data.set"))
    volts = recording.read([("P3", "Pz", "P4", "C3", "C4")[seed % 5]], 0.0, 1e6)[0]
    return np.asarray(1e6 * volts)


def _worst_error_s(match: BlinkMatch, who: Blinker) -> float:
    assert match.clock is not None, match.reason
    ends_s = (0.0, who.duration_s)
    return max(abs(match.clock.to_session(end_s) - who.offset_s - (1 + who.drift) * end_s) for end_s in ends_s)


@pytest.mark.parametrize("seed", range(8))
def test_offset_is_found_on_real_background(seed: int) -> None:
    rng = np.random.default_rng(seed)
    who = Blinker(sign=int(rng.choice((-1, 1))), offset_s=rng.uniform(-30, 30), drift=rng.uniform(-1e-4, 1e-4))
    match = _match(record_blinks(who, rng, background_uv=_background_uv(seed)))
    assert _worst_error_s(match, who) < FRAME_S
    assert match.clock is not None
    assert (match.clock.method, match.reason) == ("blinks", "")
    assert match.clock.confidence == match.confidence > 0.35
    assert match.n_matched >= 10


@pytest.mark.parametrize("drift", [-400e-6, 0.0, 250e-6, 800e-6])
def test_drift_is_found_in_ten_minutes(drift: float) -> None:
    who = Blinker(duration_s=600.0, offset_s=4.2, drift=drift, amplitude_uv=80.0)
    match = _match(record_blinks(who, np.random.default_rng(11), background_uv=_background_uv(1)))
    assert _worst_error_s(match, who) < FRAME_S
    assert match.clock is not None
    assert match.clock.drift == pytest.approx(drift, abs=50e-6)


def test_a_face_lost_half_of_the_time_is_enough() -> None:
    who = Blinker(duration_s=240.0, offset_s=-12.0)
    recording = record_blinks(who, np.random.default_rng(3))
    is_lost = (recording.video_s % 20.0) < 10.0
    match = _match(replace(recording, eye_openness=np.where(is_lost, np.nan, recording.eye_openness)))
    assert _worst_error_s(match, who) < FRAME_S


def test_several_channels_one_of_them_dead() -> None:
    who = Blinker(duration_s=180.0, offset_s=2.5)
    recording = record_blinks(who, np.random.default_rng(4))
    traces = np.stack([recording.eeg_uv, 0.6 * recording.eeg_uv, np.zeros_like(recording.eeg_uv)])
    assert _worst_error_s(_match(replace(recording, eeg_uv=traces)), who) < FRAME_S


@pytest.mark.parametrize("seed", range(40))
def test_blinks_of_two_people_are_never_related(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    one, other = (
        Blinker(
            duration_s=float(rng.choice((60, 120, 300))),
            per_min=float(rng.choice((8, 15, 30))),
            amplitude_uv=float(rng.choice((50, 100, 200))),
        )
        for _ in range(2)
    )
    camera, eeg = record_blinks(one, rng), record_blinks(other, rng)
    match = _match(replace(camera, eeg_uv=eeg.eeg_uv))
    assert match.clock is None
    assert match.reason.endswith(".")


@pytest.mark.parametrize("period_s", [2.0, 3.0])
def test_people_who_blink_like_clocks_are_not_related(period_s: float) -> None:
    """Even intervals agree at many offsets: it must see that another one fits as well."""
    rng = np.random.default_rng(8)
    who = Blinker(duration_s=200.0)
    camera, eeg = record_blinks(replace(who, per_min=0.01), rng), record_blinks(replace(who, per_min=0.01), rng)
    openness, uv = camera.eye_openness.copy(), eeg.eeg_uv.copy()
    eeg_s = np.arange(uv.size) / eeg.eeg_sfreq
    for blink_s in np.arange(1.0, 198.0, period_s):
        openness[np.abs(camera.video_s - blink_s - rng.normal(0, 0.02)) < 0.07] *= 0.3
        uv += 100.0 * np.exp(-0.5 * ((eeg_s - 5.0 - blink_s - rng.normal(0, 0.02)) / 0.07) ** 2)
    match = _match(replace(camera, eye_openness=openness, eeg_uv=uv))
    assert match.clock is None


@pytest.mark.parametrize("name", REAL_EEG)
def test_real_eeg_is_related_to_nobody(name: tuple[str, str]) -> None:
    """Shifted and reversed too."""
    recording = open_eeg(shared_file("eeg", *name))
    channels = frontal_channels(recording.info.channels) or recording.info.channels[:2]
    traces, sfreq = frontal_traces(recording, channels)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        who = Blinker(duration_s=float(rng.choice((60, 120, 240))), per_min=float(rng.choice((8, 15, 25, 40))))
        camera = record_blinks(who, rng)
        shifted = np.roll(traces[:, :: rng.choice((-1, 1))], int(rng.integers(traces.shape[1])), axis=1)
        assert blink_clock(camera.video_s, camera.eye_openness, shifted, sfreq).clock is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"per_min": 1.0}, "The camera shows "),
        ({"missed": 1.0}, "The camera shows 0 blinks; 6 are needed."),
        ({"amplitude_uv": 1.0}, "blinks"),
        ({"offset_s": 300.0}, "blinks"),
    ],
)
def test_it_says_why_it_can_not_tell(change: dict[str, float], reason: str) -> None:
    who = replace(Blinker(), **change)  # type: ignore[arg-type]
    match = _match(record_blinks(who, np.random.default_rng(2)))
    assert match.clock is None
    assert reason in match.reason


def test_flat_and_empty_streams_can_not_tell() -> None:
    recording = record_blinks(Blinker(), np.random.default_rng(2))
    for changed in (
        replace(recording, eeg_uv=np.zeros_like(recording.eeg_uv)),
        replace(recording, eeg_uv=np.full_like(recording.eeg_uv, np.nan)),
        replace(recording, eeg_uv=recording.eeg_uv[:10]),
        replace(recording, eye_openness=np.full_like(recording.eye_openness, np.nan)),
        replace(recording, eye_openness=np.full_like(recording.eye_openness, 0.3)),
    ):
        assert _match(changed).clock is None


def test_what_makes_no_sense_is_refused() -> None:
    recording = record_blinks(Blinker(), np.random.default_rng(2))
    with pytest.raises(SyncError, match="rising times"):
        _match(replace(recording, video_s=recording.video_s[::-1]))
    with pytest.raises(SyncError, match="20 Hz or more"):
        _match(replace(recording, eeg_sfreq=10.0))


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        (("Cz", "FP1", "Fp2", "AF3"), ("FP1", "Fp2")),
        (("EEG Fp1", "EEG T3"), ("EEG Fp1",)),
        (("EEG Fp1-Ref", "EOG1"), ("EEG Fp1-Ref",)),
        (("AF7", "TP9", "AF8"), ("AF7", "AF8")),
        (("VEOG", "Cz", "F3"), ("VEOG",)),
        (("Fz", "Pz"), ("Fz",)),
        (("Oz", "FT7", "FC1"), ()),
    ],
)
def test_frontal_channels(channels: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert frontal_channels(channels) == found
