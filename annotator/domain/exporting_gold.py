"""Answers to clips whose answer is known, as rows of an export: how far somebody's answers can be believed."""

from __future__ import annotations

from collections.abc import Iterator

from annotator.domain.exporting import BATCH, FLAG, JSON, REAL, TEXT, TIME, WHOLE, Column, pseudonyms_of
from annotator.domain.newcomers import ATTEMPT, is_within
from annotator.enums import LabelState
from annotator.models import Label, Study, TeachingClip
from mlcore.types import JsonObject

COLUMNS = (
    Column("label", TEXT, "identifier of the answer (UUID); none of these is in labels"),
    Column("annotator", TEXT, "pseudonym in this study"),
    Column("clip", WHOLE, "identifier of the clip"),
    Column("kind", TEXT, "practice: before the queue opened; check: mixed into the queue, without feedback"),
    Column("attempt", WHOLE, "0 for the first time through the practice clips; empty for a check"),
    Column("answer", TEXT, "label, cant_tell or bad_signal"),
    Column("values", JSON, "the answer by question"),
    Column("accepted", JSON, "what counts as right, by question: any_of, or from and to; as the study has it now"),
    Column(
        "accepted_answers", JSON, "right without values, too or (where accepted is empty) alone: cant_tell, bad_signal"
    ),
    Column("is_accepted", FLAG, "every question that is judged was answered so, or the answer is of accepted_answers"),
    Column("confidence", WHOLE, "1 guess, 2 fairly sure, 3 sure"),
    Column("seconds_spent", REAL, "on this answer"),
    Column("state", TEXT, "current, superseded or withdrawn"),
    Column("created_at", TIME, "when the answer was stored, UTC"),
)


def rows(study: Study, *, with_history: bool) -> Iterator[JsonObject]:
    """One row an answer, in the order in which they were given, read by a server-side cursor."""
    pseudonyms = pseudonyms_of(study)
    teaching = {one.clip_id: one for one in TeachingClip.objects.filter(study=study)}
    given = Label.objects.filter(study=study).exclude(gold="").order_by("pk")
    if not with_history:
        given = given.filter(state=LabelState.CURRENT)
    for label in given.iterator(chunk_size=BATCH):
        yield _row(label, teaching[label.clip_id], pseudonyms)


def _row(label: Label, teaching: TeachingClip, pseudonyms: dict[int, str]) -> JsonObject:
    return {
        "label": str(label.uuid),
        "annotator": pseudonyms.get(label.annotator_id, ""),
        "clip": label.clip_id,
        "kind": label.gold,
        "attempt": label.served.get(ATTEMPT),
        "answer": label.answer,
        "values": label.values,
        "accepted": teaching.accepted,
        "accepted_answers": teaching.accepted_answers,
        "is_accepted": is_within(teaching, label),
        "confidence": label.confidence,
        "seconds_spent": label.seconds_spent,
        "state": label.state,
        "created_at": label.created_at,
    }
