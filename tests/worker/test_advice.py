"""What a study's rows tell about another round."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from sklearn.metrics import cohen_kappa_score

from annotator.domain.acquisition import Acquisition, changed, set_acquisition
from annotator.enums import AnswerKind, LabelState, RoundState
from annotator.models import Clip, Label, Prediction, Round, RoundLabel, Study, User
from mlcore.types import AROUSAL3, SAM_VALENCE9, VALENCE3, StoppingConfig
from tests.factories.people import make_member
from tests.factories.studies import make_study
from worker.advice import Newest, advise_round, cost_so_far, kappas_of, share_right, stop_set

#: confident of each class
SURE = {0: [0.8, 0.1, 0.1], 1: [0.1, 0.8, 0.1], 2: [0.1, 0.1, 0.8]}
NOTHING = Newest(np.zeros(0, dtype=np.int64), {})


@pytest.fixture
def study(db: None) -> Study:
    return make_study(n_subjects=6, n_clips=8)


@pytest.fixture
def kim(study: Study) -> User:
    return make_member(study, "kim")


def pool(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk"))


def answer(
    clip: Clip, user: User, valence: int, *, round_number: int = 0, term: str = "policy", **fields: Any
) -> Label:
    """As the queue stores it: which round's ranking served the clip, and what bought it its place."""
    defaults = {"values": {"valence": valence, "arousal": 0}, "seconds_spent": 6.0, "confidence": 2}
    return Label.objects.create(
        uuid=uuid.uuid4(),
        study=clip.study,
        clip=clip,
        annotator=user,
        served={"policy": "entropy", "round": round_number, "rank": 1, "term": term},
        **{**defaults, **fields},
    )


def publish(
    study: Study, number: int, learnt_from: list[Label], said: dict[int, int], *, arousal: bool = True, **fields: Any
) -> Round:
    """A published round whose predictions of valence are sure of the classes given; of arousal always of the first."""
    always = {"arousal": SURE[0]} if arousal else {}
    round_ = Round.objects.create(
        study=study,
        number=number,
        state=RoundState.PUBLISHED,
        seed=number,
        code_version="test",
        data_hash="0" * 64,
        n_labels=len(learnt_from),
        n_clips=len(learnt_from),
        finished_at=timezone.now(),
        **fields,
    )
    RoundLabel.objects.bulk_create(RoundLabel(round=round_, label=label) for label in learnt_from)
    Prediction.objects.bulk_create(
        Prediction(round=round_, clip_id=clip, probabilities={"valence": SURE[one], **always}, alpha={})
        for clip, one in said.items()
    )
    return round_


def waiting(study: Study, number: int, learnt_from: list[Label]) -> Round:
    round_ = Round.objects.create(
        study=study, number=number, seed=1, code_version="t", data_hash="0" * 64, n_labels=len(learnt_from), n_clips=1
    )
    RoundLabel.objects.bulk_create(RoundLabel(round=round_, label=label) for label in learnt_from)
    return round_


def newest(clips: list[Clip], valence: list[int]) -> Newest:
    arousal = np.tile(SURE[0], (len(clips), 1))
    probabilities = {"valence": np.array([SURE[one] for one in valence]), "arousal": arousal}
    return Newest(np.array([clip.pk for clip in clips]), probabilities, {"mean_balanced_accuracy": 0.75})


def test_each_round_is_judged_by_the_answers_to_its_own_random_slice(study: Study, kim: User) -> None:
    clips = pool(study)
    taught = [answer(clip, kim, 0) for clip in clips[:3]]
    later = clips[3:15]
    publish(study, 1, taught, {clip.pk: 0 for clip in later}, metrics={"mean_balanced_accuracy": 0.5})
    # of round 1's slice: two right in both questions, one wrong in valence
    slice_1 = [
        answer(clip, kim, said, round_number=1, term="audit") for clip, said in zip(later, (0, 0, 2), strict=False)
    ]
    # none of these judges round 1: bought by the policy, no answer, withdrawn, a repeat
    answer(later[3], kim, 2, round_number=1)
    answer(later[4], kim, 2, round_number=1, term="audit", answer=AnswerKind.CANT_TELL, values={})
    answer(later[5], kim, 2, round_number=1, term="audit", state=LabelState.WITHDRAWN)
    answer(later[6], kim, 2, round_number=1, term="audit", pass_number=1)
    publish(study, 2, [*taught, *slice_1], {clip.pk: 2 for clip in later[3:]}, metrics={"mean_balanced_accuracy": 0.6})
    answer(later[7], kim, 2, round_number=2, term="audit")
    round_ = waiting(study, 3, [*taught, *slice_1])
    figures = advise_round(round_, newest(later[8:], [2] * 4))["figures"]
    curve = [(one["round"], one["n_labels"], one["n_correct"], one["n"]) for one in figures["curve"]]
    assert curve == [(1, 3, 2.5, 3), (2, 6, 1.0, 1)]
    assert [(one["round"], one["score"]) for one in figures["test_curve"]] == [(1, 0.5), (2, 0.6), (3, 0.75)]
    assert figures["n_labels"] == 6


