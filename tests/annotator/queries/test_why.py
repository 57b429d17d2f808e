"""What an annotator is told of why a clip came: sentences, scores, and never what the model thinks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from annotator.enums import RankingPolicy
from annotator.queries.why import OWN_REPEAT, SECOND_OPINION, Part, Score, told
from mlcore.types import Ask, JsonObject, Route, Strategy, Term


def served(**changes: Any) -> JsonObject:
    plain = {
        "policy": "entropy",
        "round": 3,
        "rank": 7,
        "ranking": 12,
        "term": Term.POLICY.value,
        "route": Route.MAIN.value,
        "ask": Ask.BOTH.value,
        "scores": {"entropy": 0.5, "vacuity": {"valence": 0.25, "arousal": 0.75}, "agreement": None},
    }
    return plain | changes


def test_policy_term_rank_round_and_scores_are_told() -> None:
    why = told(served())
    assert (why.policy_text, why.term, why.rank, why.round, why.score) == (
        "Entropy of the prediction", "policy", 7, 3, 0.5,
    )  # fmt: skip
    assert why.term_text.startswith("Its score: ")
    assert (why.ask_text, why.notices) == ("", ())
    assert why.scores == (
        Score("entropy", "Uncertainty (entropy)", "0 certain … 1 undecided", (Part("", 0.5),)),
        Score(
            "vacuity",
            "Lack of evidence (vacuity)",
            "0 much evidence … 1 none",
            (Part("valence", 0.25), Part("arousal", 0.75)),
        ),
    )


@pytest.mark.parametrize("term", [term for term in Term if term is not Term.TEST])
def test_every_term_is_one_sentence_of_its_own(term: Term) -> None:
    text = told(served(term=term.value)).term_text
    assert text.endswith((".", "?"))
    assert sum(told(served(term=other.value)).term_text == text for other in Term) == 1


def test_the_random_order_has_no_score_to_speak_of() -> None:
    assert told(served(policy="random")).term_text == told(served(term="rest")).term_text


@pytest.mark.parametrize("strategy", Strategy)
def test_every_strategy_has_words(strategy: Strategy) -> None:
    assert told(served(policy=strategy.value)).policy_text == str(RankingPolicy(strategy.value).label)


def test_a_prediction_never_slips_through() -> None:
    scores = {"entropy": 0.5, "probabilities": {"valence": [0.125, 0.875]}, "alpha": [9.0], "label": 2}
    assert [score.name for score in told(served(scores=scores)).scores] == ["entropy"]
    assert "0.875" not in str(asdict(told(served(scores=scores))))


def test_a_test_clip_looks_like_any_other_in_random_order() -> None:
    test = told(served(policy="test", term="test", round=0, scores={}))
    plain = told(served(policy="random", term="rest", round=0, scores={}))
    assert test == plain
    assert "test" not in str(asdict(test))


@pytest.mark.parametrize(
    ("changes", "notices"),
    [
        ({"ask": "face"}, ("Judge by the face only: the EEG is bad here.",)),
        ({"ask": "eeg"}, ("Judge by the EEG only: the face video is bad here.",)),
        ({"route": "second_opinion"}, (SECOND_OPINION,)),
        ({"term": "repeat_own"}, (OWN_REPEAT,)),
        ({"term": "repeat_own", "route": "second_opinion"}, (OWN_REPEAT,)),
        ({"ask": "face", "term": "repeat_own"}, ("Judge by the face only: the EEG is bad here.", OWN_REPEAT)),
        ({"term": "audit"}, ()),
    ],
)
def test_what_must_be_known_before_answering(changes: JsonObject, notices: tuple[str, ...]) -> None:
    assert told(served(**changes)).notices == notices


def test_what_the_gate_found_is_told_where_the_question_does_not_say_it() -> None:
    texts = {
        reason: told(served(scores={"gate": reason})).gate_text for reason in ("good", "sensor_fine", "eeg_bad", "?")
    }
    assert texts == {
        "good": "Every signal is good here.",
        "sensor_fine": "Somebody looked and said that the signal is fine.",
        "eeg_bad": "",
        "?": "",
    }


def test_a_stream_that_is_missing_is_not_called_bad() -> None:
    assert told(served(ask="face"), has_eeg=False).ask_text == "Judge by the face only: there is no EEG here."
    assert told(served(ask="eeg"), has_face=False).ask_text == "Judge by the EEG only: there is no face video here."


def test_old_records_and_clips_opened_by_their_address() -> None:
    by_address = told({"policy": "address", "round": None, "rank": None, "scores": {}, "ranking": None})
    assert (by_address.policy_text, by_address.rank, by_address.scores) == ("Opened by its address", None, ())
    assert told({}) == by_address
