"""Clips around the events of one EEG file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.convert.events import EventSettings, convert_events
from mlcore.errors import RecordingError, StoreError
from mlcore.io.eeg import open_eeg
from mlcore.store import Store, open_store
from mlcore.types import JsonObject
from tests.factories.eeg import sines_uv, write_edf_plus
from tests.factories.shared import shared_file

CHANNELS, SFREQ, SECONDS = ("Fp1", "Fp2", "C3", "C4", "O1"), 128, 30
MARKS = ((0.2, "tone"), (5.0, "flash"), (5.6, "tone"), (6.1, "flash"), (12.0, "tone"), (13.0, "other"), (29.5, "tone"))


def convert(folder: Path, settings: EventSettings) -> tuple[Store, JsonObject]:
    data_uv = sines_uv(len(CHANNELS), SFREQ * SECONDS, SFREQ, amplitude_uv=30.0)
    path = write_edf_plus(folder / "odd.edf", CHANNELS, data_uv, sfreq=SFREQ, marks=MARKS)
    summary = convert_events(path, folder / "store", settings)
    return open_store(folder / "store"), summary


def test_a_clip_an_event_of_the_labels(tmp_path: Path) -> None:
    settings = EventSettings({"sound": "tone", "light": "flash"}, before_s=0.5, after_s=0.5)
    store, summary = convert(tmp_path, settings)
    # the first reaches over the start; those from 5.0 s to 6.1 s overlap and are one trial
    assert list(zip(store.start_s, store.trials, store.target("event"), strict=True)) == [
        (4.5, 2, 1),
        (5.1, 2, 0),
        (5.6, 2, 1),
        (11.5, 3, 0),
        (29.0, 4, 0),
    ]
    assert store.meta.targets["event"].classes == ("sound", "light")
    assert "1 of 6 events lie too near to an end" in summary["note"]
    times_s = 11.5 + np.arange(SFREQ) / SFREQ
    sines = 30.0 * np.sin(2 * np.pi * (5.0 + np.arange(5))[:, None] * times_s)
    np.testing.assert_allclose(store.gather("eeg", [3])[0], sines - sines.mean(axis=0), atol=0.5)
    assert convert_events(tmp_path / "odd.edf", tmp_path / "store", settings)["already_there"] == 1


def test_events_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"expected events of 2 kinds among the labels; its events are flash, other"
    ):
        convert(tmp_path, EventSettings({"a": "bell", "b": "whistle"}))
    assert not (tmp_path / "store").exists()


def test_settings_are_checked() -> None:
    with pytest.raises(StoreError, match="expected 2 or more kinds of events to tell apart, got 1"):
        EventSettings({"a": "tone"})
    with pytest.raises(StoreError, match="a clip can't reach from 0 s before to -1 s after an event"):
        EventSettings({"a": "tone", "b": "flash"}, after_s=-1.0)


def test_a_real_recording(tmp_path: Path) -> None:
    path = shared_file("eeg", "eeglab", "eeglab_data.set")
    summary = convert_events(path, tmp_path / "store", EventSettings({"square": "square", "answer": "rt"}))
    store, events = open_store(tmp_path / "store"), open_eeg(path).events
    assert np.bincount(store.target("event")).tolist() == [80, 74]
    np.testing.assert_allclose(store.start_s, [event.time_s for event in events])
    assert [("square", "rt")[answer] for answer in store.target("event")] == [event.description for event in events]
    # clips of different trials share no sample
    last_s = np.array([store.stop_s[store.trials == trial].max() for trial in np.unique(store.trials)])
    first_s = np.array([store.start_s[store.trials == trial].min() for trial in np.unique(store.trials)])
    assert np.all(first_s[1:] >= last_s[:-1])
    assert (summary["clips"], store.meta.modalities["eeg"].shape) == (154, (30, 128))
