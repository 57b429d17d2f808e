from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.acquire import ASKS, REASONS, ROUTES, Candidates, Gated, gate
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Ask, GateReason, Route
from tests.mlcore.acquire.pools import pool, scores_of

CONFIG = AcquisitionConfig(min_quality=0.5, min_dissonance=0.8)
UNGATED = AcquisitionConfig(is_gated=False)
NONE = float("nan")
Row = tuple[Route, Ask, GateReason]


def _rows(gated: Gated) -> list[Row]:
    codes = zip(gated.route, gated.ask, gated.reason, strict=True)
    return [(ROUTES[route], ASKS[ask], REASONS[reason]) for route, ask, reason in codes]


def _one(eeg: float, face: float, *, dissonance: float = 0.0, verdict: bool | None = None) -> Row:
    scores = scores_of(1, dissonance=np.array([dissonance]))
    verdicts = None if verdict is None else {0: verdict}
    (row,) = _rows(gate(pool([0], eeg=[eeg], face=[face], scores=scores), CONFIG, verdicts=verdicts))
    return row


@pytest.mark.parametrize(
    ("eeg", "face", "expected"),
    [
        (0.9, 0.9, (Route.MAIN, Ask.BOTH, GateReason.GOOD)),
        (0.5, 0.5, (Route.MAIN, Ask.BOTH, GateReason.GOOD)),
        (0.4, 0.9, (Route.MAIN, Ask.FACE, GateReason.EEG_BAD)),
        (0.9, 0.4, (Route.MAIN, Ask.EEG, GateReason.FACE_BAD)),
        (NONE, 0.9, (Route.MAIN, Ask.FACE, GateReason.EEG_ABSENT)),
        (0.9, NONE, (Route.MAIN, Ask.EEG, GateReason.FACE_ABSENT)),
        (0.4, 0.4, (Route.QUALITY, Ask.BOTH, GateReason.ALL_BAD)),
        (NONE, 0.0, (Route.QUALITY, Ask.BOTH, GateReason.ALL_BAD)),
        (0.4, NONE, (Route.QUALITY, Ask.BOTH, GateReason.ALL_BAD)),
        (NONE, NONE, (Route.NOWHERE, Ask.BOTH, GateReason.NO_SIGNAL)),
    ],
)
def test_quality_decides_where_a_clip_goes_and_from_what_it_is_asked(eeg: float, face: float, expected: Row) -> None:
    assert _one(eeg, face) == expected


@pytest.mark.parametrize(
    ("eeg", "face", "dissonance", "expected"),
    [
        (0.9, 0.9, 0.8, (Route.SECOND_OPINION, Ask.BOTH, GateReason.AMBIGUOUS)),
        (NONE, 0.9, 0.9, (Route.SECOND_OPINION, Ask.FACE, GateReason.AMBIGUOUS)),
        (0.9, 0.9, 0.79, (Route.MAIN, Ask.BOTH, GateReason.GOOD)),
        (0.9, 0.9, NONE, (Route.MAIN, Ask.BOTH, GateReason.GOOD)),
        # what one bad signal brings into conflict with the other is noise, not ambiguity
        (0.4, 0.9, 0.9, (Route.MAIN, Ask.FACE, GateReason.EEG_BAD)),
        (0.4, 0.4, 0.9, (Route.QUALITY, Ask.BOTH, GateReason.ALL_BAD)),
    ],
)
def test_conflict_among_good_signals_goes_to_two_people(
    eeg: float, face: float, dissonance: float, expected: Row
) -> None:
    assert _one(eeg, face, dissonance=dissonance) == expected


@pytest.mark.parametrize(
    ("eeg", "face", "is_bad", "expected"),
    [
        (0.9, 0.9, True, (Route.NOWHERE, Ask.BOTH, GateReason.SENSOR_BAD)),
        (0.4, 0.9, True, (Route.NOWHERE, Ask.BOTH, GateReason.SENSOR_BAD)),
        (0.1, 0.1, False, (Route.MAIN, Ask.BOTH, GateReason.SENSOR_FINE)),
        (0.1, NONE, False, (Route.MAIN, Ask.EEG, GateReason.SENSOR_FINE)),
        (0.1, 0.9, False, (Route.MAIN, Ask.BOTH, GateReason.SENSOR_FINE)),
        (NONE, NONE, False, (Route.NOWHERE, Ask.BOTH, GateReason.NO_SIGNAL)),
    ],
)
def test_what_a_person_said_overrules_the_measure(eeg: float, face: float, is_bad: bool, expected: Row) -> None:
    assert _one(eeg, face, verdict=is_bad) == expected


def test_a_clip_called_fine_may_be_ambiguous() -> None:
    assert _one(0.1, 0.1, dissonance=0.9, verdict=False) == (Route.SECOND_OPINION, Ask.BOTH, GateReason.AMBIGUOUS)


