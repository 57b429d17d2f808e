"""The reaction lag: against numpy, and the browser's module, run by node, against ours."""

from __future__ import annotations

import json
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.domain import lags
from annotator.enums import TraceDevice
from annotator.exceptions import DomainError
from annotator.models import AuditEvent, ReactionLag, Study, User
from mlcore.types import TRACE_VALENCE, JsonObject
from tests.annotator.static.test_clockfit import node
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

SCRIPT = Path(__file__).parents[2] / "js" / "follow_dot.mjs"
N = round(lags.LENGTH_S * lags.SFREQ)


def course(seed: int) -> NDArray[np.float64]:
    return np.array([lags.stimulus(seed, number / lags.SFREQ) for number in range(N)])


def hand_of(seed: int, lag_s: float, *, noise: float = 0.0) -> NDArray[np.float64]:
    """A hand so far behind the dot, with a tremor."""
    late = np.array([lags.stimulus(seed, number / lags.SFREQ - lag_s) for number in range(N)])
    return late + noise * np.random.default_rng(seed).standard_normal(N)


def by_numpy(reference: NDArray[np.float64], hand: NDArray[np.float64]) -> tuple[float, float]:
    """Pearson's r by numpy at every shift, and the vertex of numpy's parabola through the highest three."""
    shifts = range(round(lags.MAX_LAG_S * lags.SFREQ) + 1)
    found = []
    for shift in shifts:
        x, y = reference[: N - shift], hand[shift:]
        is_seen = ~np.isnan(y)
        found.append(np.corrcoef(x[is_seen], y[is_seen])[0, 1])
    best = int(np.argmax(found))
    if not 0 < best < len(found) - 1:
        return 1000 * best / lags.SFREQ, found[best]
    parabola = np.polyfit([-1, 0, 1], found[best - 1 : best + 2], 2)
    vertex = -parabola[1] / (2 * parabola[0])
    return 1000 * (best + vertex) / lags.SFREQ, float(np.polyval(parabola, vertex))


def cases() -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    made = [(course(seed), hand_of(seed, 0.1 * seed, noise=0.05 * seed)) for seed in range(12)]
    for reference, hand in made[::3]:
        hand[200:300] = np.nan
        reference[:] *= 1.5
    return made


