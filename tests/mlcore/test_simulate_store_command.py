from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from mlcore.commands import build_parser, main
from mlcore.commands.simulate_store import ASKING, ASKING_NAMES, PARAMETERS, REGIME_NAMES, build_config
from mlcore.simulate import ACQUISITION_REGIMES, REGIMES, StoreConfig
from mlcore.store import describe, open_store

SMALL = ["--set", "n_subjects=2", "--set", "n_trials=2", "--set", "n_channels=4"]


def test_the_last_line_describes_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "store"
    assert main(["simulate-store", str(out), "--regime", "missing_modalities", "--seed", "3", *SMALL]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1]) == describe(open_store(out))
    assert "simulated subjects: 2 of 2" in told.err
    config = json.loads((out / "truth.json").read_text(encoding="utf-8"))["config"]
    assert (config["seed"], config["missing_eeg_share"], config["n_trials"]) == (3, 0.15, 2)


def test_help_tells_every_parameter_with_its_default_and_every_regime() -> None:
    default = StoreConfig()
    assert {name: value for name, value, _ in PARAMETERS} == {
        item.name: getattr(default, item.name) for item in fields(StoreConfig) if item.name != "seed"
    }
    assert tuple(REGIMES) == REGIME_NAMES
    assert tuple(ACQUISITION_REGIMES) == ASKING_NAMES


def test_help_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["simulate-store", "--help"])
    told = capsys.readouterr().out
    for name in (*REGIME_NAMES, *(ASKING + name for name in ASKING_NAMES), *(name for name, *_ in PARAMETERS)):
        assert name in told


def test_what_is_set_stands_over_the_regime() -> None:
    args = build_parser().parse_args(
        ["simulate-store", "out", "--regime", "ambiguous", "--set", "ambiguous_share=0.4", "--set", "n_trials=4"]
    )
    assert build_config(args) == StoreConfig(ambiguous_share=0.4, n_trials=4)


def test_stores_for_strategies_of_asking_have_a_prefix() -> None:
    args = build_parser().parse_args(["simulate-store", "out", "--regime", "asking:noisy", "--seed", "5"])
    assert build_config(args) == ACQUISITION_REGIMES["noisy"].config(seed=5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--regime", "easy"], "no regime 'easy': expected one of default"),
        (["--set", "charm=3"], "--set charm=3: expected NAME=VALUE with one of n_subjects"),
        (["--set", "n_trials=3.5"], "'3.5' is not a whole number"),
        (["--set", "eeg_snr=high"], "'high' is not a number"),
        (["--set", "label_noise=2"], "label_noise should be a share 0..1, got 2.0"),
    ],
)
def test_wrong_options_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["simulate-store", str(tmp_path / "out"), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
