"""From a round's frozen labels to what repeats, second answers and costs are reckoned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from django.utils import timezone

from annotator.domain.rounds import Vote
from annotator.enums import AnswerKind, LabelState, Role, SensorVerdict
from annotator.models import ClipVerdict, Label, Round, Study
from mlcore.acquire.answered import Answered
from mlcore.acquire.candidates import Candidates, Places
from mlcore.acquire.codes import ASKS, code
from mlcore.acquire.gate import Gated
from mlcore.acquire.seconds import Costs, measure_costs
from mlcore.types import Ask, Dimension, JsonObject
from worker.reading import Reading, likeliest

#: label without a class: "can't tell", or a question left open
NO_CLASS = -1


def answered(round_: Round, clips: Candidates, gated: Gated, *, clip_ids: Places) -> Answered:
    """The standing answers of a round on some clips; people go by their user ids."""
    reading = Reading.of(round_)
    frozen = Label.objects.filter(rounds__round=round_).exclude(answer=AnswerKind.BAD_SIGNAL).order_by("pk")
    rows = list(frozen.values_list("clip_id", "annotator_id", "pass_number", "created_at", "values", "pk"))
    places = places_of(clip_ids, [row[0] for row in rows])
    rows = [row for row, place in zip(rows, places, strict=True) if place >= 0]
    now = timezone.now()
    votes = reading.read({0: [Vote(row[1], row[2], row[4], row[5]) for row in rows]})[0]
    return Answered(
        clips=clips,
        gated=gated,
        clip=places[places >= 0],
        annotator=_whole(row[1] for row in rows),
        pass_number=_whole(row[2] for row in rows),
        age_s=np.array([(now - row[3]).total_seconds() for row in rows], dtype=np.float64),
        labels={one.key: _whole(_class(one, vote.values) for vote in votes) for one in reading.questions},
        asked_now=_whole(people_of(round_.study)),
    )


def _class(dimension: Dimension, given: JsonObject) -> int:
    answer = given.get(dimension.key)
    return NO_CLASS if answer is None else likeliest(dimension, answer)


def people_of(study: Study) -> list[int]:
    """Annotators of the study who have answered something: those who may be counted on."""
    members = study.memberships.filter(role=Role.ANNOTATOR).values("user")
    current = Label.objects.filter(study=study, state=LabelState.CURRENT, annotator__in=members)
    return sorted(current.values_list("annotator_id", flat=True).distinct())


def costs_of(study: Study) -> Costs:
    """What answers have cost so far, by length of the clip, what it was judged by, and whom it shows."""
    current = Label.objects.filter(study=study, state=LabelState.CURRENT, seconds_spent__gt=0).order_by("pk")
    rows = list(current.values_list("clip__subject_id", "entry__ask", "clip__start_s", "clip__stop_s", "seconds_spent"))
    return measure_costs(
        _whole(row[0] for row in rows),
        np.array([_ask(row[1]) for row in rows], dtype=np.uint8),
        np.array([row[3] - row[2] for row in rows], dtype=np.float64),
        np.array([row[4] for row in rows], dtype=np.float64),
    )


def _ask(text: str | None) -> int:
    return code(Ask(text)) if text in ASKS else code(Ask.BOTH)


def verdicts_on(study: Study, clip_ids: Places) -> dict[int, bool]:
    """Place -> whether the last word on the clip is that the sensor is bad."""
    last = ClipVerdict.objects.filter(study=study).order_by("clip_id", "-created_at", "-pk").distinct("clip_id")
    words = list(last.values_list("clip_id", "verdict"))
    places = places_of(clip_ids, [clip for clip, _ in words]).tolist()
    return {place: word == SensorVerdict.BAD for place, (_, word) in zip(places, words, strict=True) if place >= 0}


def places_of(clip_ids: Places, wanted: Sequence[int]) -> Places:
    """Where each wanted clip stands among the clips; −1 where it does not."""
    ids = np.array(wanted, dtype=np.int64)
    if not len(clip_ids):
        return np.full(len(ids), -1, dtype=np.int64)
    order = np.argsort(clip_ids, kind="stable")
    found = order[np.minimum(np.searchsorted(clip_ids, ids, sorter=order), len(order) - 1)]
    return np.where(clip_ids[found] == ids, found, -1)


def _whole(values: Iterable[int]) -> Places:
    return np.array(list(values), dtype=np.int64)
