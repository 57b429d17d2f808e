"""Which level a view is answered with, how large it is, and that nothing is lost from an envelope."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray

from annotator.enums import DerivedKind
from annotator.models import Derived, RecordingSession
from annotator.queries import tiles
from annotator.queries.tiles import BUDGET_BYTES, Wanted
from mlcore.io.recording import EegRecording
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.types import EegInfo, JsonObject
from tests.factories.studies import make_study
from tests.factories.tiles import read_answer

pytestmark = pytest.mark.django_db

SFREQ = 256


def session_of(values_uv: NDArray[np.float64]) -> RecordingSession:
    """A session whose EEG is this, (C, T)."""
    session = make_study(n_subjects=2, n_clips=1).sessions.order_by("pk")[0]
    channels = tuple(f"E{number}" for number in range(len(values_uv)))
    info = EegInfo("made", channels, ("eeg",) * len(channels), SFREQ, values_uv.shape[1])
    recording = EegRecording(
        Path("made"), info, (), lambda picks, first, last: values_uv[list(picks), first:last] * 1e-6
    )
    place = f"{session.study.slug}/{session.pk}/tiles"
    write_tiles(recording, Path(settings.DERIVED_ROOT) / place)
    Derived.objects.create(session=session, kind=DerivedKind.EEG_TILES, version=TILES_VERSION, path=place)
    return session


def loud(n_channels: int, seconds: float) -> NDArray[np.float64]:
    """White noise of 400 µV: twice as many bits a sample as EEG, the worst that a screen may be asked to show."""
    return np.random.default_rng(1).standard_normal((n_channels, round(seconds * SFREQ))) * 400


def brisk(n_channels: int, seconds: float) -> NDArray[np.float64]:
    """Noise with the steps between neighbours of EEG at this rate."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((n_channels, round(seconds * SFREQ)))
    return 2.0 * (noise[:, :] + np.roll(noise, 1, axis=1))


def ask(
    session: RecordingSession, start_s: float, stop_s: float, *, width_px: int = 1200, pad_s: float = 0.0
) -> tuple[JsonObject, NDArray[np.float64], int]:
    """The header, the values in µV, and the answer's length in bytes."""
    answer = tiles.answer(session, Wanted(start_s, stop_s, width_px, pad_s))
    header, values_uv = read_answer(answer.plain)
    return header, values_uv, len(answer.gzip)


def test_a_screen_of_64_channels_is_small_at_any_zoom() -> None:
    for values_uv in (brisk(64, 130), loud(64, 130)):
        session = session_of(values_uv)
        for length_s in (0.5, 5, 20, 35, 60, 61, 90, 130):
            for width_px in (400, 1200, 4096):
                header, _values, n_bytes = ask(session, 0.0, length_s, width_px=width_px)
                assert n_bytes <= BUDGET_BYTES, (length_s, width_px)
                assert header["kind"] == ("samples" if length_s <= 60 else "envelope")


def test_the_finest_rate_that_fits_is_served_and_said() -> None:
    session = session_of(brisk(64, 61))
    rates = [ask(session, 0.0, length_s)[0]["sfreq"] for length_s in (5, 20, 60)]
    said = [ask(session, 0.0, length_s)[0]["as_recorded"] for length_s in (5, 20, 60)]
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], said[0]) == (256.0, True)
    assert said == [rate == SFREQ for rate in rates]
    assert rates[-1] < SFREQ, "a minute of 64 channels at 256 Hz doesn't fit"


def test_few_channels_keep_their_rate_for_a_minute() -> None:
    header, values_uv, _n_bytes = ask(session_of(brisk(8, 60)), 0.0, 60.0)
    assert (header["sfreq"], header["as_recorded"], values_uv.shape) == (256.0, True, (8, 1, 60 * SFREQ))


def test_the_stretch_is_cut_before_its_length_counts() -> None:
    assert ask(session_of(brisk(2, 50)), -1000.0, 1000.0)[0]["kind"] == "samples"


def test_samples_are_the_same_across_blocks_and_at_any_start() -> None:
    values_uv = np.cumsum(brisk(3, 60), axis=1)  # wanders off, so that blocks lie around different levels
    session = session_of(values_uv)
    for start_s, stop_s in ((0.0, 60.0), (15.99, 16.01), (14.3, 33.7), (59.9, 60.0)):
        header, got_uv, _n_bytes = ask(session, start_s, stop_s)
        first = round(header["start_s"] * SFREQ)
        steps = np.array([channel["scale_uv"] for channel in header["channels"]])[:, None]
        expected = values_uv[:, first : first + header["n_samples"]]
        assert header["start_s"] <= start_s < header["start_s"] + 1 / SFREQ
        assert np.all(np.abs(got_uv[:, 0] - expected) <= np.maximum(steps, 0.5))


def test_a_jump_of_an_amplifier_within_the_view_is_shown_in_coarser_steps() -> None:
    values_uv = brisk(2, 40)
    values_uv[0, 5000:] += 250_000
    header, got_uv, _n_bytes = ask(session_of(values_uv), 10.0, 30.0)
    scales = [channel["scale_uv"] for channel in header["channels"]]
    assert scales[0] > 3 > scales[1]
    assert np.all(np.abs(got_uv[:, 0] - values_uv[:, 10 * SFREQ : 30 * SFREQ]) <= np.array(scales)[:, None])


class TestEnvelope:
    @pytest.fixture
    def values_uv(self) -> NDArray[np.float64]:
        values_uv = brisk(2, 400)
        values_uv[0, 77_777] = 9_000.0
        return values_uv

    @pytest.mark.parametrize("width_px", [16, 333, 1200, 4096])
    @pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 400.0), (123.4, 321.0)])
    def test_columns_hold_the_extremes_of_just_their_samples(
        self, values_uv: NDArray[np.float64], start_s: float, stop_s: float, width_px: int
    ) -> None:
        header, got_uv, _n_bytes = ask(session_of(values_uv), start_s, stop_s, width_px=width_px)
        per_column = round(SFREQ / header["sfreq"])
        first = round(header["start_s"] * SFREQ)
        assert (header["kind"], header["as_recorded"]) == ("envelope", True)
        assert header["n_samples"] <= width_px + 2
        assert first % per_column == 0, "columns lie on one grid wherever the view begins"
        assert first <= start_s * SFREQ < first + per_column
        assert first + header["n_samples"] * per_column >= stop_s * SFREQ - 1e-6
        # a block's own step, rounded outwards, and half the answer's step where the view needs a coarser one
        steps = np.array([channel["scale_uv"] for channel in header["channels"]])
        for column in range(header["n_samples"]):
            part = values_uv[:, first + column * per_column : first + (column + 1) * per_column]
            assert np.all(np.abs(got_uv[:, 0, column] - part.min(axis=1)) <= 1.51 * steps)
            assert np.all(np.abs(got_uv[:, 1, column] - part.max(axis=1)) <= 1.51 * steps)

    def test_a_narrow_view_of_a_wide_screen_has_the_narrowest_bins(self, values_uv: NDArray[np.float64]) -> None:
        header, _values, _n_bytes = ask(session_of(values_uv), 0.0, 61.0, width_px=4096)
        assert header["sfreq"] == 32.0

    def test_padding_is_for_samples_only(self, values_uv: NDArray[np.float64]) -> None:
        assert ask(session_of(values_uv), 100.0, 200.0, pad_s=5.0)[0]["start_s"] == pytest.approx(100.0, abs=0.2)
