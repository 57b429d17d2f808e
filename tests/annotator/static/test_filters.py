"""The traces' filters, run by node, against scipy's; the electrodes' places against MNE's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from tests.annotator.static.test_clockfit import node

SCRIPT = Path(__file__).parents[2] / "js" / "filter_cases.mjs"
#: the rates of tiles and of recordings, round and odd
RATES_HZ = (100.0, 128.0, 250.0, 256.0, 512.0, 1000.0, 2048.0, 173.61)
CUTS: dict[str, tuple[Any, ...]] = {
    "highpass": (0.1, 0.5, 1.0, 4.0),
    "lowpass": (15.0, 30.0, 40.0, 70.0),
    "bandstop": ([49.0, 51.0], [59.0, 61.0]),
}
ORDERS = {"highpass": (2, 4), "lowpass": (2, 4, 6), "bandstop": (2, 4)}
#: of the electrodes on a sphere against those on a head; the nearest two lie 18° apart
MOST_DEGREES = 14.0


def cases() -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    made: list[dict[str, Any]] = []
    for sfreq in RATES_HZ:
        for filter_, cuts in CUTS.items():
            for cut_hz in cuts:
                if np.max(cut_hz) >= sfreq / 2:
                    continue
                samples = 2000 * rng.normal() + np.cumsum(rng.normal(size=700)) + 20 * rng.normal(size=700)
                made += [
                    {
                        "filter": filter_,
                        "order": order,
                        "cut_hz": cut_hz,
                        "sfreq": sfreq,
                        "samples": samples.tolist(),
                        "padding": padding,
                    }
                    for order, padding in zip(ORDERS[filter_], (0, 120, 650), strict=False)
                ]
    return made


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    run = subprocess.run([node(), str(SCRIPT)], input=json.dumps(cases()), capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def reference(case: dict[str, Any]) -> NDArray[np.float64]:
    designed: NDArray[np.float64] = signal.butter(
        case["order"], case["cut_hz"], case["filter"], fs=case["sfreq"], output="sos"
    )
    return designed


def test_the_sections_are_those_of_scipy(said: dict[str, Any]) -> None:
    assert len(said["filtered"]) == len(cases()) > 100
    for case, ours in zip(cases(), said["filtered"], strict=True):
        np.testing.assert_allclose(
            np.array(ours["sos"]), reference(case), rtol=1e-9, atol=1e-12, err_msg=str(case["cut_hz"])
        )


def test_what_comes_out_is_what_scipy_makes(said: dict[str, Any]) -> None:
    for case, ours in zip(cases(), said["filtered"], strict=True):
        expected = signal.sosfiltfilt(reference(case), case["samples"], padtype="odd", padlen=case["padding"])
        worst = np.abs(np.array(ours["samples"]) - expected).max()
        # of a trace of some thousand µV; the slowest filters at the highest rates have poles within 1e-7 of the circle
        assert worst < 1e-5, (case["filter"], case["order"], case["cut_hz"], case["sfreq"], worst)


def test_the_electrodes_lie_where_mne_has_them(said: dict[str, Any]) -> None:
    positions = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    heads = {name.upper(): np.asarray(place) for name, place in positions.items()}
    centre = np.mean([heads["T7"], heads["T8"], heads["FPZ"], heads["OZ"]], axis=0)
    ours = {name: np.array(place) for name, place in said["positions"].items()}
    assert len(ours) == 74
    for name, place in ours.items():
        assert np.linalg.norm(place) == pytest.approx(1.0)
        there = (heads[name] - centre) / np.linalg.norm(heads[name] - centre)
        degrees = float(np.degrees(np.arccos(np.clip(place @ there, -1.0, 1.0))))
        assert degrees < MOST_DEGREES, (name, degrees)