def test_a_window_across_a_change_of_state_is_not_asked_about_whatever_anybody_said() -> None:
    crossing = pool([0, 0, 0], eeg=[0.9, 0.1, 0.9], face=[0.9, 0.1, 0.9], crosses_change=[True] * 3)
    expected = (Route.NOWHERE, Ask.BOTH, GateReason.STATE_CHANGE)
    assert _rows(gate(crossing, CONFIG, verdicts={2: False})) == [expected] * 3


def test_without_the_gate_everything_with_a_signal_is_asked_from_both() -> None:
    clips = pool(
        [0] * 4, eeg=[0.0, NONE, NONE, 0.9], face=[0.1, 0.2, NONE, 0.9], crosses_change=[True, False, False, False]
    )
    plain = (Route.MAIN, Ask.BOTH, GateReason.NOT_GATED)
    bad = (Route.NOWHERE, Ask.BOTH, GateReason.SENSOR_BAD)
    nothing = (Route.NOWHERE, Ask.BOTH, GateReason.NO_SIGNAL)
    assert _rows(gate(clips, UNGATED, verdicts={3: True})) == [plain, plain, nothing, bad]


def test_before_the_first_model_nothing_is_ambiguous() -> None:
    assert _rows(gate(pool([0]), CONFIG)) == [(Route.MAIN, Ask.BOTH, GateReason.GOOD)]


def test_dissonance_is_the_mean_over_targets() -> None:
    scores = scores_of(2)
    two = {"valence": np.array([1.0, 1.0]), "arousal": np.array([0.7, 0.5])}
    scores = type(scores)(
        scores.rows, scores.alpha, scores.entropy, scores.mean_entropy, scores.vacuity, scores.agreement, two
    )
    gated = gate(pool([0, 0], scores=scores), CONFIG)
    assert [ROUTES[route] for route in gated.route] == [Route.SECOND_OPINION, Route.MAIN]


def test_a_signal_that_the_question_has_no_word_for_still_makes_a_clip_worth_asking() -> None:
    plain = pool([0, 0])
    quality = {"voice": np.array([0.9, 0.2])}
    clips = Candidates(
        plain.subject, plain.session, plain.start_s, plain.stop_s, quality, plain.seconds, plain.crosses_change
    )
    assert _rows(gate(clips, CONFIG)) == [
        (Route.MAIN, Ask.BOTH, GateReason.GOOD),
        (Route.QUALITY, Ask.BOTH, GateReason.ALL_BAD),
    ]


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("inf")])
def test_a_quality_out_of_range_is_an_error(quality: float) -> None:
    with pytest.raises(TrainingError, match=r"quality of face: expected 0\.\.1 or NaN, got something else for 1 clips"):
        gate(pool([0, 0], face=[0.5, quality]), CONFIG)


@pytest.mark.parametrize("place", [-1, 2])
def test_a_verdict_on_no_clip_is_an_error(place: int) -> None:
    with pytest.raises(TrainingError, match="there are 2 clips"):
        gate(pool([0, 0]), CONFIG, verdicts={place: True})


def test_an_empty_pool_is_gated() -> None:
    assert _rows(gate(pool([]), CONFIG)) == []


@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(NONE), st.floats(0, 1)),
            st.one_of(st.just(NONE), st.floats(0, 1)),
            st.booleans(),
            st.floats(0, 1),
            st.sampled_from([None, True, False]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_nothing_bad_is_asked_about_and_nothing_absent_is_asked_from(
    rows: list[tuple[float, float, bool, float, bool | None]],
) -> None:
    eeg, face, crosses, dissonance, said = zip(*rows, strict=True)
    scores = scores_of(len(rows), dissonance=np.array(dissonance))
    clips = pool([0] * len(rows), eeg=eeg, face=face, crosses_change=crosses, scores=scores)
    verdicts = {place: verdict for place, verdict in enumerate(said) if verdict is not None}
    gated = gate(clips, CONFIG, verdicts=verdicts)
    for place, (route, ask, _) in enumerate(_rows(gated)):
        quality = {Ask.EEG: eeg[place], Ask.FACE: face[place]}
        fine = said[place] is False
        good = {kind for kind, value in quality.items() if value >= 0.5 or (fine and not np.isnan(value))}
        expected = Ask.BOTH if len(good) == 2 else next(iter(good), None)
        is_asked = bool(good) and not crosses[place] and said[place] is not True
        assert gated.is_served[place] == route.is_served == is_asked
        if is_asked:
            assert ask is expected


def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert len({reason.sentence for reason in GateReason}) == len(GateReason)


@pytest.mark.parametrize("name", ["mlcore.types", "mlcore.acquire.codes", "mlcore.acquire.seconds"])
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
