from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mne
import numpy as np
import pytest

from mlcore.errors import SignalError
from mlcore.signals import to_average, to_bipolar, to_channels, to_linked_mastoids
from tests.factories.arrays import pink_uv

NAMES = ["Fz", "Cz", "Pz", "M1", "M2"]
SAMPLES = pink_uv(5, 500, 250.0)


def _raw(names: Sequence[str] = NAMES) -> Any:
    return mne.io.RawArray(SAMPLES, mne.create_info(list(names), 250.0, "eeg"), verbose="error")


@pytest.mark.parametrize("reference", [["Cz"], ["M1", "M2"]])
def test_named_channels_as_mne_has_it(reference: list[str]) -> None:
    expected = mne.set_eeg_reference(_raw(), reference, verbose="error")[0].get_data()
    np.testing.assert_allclose(to_channels(SAMPLES, NAMES, reference), expected)


def test_average_as_mne_has_it() -> None:
    expected = mne.set_eeg_reference(_raw(), "average", verbose="error")[0].get_data()
    np.testing.assert_allclose(to_average(SAMPLES), expected)


def test_a_bad_channel_is_not_in_the_average() -> None:
    raw = _raw()
    raw.info["bads"] = ["Pz"]
    expected = mne.set_eeg_reference(raw, "average", verbose="error")[0].get_data(picks=[0, 1, 3, 4])
    good = np.array([True, True, False, True, True])
    np.testing.assert_allclose(to_average(SAMPLES, good=good)[good], expected)


def test_bipolar_as_mne_has_it() -> None:
    pairs = [("Fz", "Cz"), ("Cz", "Pz")]
    raw = mne.set_bipolar_reference(_raw(), *map(list, zip(*pairs, strict=True)), drop_refs=False, verbose="error")
    expected = raw.get_data(picks=["Fz-Cz", "Cz-Pz"])
    np.testing.assert_allclose(to_bipolar(SAMPLES, NAMES, pairs), expected)


def test_linked_mastoids_or_ear_lobes() -> None:
    expected = SAMPLES - (SAMPLES[3] + SAMPLES[4]) / 2
    np.testing.assert_allclose(to_linked_mastoids(SAMPLES, NAMES), expected)
    np.testing.assert_allclose(to_linked_mastoids(SAMPLES, ["Fz", "Cz", "Pz", "EEG A1", "a2"]), expected)


def test_missing_channels_are_told() -> None:
    with pytest.raises(SignalError, match="TP9, TP10 is not among the channels Fz, Cz"):
        to_channels(SAMPLES, NAMES, ["TP9", "TP10"])
    with pytest.raises(SignalError, match="Oz is not among"):
        to_bipolar(SAMPLES, NAMES, [("Fz", "Cz"), ("Pz", "Oz")])
    with pytest.raises(SignalError, match="neither M1 and M2 nor A1 and A2 are among the channels Fz, Cz"):
        to_linked_mastoids(SAMPLES[:2], ["Fz", "Cz"])
    with pytest.raises(SignalError, match="got none"):
        to_channels(SAMPLES, NAMES, [])
    with pytest.raises(SignalError, match="at least one True"):
        to_average(SAMPLES, good=np.zeros(5, dtype=bool))
