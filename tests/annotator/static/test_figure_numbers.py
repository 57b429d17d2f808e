"""The figures below the traces, computed by node as by the browser, against scipy, MNE and plain linear algebra."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, special

from mlcore.nets.summary import BANDS_HZ
from tests.annotator.static.test_clockfit import node

SCRIPT = Path(__file__).parents[2] / "js" / "figure_numbers.mjs"
NAMES = ("Fp1", "Fp2", "AF3", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC2", "T7", "C3", "Cz", "C4", "T8", "CP1", "CP6",
         "P7", "P3", "Pz", "P4", "P8", "PO4", "O1", "Oz", "O2")  # fmt: skip
STIFFNESS, N_TERMS, SMOOTHING = 4, 50, 1e-8


def asked(*cases: dict[str, Any]) -> list[Any]:
    said = subprocess.run([node(), str(SCRIPT)], input=json.dumps(cases), capture_output=True, text=True, check=True)
    answers: list[Any] = json.loads(said.stdout)
    return answers


@pytest.mark.parametrize(("sfreq", "segment", "step"), [(128.0, 256, 16), (250.0, 512, 100), (256.0, 64, 64)])
def test_spectra_are_scipys(sfreq: float, segment: int, step: int) -> None:
    rng = np.random.default_rng(3)
    samples = np.cumsum(rng.normal(size=1500)) + 20 * np.sin(2 * np.pi * 10 * np.arange(1500) / sfreq) + 300
    (said,) = asked({"kind": "spectra", "samples": samples.tolist(), "sfreq": sfreq, "segment": segment, "step": step})
    freqs_hz, psd = signal.welch(samples, sfreq, nperseg=segment)
    np.testing.assert_allclose(said["freqs_hz"], freqs_hz, rtol=1e-12)
    np.testing.assert_allclose(said["psd"], psd, rtol=1e-9, atol=1e-12)
    _, times_s, power = signal.spectrogram(samples, sfreq, window="hann", nperseg=segment, noverlap=segment - step)
    np.testing.assert_allclose(said["times_s"], times_s, rtol=1e-12)
    np.testing.assert_allclose(said["power"], power.T, rtol=1e-9, atol=1e-12)
    bands = [psd[(freqs_hz >= low) & (freqs_hz < high)].sum() * freqs_hz[1] for low, high in BANDS_HZ]
    np.testing.assert_allclose(said["bands"], bands, rtol=1e-9)


def test_the_course_of_the_bands_is_scipys() -> None:
    """Brown noise with mains, two channels, a burst of 10 Hz from 6 s to 9 s."""
    sfreq, start_s = 128.0, 40.0
    rng = np.random.default_rng(11)
    time_s = np.arange(int(20 * sfreq)) / sfreq
    channels = np.cumsum(rng.normal(size=(2, len(time_s))), axis=1) + 15 * np.sin(2 * np.pi * 50 * time_s)
    channels[:, (time_s >= 6) & (time_s < 9)] += 40 * np.sin(2 * np.pi * 10 * time_s[(time_s >= 6) & (time_s < 9)])
    span = {"start_s": 42.0, "stop_s": 58.0}
    (said,) = asked({
        "kind": "course", "channels": channels.tolist(), "sfreq": sfreq, "start_s": start_s, "span": span
    })  # fmt: skip
    seen = channels[:, int(1 * sfreq) : int(19 * sfreq)]  # as far beyond as its windows reach
    freqs_hz, times_s, power = signal.spectrogram(seen, sfreq, window="hann", nperseg=256, noverlap=256 - 32)
    bands = np.stack([power[:, (freqs_hz >= low) & (freqs_hz < high)].sum(axis=1) for low, high in BANDS_HZ])
    course = (bands / bands.sum(axis=0)).mean(axis=1)
    np.testing.assert_allclose(said["times_s"], times_s + 41.0, rtol=1e-12)
    np.testing.assert_allclose(said["course"], course, rtol=1e-9)
    assert (said["times_s"][0], said["times_s"][-1]) == (42.0, 58.0)
    strongest_s = said["times_s"][int(np.argmax(said["course"][2]))]
    assert 47.0 <= strongest_s <= 48.0  # a window of 2 s that lies in the burst


def test_electrodes_sit_where_other_peoples_do() -> None:
    """Within 9° of BioSemi's cap (another drawing of the same system), without the outer ring within 4°."""
    known = mne.channels.make_standard_montage("biosemi64").get_positions()["ch_pos"]
    (found,) = asked({"kind": "positions", "names": list(known)})
    off_deg = {name: angle_deg(unit(known[name]), np.array(one)) for name, one in zip(known, found, strict=True)}
    assert len(off_deg) == 64
    assert max(off_deg.values()) < 9.0
    assert max(deg for name, deg in off_deg.items() if name not in ("P9", "P10")) < 4.0


