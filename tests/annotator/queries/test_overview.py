"""What a study's page says stands before the next round is what a launch would say."""

from __future__ import annotations

import pytest

from annotator.domain import rounds
from annotator.enums import AnswerKind
from annotator.exceptions import DomainError
from annotator.models import Study
from annotator.queries.overview import study_figures, what_limits_now
from tests.factories.labels import add_label, label_all
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


def test_answers_that_are_no_votes_do_not_make_enough_for_a_round() -> None:
    study = make_study(n_subjects=4, n_clips=6)
    Study.objects.filter(pk=study.pk).update(min_labels=4)
    study.refresh_from_db()
    annotator = make_member(study, "ann")
    pool = list(study.clips.filter(subject__is_test=False).order_by("pk"))
    label_all(pool[:3], annotator)
    add_label(pool[3], annotator, answer=AnswerKind.CANT_TELL)
    add_label(pool[4], annotator, answer=AnswerKind.BAD_SIGNAL)

    told = what_limits_now(study, study_figures(study), has_live_round=False).sentence
    assert told == "A round needs 4 labelled clips outside the test subjects: 1 to go."
    with pytest.raises(DomainError, match="Too few labels: 3 clips"):
        rounds.launch_round(study, actor=None)

    label_all(pool[5:6], annotator)
    told = what_limits_now(study, study_figures(study), has_live_round=False).sentence
    assert told == "Enough labels for a first round: start it on the Rounds page."