def test_an_answer_judges_no_model_that_was_taught_its_clip(study: Study, kim: User) -> None:
    first, second = pool(study)[:2]
    lee = make_member(study, "lee")
    taught = [answer(first, lee, 0)]
    publish(study, 1, taught, {first.pk: 0, second.pk: 0})
    answer(first, kim, 0, round_number=1, term="audit")
    answer(second, kim, 1, round_number=1, term="audit")
    figures = advise_round(waiting(study, 2, taught), NOTHING)["figures"]
    assert [(one["n_correct"], one["n"]) for one in figures["curve"]] == [(0.5, 1)]


def test_three_audited_rounds_bring_a_forecast(study: Study, kim: User) -> None:
    clips = pool(study)
    taught: list[Label] = []
    for number in (1, 2, 3):
        asked = clips[(number - 1) * 8 : number * 8]
        taught += [answer(clip, kim, 0) for clip in asked[:4]]
        publish(study, number, taught, {clip.pk: 0 for clip in asked[4:]})
        taught += [
            answer(clip, kim, 0 if place < number else 1, round_number=number, term="audit")
            for place, clip in enumerate(asked[4:])
        ]
    advice = advise_round(waiting(study, 4, taught), NOTHING)
    assert advice["suggestion"] == "continue"
    assert "By the learning curve, 48 labels would gain" in advice["reason"]
    assert [one["n_labels"] for one in advice["figures"]["curve"]] == [4, 12, 20]
    assert advice["figures"]["forecast"]["n_labels"] == 48
    assert advice["figures"]["seconds_per_label"] == 6.0
    assert json.loads(json.dumps(advice, allow_nan=False)) == advice


def test_kappa_is_of_clips_that_all_compared_models_were_asked_about(study: Study) -> None:
    clips = pool(study)[:12]
    rng = np.random.default_rng(0)
    said = [dict(zip([clip.pk for clip in clips], rng.integers(0, 3, 12).tolist(), strict=True)) for _ in range(3)]
    del said[0][clips[5].pk]
    earlier = [publish(study, number + 1, [], one, arousal=False) for number, one in enumerate(said[:2])]
    common = [clip.pk for clip in clips if clip != clips[5]]
    columns = [[one[clip] for clip in common] for one in said]
    kappas, n_clips = kappas_of(study, earlier, newest(clips, [said[2][clip.pk] for clip in clips]))
    assert n_clips == 11
    expected = [cohen_kappa_score(columns[0], columns[1]), cohen_kappa_score(columns[1], columns[2])]
    assert kappas == pytest.approx(expected)


def test_a_question_whose_answer_never_differs_settles_nothing(study: Study) -> None:
    clips = pool(study)
    said = {clip.pk: number % 3 for number, clip in enumerate(clips)}
    earlier = [publish(study, number, [], said) for number in (1, 2)]
    kappas, _ = kappas_of(study, earlier, newest(clips, [said[clip.pk] for clip in clips]))
    assert np.isnan(kappas).all()


def test_models_that_agree_suggest_to_stop(study: Study, kim: User) -> None:
    clips = pool(study)
    said = {clip.pk: number % 3 for number, clip in enumerate(clips)}
    for number in (1, 2, 3):
        publish(study, number, [], said, arousal=False)
    latest = newest(clips, [said[clip.pk] for clip in clips])
    advice = advise_round(waiting(study, 4, []), latest)
    assert advice["suggestion"] == "consider_stopping"
    assert advice["reason"].startswith(f"The last 4 models answer {len(clips)} unlabelled clips almost alike")
    assert advice["figures"]["rules"] == StoppingConfig().to_json()