def listed(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def test_the_lag_is_numpys() -> None:
    for reference, hand in cases():
        lag_ms, correlation = by_numpy(reference, hand)
        found = lags.estimate(reference.tolist(), listed(hand))
        assert found.lag_ms == pytest.approx(lag_ms, abs=0.01)
        assert found.correlation == pytest.approx(correlation)


@pytest.mark.parametrize("lag_s", [0.0, 0.13, 0.4, 0.777, 1.5])
def test_a_known_delay_is_found_to_a_few_milliseconds(lag_s: float) -> None:
    errors = [
        abs(lags.estimate(course(seed).tolist(), listed(hand_of(seed, lag_s, noise=0.1))).lag_ms - 1000 * lag_s)
        for seed in range(5)
    ]
    assert max(errors) < 25


def test_the_dot_is_in_motion_and_never_the_same() -> None:
    courses = np.array([course(seed) for seed in range(8)])
    assert (np.abs(courses) <= 1).all()
    assert (courses.std(axis=1) > 0.2).all()
    assert np.abs(np.corrcoef(courses) - np.eye(8)).max() < 0.9


def test_the_browser_reckons_as_the_server_does() -> None:
    seeds, times = [0, 1, 77, 2**31 - 1], [0.0, 0.05, 12.34, 59.99]
    events = following(3, 0.3)
    given = [{"reference": reference.tolist(), "hand": listed(hand)} for reference, hand in cases()]
    said = subprocess.run(
        [node(), str(SCRIPT)],
        input=json.dumps({"seeds": seeds, "times": times, "cases": given, "events": events}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(said.stdout)
    assert found["courses"] == [[pytest.approx(lags.stimulus(seed, time_s)) for time_s in times] for seed in seeds]
    ours = [lags.estimate(case["reference"], case["hand"]) for case in given]
    assert [one["lag_ms"] for one in found["lags"]] == [pytest.approx(one.lag_ms, abs=1e-6) for one in ours]
    assert [one["correlation"] for one in found["lags"]] == [pytest.approx(one.correlation) for one in ours]
    assert found["sampled"] == lags.sampled(events)


# --- a calibration ---------------------------------------------------------------------------------------------------


def following(seed: int, lag_s: float, *, letter: str = "m", until_s: float = lags.LENGTH_S) -> JsonObject:
    """Thirty events a second of a hand that is so far behind."""
    times = np.arange(0, until_s, 1 / 30)
    values = [lags.stimulus(seed, time_s - lag_s) for time_s in times]
    return {
        "stimulus_s": [*times.tolist(), until_s],
        "wall_ms": [*(1000 * times).tolist(), 1000 * until_s],
        "value": [*values, values[-1]],
        "device": f"b{letter * (len(times) - 1)}e",
    }


@pytest.fixture
def study(db: None) -> Study:
    return make_study("demo", dimensions=(TRACE_VALENCE,))


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def test_a_calibration_is_measured_by_the_server_and_kept_with_its_events(study: Study, ann: User) -> None:
    client, events = client_of(ann), following(5, 0.42)
    body = {"device": "pointer", "seed": 5, "events": events}
    said = client.post("/api/v1/studies/demo/calibrations", body, content_type="application/json")
    assert said.status_code == HTTPStatus.CREATED
    kept = ReactionLag.objects.get()
    assert (kept.annotator, kept.device, kept.seed, kept.events) == (ann, "pointer", 5, events)
    assert kept.lag_ms == pytest.approx(420, abs=30)
    assert kept.correlation > 0.99
    assert said.json()["lag_ms"] == kept.lag_ms
    assert [one["lag_ms"] for one in client.get("/api/v1/studies/demo/calibrations").json()] == [kept.lag_ms]
    assert client_of(make_member(study, "bob")).get("/api/v1/studies/demo/calibrations").json() == []
    assert AuditEvent.objects.filter(verb="calibrate", actor=ann).count() == 1
    page = client.get("/studies/demo/calibration/").content.decode()
    assert f'<td>Mouse or finger</td><td class="num">{round(kept.lag_ms)}</td>' in page
    assert 'data-address="/api/v1/studies/demo/calibrations"' in page


def test_the_newest_of_each_device_counts(study: Study, ann: User) -> None:
    for device, lag_ms in (("keys", 300.0), ("pointer", 200.0), ("keys", 250.0)):
        ReactionLag.objects.create(
            study=study, annotator=ann, device=device, seed=1, events={}, lag_ms=lag_ms, correlation=0.9
        )
    assert lags.lags_of(study) == {str(ann.pk): {"keys": 250.0, "pointer": 200.0}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"events": following(6, 0.3)}, r"went together too little \(r = "),
        ({"events": following(5, 0.3, until_s=30.0)}, "Less than 45 s were followed"),
        ({"device": TraceDevice.KEYS}, "led by another device than it names"),
        ({"seed": -1}, "The seed lies in"),
        ({"events": following(5, 0.3) | {"value": [0.0]}}, "Events come as the columns"),
        ({"events": following(5, 0.3) | {"device": "x" * 1801}}, "led by another device"),
        ({"events": {}}, "Events come as the columns"),
    ],
)
def test_what_tells_no_lag_is_refused_in_a_sentence(
    study: Study, ann: User, change: dict[str, Any], sentence: str
) -> None:
    given: dict[str, Any] = {"device": TraceDevice.POINTER, "seed": 5, "events": following(5, 0.3)} | change
    with pytest.raises(DomainError, match=sentence):
        lags.calibrate(study, ann, **given)
    assert not ReactionLag.objects.exists()


def test_times_that_run_backwards_are_refused(study: Study, ann: User) -> None:
    events = following(5, 0.3)
    events["stimulus_s"][7] = 55.0
    with pytest.raises(DomainError, match="stimulus_s runs backwards"):
        lags.calibrate(study, ann, device=TraceDevice.POINTER, seed=5, events=events)