def test_names_as_files_have_them() -> None:
    names = ["FP1", "EEG Fpz-REF", "fz", "T3", "T5", "PO3", "M1", "A2", "ECG", "C11", "Status", "O3"]
    (found,) = asked({"kind": "positions", "names": names})
    assert [one is not None for one in found] == [True] * 6 + [False] * 6
    (plain,) = asked({"kind": "positions", "names": ["Fp1", "Fpz", "Fz", "T7", "P7"]})
    assert found[:5] == plain
    np.testing.assert_allclose(np.linalg.norm(found[:6], axis=1), 1.0, atol=1e-12)
    assert plain[0][0] < 0 < plain[0][1]  # Fp1 lies left and in front


def test_the_paper_and_the_head_agree() -> None:
    points = [unit(row).tolist() for row in np.random.default_rng(5).normal(size=(50, 3))]
    (back,) = asked({"kind": "paper", "points": points})
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_between_electrodes_lies_the_spherical_spline() -> None:
    (found,) = asked({"kind": "positions", "names": list(NAMES)})
    places = np.array(found)
    to = np.array([unit(row) for row in np.random.default_rng(7).normal((0, 0, 1.5), size=(200, 3))])
    (matrix,) = asked({"kind": "spline", "from": places.tolist(), "to": to.tolist()})
    values = np.random.default_rng(8).normal(size=len(NAMES)) * 30
    np.testing.assert_allclose(np.array(matrix) @ values, spline(places, to, values), rtol=1e-6, atol=1e-6)
    at_electrodes = asked({"kind": "spline", "from": places.tolist(), "to": places.tolist()})[0]
    np.testing.assert_allclose(
        np.array(at_electrodes) @ values, values, atol=0.2
    )  # it passes through what was measured
    np.testing.assert_allclose(np.sum(matrix, axis=1), 1.0, atol=1e-6)  # the same everywhere stays the same


def test_the_picture_is_the_spline_inside_the_head() -> None:
    (found,) = asked({"kind": "positions", "names": list(NAMES)})
    places = np.array(found)
    values = places[:, 1] * 10  # the more in front, the more
    (rows,) = asked({"kind": "grid", "from": found, "values": values.tolist(), "size": 21})
    picture = np.array(rows, dtype=float)
    axis = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(axis, axis)
    inside = np.hypot(x, y) <= 1 + 1e-9
    np.testing.assert_array_equal(np.isfinite(picture), inside)
    down = np.hypot(x, y)[inside] * np.radians(112.5)
    round_ = np.arctan2(x[inside], y[inside])
    to = np.stack([np.sin(down) * np.sin(round_), np.sin(down) * np.cos(round_), np.cos(down)], axis=1)
    np.testing.assert_allclose(picture[inside], spline(places, to, values), rtol=1e-6, atol=1e-6)
    assert picture[18, 10] > 5 > -5 > picture[2, 10]  # front up


def spline(places: NDArray[np.float64], to: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Perrin et al. (1989), equations 1 to 3, by scipy's Legendre polynomials and a plain solve."""

    def g(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        n = np.arange(1, N_TERMS + 1)
        terms = special.eval_legendre(n, np.clip(cosines, -1, 1)[..., None])
        return np.asarray((terms * (2 * n + 1) / (n * (n + 1.0)) ** STIFFNESS).sum(axis=-1) / (4 * np.pi))

    n = len(places)
    system = np.ones((n + 1, n + 1))
    system[:n, :n], system[n, n] = g(places @ places.T) + SMOOTHING * np.eye(n), 0.0
    weights = np.linalg.solve(system, np.append(values, 0.0))
    return np.asarray(g(to @ places.T) @ weights[:n] + weights[n])


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / np.linalg.norm(vector))


def angle_deg(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))