def test_a_round_is_judged_by_what_its_study_says_then(study: Study, kim: User) -> None:
    clips = pool(study)
    said = {clip.pk: number % 3 for number, clip in enumerate(clips)}
    for number in (1, 2, 3):
        publish(study, number, [], said, arousal=False)
    latest = newest(clips, [said[clip.pk] for clip in clips])
    waiting(study, 4, [])
    for changes, suggestion in (
        ({"n_stable": 2}, "consider_stopping"),
        ({"n_stable": 4}, "continue"),
        ({"max_half_width": 0.05}, "continue"),
    ):
        set_acquisition(study, changed(Acquisition(), changes), actor=None)
        advice = advise_round(Round.objects.get(number=4), latest)
        assert advice["suggestion"] == suggestion
        assert advice["figures"]["rules"] == StoppingConfig(**changes).to_json()
    assert advice["reason"].startswith("The share right on the random slice is wanted to ± 5.0 percentage points")


def test_a_spent_budget_is_said(study: Study, kim: User) -> None:
    for clip in pool(study)[:5]:
        answer(clip, kim, 0, seconds_spent=90.0)
    Study.objects.filter(pk=study.pk).update(budget_minutes=7)
    round_ = waiting(study, 1, [])
    round_.study.refresh_from_db()
    advice = advise_round(round_, NOTHING)
    assert (advice["suggestion"], advice["reason"]) == (
        "stop_budget",
        "The budget of 7 minutes is spent: 8 minutes were annotated.",
    )


def test_what_a_label_costs_holds_what_came_to_nothing_but_not_the_test_subjects(study: Study, kim: User) -> None:
    assert cost_so_far(study) == (0.0, None)
    clips = pool(study)
    answer(clips[0], kim, 0, seconds_spent=10.0)
    answer(clips[1], kim, 0, seconds_spent=20.0)
    answer(clips[2], kim, 0, seconds_spent=15.0, answer=AnswerKind.BAD_SIGNAL, values={})
    answer(clips[3], kim, 0, seconds_spent=5.0, state=LabelState.WITHDRAWN)
    answer(study.clips.filter(subject__is_test=True)[0], kim, 0, seconds_spent=40.0)
    assert cost_so_far(study) == (1.5, 25.0)


def test_before_anything_is_published_it_goes_on(study: Study) -> None:
    advice = advise_round(waiting(study, 1, []), NOTHING)
    assert (advice["suggestion"], advice["figures"]["curve"], advice["figures"]["n_stop_set"]) == ("continue", [], 0)


def test_it_costs_the_same_with_few_rounds_and_with_many(
    study: Study, kim: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    clips = pool(study)

    def fill(number: int) -> None:
        publish(study, number, [], {clip.pk: 0 for clip in clips})
        answer(clips[number], kim, 0, round_number=number, term="audit")

    fill(1)
    round_ = waiting(study, 20, [answer(clips[0], kim, 0)])
    with django_assert_max_num_queries(8) as with_one:
        advise_round(round_, newest(clips, [0] * len(clips)))
    for number in (2, 3, 4, 5):
        fill(number)
    with django_assert_max_num_queries(len(with_one)):
        advise_round(round_, newest(clips, [0] * len(clips)))


def test_the_stop_set_stays_the_same_as_the_pool_shrinks() -> None:
    ids = np.arange(1000, 6000)
    chosen = set(ids[stop_set(ids, seed=7, size=500)])
    assert len(chosen) == 500
    left = np.array([clip for clip in ids if clip % 3])
    again = set(left[stop_set(left, seed=7, size=300)])
    assert len(again & chosen) >= 299
    assert chosen != set(ids[stop_set(ids, seed=8, size=500)])
    # drawn from everywhere
    assert abs(np.mean(sorted(chosen)) - 3500) < 200


@pytest.mark.parametrize(
    ("said", "given", "expected"),
    [
        ({"valence": SURE[1]}, [{"valence": 1}], 1.0),
        ({"valence": SURE[1], "arousal": SURE[0]}, [{"valence": 1, "arousal": 2}], 0.5),
        ({"valence": SURE[1]}, [{"valence": 1}, {"valence": 1}, {"valence": 0}], 1.0),
        ({"valence": SURE[1]}, [{"valence": 1}, {"valence": 0}], None),
        ({"valence": SURE[1]}, [{}], None),
        ({}, [{"valence": 1}], None),
    ],
)
def test_what_is_right(said: dict[str, list[float]], given: list[dict[str, int]], expected: float | None) -> None:
    assert share_right(said, given, (VALENCE3, AROUSAL3)) == expected


def test_a_long_scale_is_told_right_within_one_level() -> None:
    sure_of_5 = {"valence": np.eye(9)[4].tolist()}
    assert [share_right(sure_of_5, [{"valence": level}], (SAM_VALENCE9,)) for level in (3, 4, 5, 6, 7)] == [
        0.0,
        1.0,
        1.0,
        1.0,
        0.0,
    ]
