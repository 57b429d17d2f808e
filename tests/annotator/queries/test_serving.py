"""What serves now, told from rankings whose make-up is known."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.domain import studies
from annotator.enums import RankingPolicy, RoundState
from annotator.models import Clip, RankEntry, Ranking, Round, RoundLabel, Study
from annotator.queries.serving import ASK_NAMES, ROUTE_NAMES, TERM_NAMES, Serving, Share, serving_of
from mlcore.types import VALENCE3, Ask, Route, Term
from tests.factories.labels import add_label
from tests.factories.people import client_of, make_member, make_personas
from tests.factories.rankings import serve
from tests.factories.studies import add_subject, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study("demo", n_subjects=4, n_clips=4)
    Study.objects.filter(pk=study.pk).update(test_ranking=None)
    study.refresh_from_db()
    return study


def pool(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk"))


def make_round(study: Study, *, n_labels: int) -> Round:
    return Round.objects.create(
        study=study, number=1, state=RoundState.PUBLISHED, seed=1, code_version="1", data_hash="d",
        n_labels=n_labels, n_clips=n_labels,
    )  # fmt: skip


def make_head(study: Study, base: Ranking, clips: list[Clip], *, n_labels: int, **fields: Any) -> Ranking:
    head = Ranking.objects.create(study=study, base=base, policy=base.policy, n_labels=n_labels)
    RankEntry.objects.bulk_create(
        RankEntry(ranking=head, clip=clip, rank=place + 1, **fields) for place, clip in enumerate(clips)
    )
    Study.objects.filter(pk=study.pk).update(head_ranking=head)
    study.refresh_from_db()
    return head


def told(study: Study) -> Serving:
    found = serving_of(study)
    assert found is not None
    return found


def counted(shares: tuple[Share, ...]) -> dict[str, int]:
    return {share.key: share.n for share in shares}


def test_every_term_route_and_modality_has_a_name() -> None:
    assert (set(TERM_NAMES), set(ROUTE_NAMES), set(ASK_NAMES)) == (set(Term), set(Route), set(Ask))


def test_a_study_without_clips_serves_nothing() -> None:
    made = studies.create_study(studies.StudySpec("bare", "Bare", (VALENCE3,)), actor=None)
    assert serving_of(made) is None


def test_before_the_first_round_it_knows_nothing(study: Study) -> None:
    serve(study, pool(study), policy=RankingPolicy.RANDOM)
    add_label(pool(study)[0], make_member(study, "ann"))
    found = told(study)
    assert (found.policy_text, found.round, found.n_known, found.n_since) == ("Seeded random order", None, 0, 1)
    assert counted(found.by_term) == {"rest": 7}  # the eighth is answered


def test_the_round_and_the_answers_since_are_told(study: Study) -> None:
    user = make_member(study, "ann")
    given = [add_label(clip, user) for clip in pool(study)[:3]]
    round_ = make_round(study, n_labels=2)
    RoundLabel.objects.bulk_create(RoundLabel(round=round_, label=label) for label in given[:2])
    serve(study, pool(study), round=round_, n_labels=2)
    found = told(study)
    assert (found.round, found.n_known, found.n_since, found.is_head) == (round_, 2, 1, False)


def test_a_ranking_that_does_not_say_what_it_knows_knows_what_its_round_froze(study: Study) -> None:
    serve(study, pool(study), round=make_round(study, n_labels=5))
    assert (told(study).n_known, told(study).n_since) == (5, 0)


def test_the_next_batch_and_the_whole_ranking_are_counted_by_what_they_are_made_of(study: Study) -> None:
    entries: dict[int, dict[str, Any]] = {
        0: {"is_open": False},
        1: {"term": "audit", "ask": "face"},
        3: {"term": "second_opinion", "route": "second_opinion"},
        4: {"term": "repeat_own"},
        5: {"term": "rest"},
        6: {"route": "quality", "is_open": False},
        7: {"route": "nowhere"},
    }
    serve(study, pool(study), entries=entries, config={"batch_size": 4})
    found = told(study)
    assert counted(found.by_term) == {"policy": 1, "audit": 1, "repeat_own": 1, "second_opinion": 1}
    assert counted(found.by_ask) == {"both": 3, "face": 1}
    assert counted(found.by_route) == {"main": 5, "second_opinion": 1, "quality": 1, "nowhere": 1}
    assert (found.n_next, found.n_quality) == (4, 1)


def test_a_head_comes_first_and_no_clip_twice(study: Study) -> None:
    clips = pool(study)
    base = serve(study, clips, round=make_round(study, n_labels=2), n_labels=2, config={"batch_size": 5})
    head = make_head(study, base, clips[5:2:-1], n_labels=6, term="relabel")
    found = told(study)
    assert (found.ranking, found.is_head, found.n_known) == (head, True, 6)
    assert counted(found.by_term) == {"relabel": 3, "policy": 2}
    assert counted(found.by_route) == {"main": 8}


def test_the_clips_of_test_subjects_come_first() -> None:
    study = make_study(n_subjects=4, n_clips=2)
    study.acquisition = {"batch_size": 6}
    assert counted(told(study).by_term) == {"test": 4, "rest": 2}


def test_clips_that_join_a_ranking_are_counted(study: Study) -> None:
    ranking = serve(study, pool(study))
    assert counted(told(study).by_route) == {"main": 8}
    late = add_subject(study, "S99", n_clips=1).clips.get()
    RankEntry.objects.create(ranking=ranking, clip=late, rank=9)
    assert counted(told(study).by_route) == {"main": 9}


def test_it_costs_the_same_however_long_the_ranking(study: Study) -> None:
    costs = []
    for n in (1, 8):
        serve(study, pool(study)[:n])
        with CaptureQueriesContext(connection) as queries:
            told(study)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 5


def test_readers_are_told_on_the_study_and_rounds_pages_annotators_are_not(study: Study) -> None:
    people = make_personas(study, make_study("other"))
    entries: dict[int, dict[str, Any]] = {0: {"route": "quality", "is_open": False}, 1: {"ask": "face"}}
    serve(study, pool(study), entries=entries, round=make_round(study, n_labels=7), n_labels=7)
    for address in ("/studies/demo/", "/studies/demo/rounds/"):
        html = client_of(people.researcher).get(address).content.decode()
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
        assert "Entropy of the prediction, by the model of round 1. It knows 7 answers; 0 came since." in page
        assert "1 by the face only" in page
        assert "7 to be asked about, 1 on the quality list" in page
        assert 'href="/studies/demo/sessions/quality/"' in html
    annotator = client_of(people.annotator).get("/studies/demo/").content.decode()
    assert "What the queue serves now" not in annotator
