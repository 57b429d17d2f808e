"""What the model thinks of a clip: shown to who has answered it and asks, where the study allows it."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from annotator.domain import audit
from annotator.domain.statements import fetch_one
from annotator.enums import LabelState, OpinionPolicy, TeachingKind
from annotator.exceptions import Conflict, NotAllowed, NotFound
from annotator.models import Clip, Label, Prediction, SeenOpinion, User
from mlcore.types import JsonObject

_HAS_ONE = """
SELECT EXISTS (SELECT 1 FROM annotator_prediction WHERE clip_id = %(clip)s AND round_id = %(round)s)
"""


@dataclass(frozen=True, slots=True)
class Opinion:
    #: per dimension the model's probabilities
    probabilities: JsonObject
    #: when the annotator first saw it
    seen_at: datetime


def may_be_asked_for(clip: Clip) -> bool:
    """Whether there is one that an annotator who has answered may see."""
    study = clip.study
    if study.opinion != OpinionPolicy.AFTER or study.promoted_round_id is None:
        return False
    return fetch_one(_HAS_ONE, {"clip": clip.pk, "round": study.promoted_round_id}) == (True,)


@transaction.atomic
def show(uuid: uuids.UUID, user: User) -> Opinion:
    """To who has answered the clip; that they saw it is kept, with the time of the first look."""
    label = Label.objects.select_related("study").filter(uuid=uuid, annotator=user).first()
    if label is None:
        raise NotFound(gettext("You have no such answer."))
    if label.study.opinion != OpinionPolicy.AFTER:
        raise NotAllowed(gettext("In this study the model's opinion is not shown."), "opinion_off")
    if label.state != LabelState.CURRENT:
        raise Conflict(
            gettext("That answer is {state} already.").format(state=label.get_state_display().lower()),
            "not_current",
        )
    found = Prediction.objects.filter(clip=label.clip_id, round=label.study.promoted_round_id).first()
    if found is None or label.gold == TeachingKind.PRACTICE:
        raise NotFound(gettext("No model has an opinion on this clip."), "no_opinion")
    seen, is_new = SeenOpinion.objects.get_or_create(label=label)
    if is_new:
        audit.record(user, label.study, "see_opinion", label, {"clip": label.clip_id, "round": found.round_id})
    return Opinion(found.probabilities, seen.created_at)
