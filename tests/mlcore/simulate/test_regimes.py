from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from mlcore.errors import ConcordError
from mlcore.simulate.regimes import ACQUISITION_REGIMES, REGIMES, find_acquisition_regime, find_regime
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.store import open_store


@pytest.mark.parametrize("name", REGIMES)
def test_a_regime_differs_from_the_default_in_what_it_says(name: str) -> None:
    config, default = find_regime(name).config(seed=4), StoreConfig(seed=4)
    differs = {
        item.name: getattr(config, item.name)
        for item in fields(StoreConfig)
        if getattr(config, item.name) != getattr(default, item.name)
    }
    assert differs == dict(REGIMES[name].changes)


@pytest.mark.parametrize("name", REGIMES)
def test_every_regime_builds(tmp_path: Path, name: str) -> None:
    small = replace(find_regime(name).config(seed=1), n_subjects=2, n_trials=3, clips_per_trial=2, n_channels=4)
    store = open_store(simulate_store(tmp_path / name, small))
    assert store.n_clips == 12
    assert {"eeg", "face"} == set(store.meta.modalities)


@pytest.mark.parametrize("name", REGIMES)
def test_every_regime_fits_a_small_machine_and_says_what_is_expected(name: str) -> None:
    assert find_regime(name).config(seed=0).n_clips <= (900 if name == "clean_plentiful" else 360)
    assert REGIMES[name].expected.endswith(".")


def test_regimes_in_which_the_method_should_lose_or_gain_nothing_are_there() -> None:
    assert {"eeg_dominant", "face_uninformative", "clean_plentiful", "no_subject_shift"} < set(REGIMES)
    assert not REGIMES["default"].changes


def test_an_unknown_regime_is_named() -> None:
    with pytest.raises(ConcordError, match="no regime 'easy': expected one of default, eeg_dominant"):
        find_regime("easy")


@pytest.mark.parametrize("name", ACQUISITION_REGIMES)
def test_a_regime_of_asking_builds_and_says_what_is_expected(tmp_path: Path, name: str) -> None:
    config = find_acquisition_regime(name).config(seed=1)
    assert 1400 <= config.n_clips <= 1600
    small = replace(config, n_subjects=1, n_trials=2)
    assert open_store(simulate_store(tmp_path / name, small)).n_clips == 2 * config.clips_per_trial
    assert ACQUISITION_REGIMES[name].expected.endswith(".")


def test_regimes_of_asking_stay_out_of_the_grid_of_methods() -> None:
    assert len(REGIMES) == 11
    assert find_regime("ambiguous") != find_acquisition_regime("ambiguous")
    with pytest.raises(ConcordError, match="no regime of asking 'default': expected one of clean, noisy"):
        find_acquisition_regime("default")
