"""Labels as annotators give them, through the queue's own door."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from annotator.domain import labelling, queueing
from annotator.enums import AnswerKind
from annotator.models import Clip, Label, User
from mlcore.types import Dimension


def add_label(
    clip: Clip,
    user: User,
    values: dict[str, int] | None = None,
    *,
    answer: AnswerKind = AnswerKind.LABEL,
    comment: str = "",
    confidence: int | None = 2,
    seconds_spent: float = 4.5,
) -> Label:
    """The annotator opens this clip by its address and answers it; by default the first class of every dimension."""
    queueing.claim_clip(clip, user)
    if values is None:
        values = {dimension.key: first_answer(dimension) for dimension in clip.study.dimensions}
    submission = labelling.Submission(
        uuid=uuid.uuid4(),
        answer=answer,
        values=values if answer == AnswerKind.LABEL else {},
        confidence=confidence,
        comment=comment,
        seconds_spent=seconds_spent,
    )
    return labelling.submit(clip, user, submission)


def first_answer(dimension: Dimension) -> int:
    return 0 if dimension.levels == 0 else 1


def label_all(clips: Iterable[Clip], user: User) -> list[Label]:
    """Every class in turn."""
    return [
        add_label(clip, user, {"valence": number % 3, "arousal": (number // 3) % 3})
        for number, clip in enumerate(clips)
    ]
