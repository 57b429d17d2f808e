"""The demo's simulated annotators: they claim and submit like everybody, by the same functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotator.demo.console import Console, DemoError
from annotator.domain import labelling, queueing
from annotator.enums import AnswerKind
from annotator.models import Clip, RankEntry, Study, User

#: share of the pool that they label before the first person does, after the test subjects' clips, which come first
POOL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a simulated annotator says; no values are "can't tell"."""

    values: dict[str, int] | None
    confidence: int | None
    seconds_spent: float


Answers = Mapping[int, Answer]


def label_first_part(study: Study, users: tuple[User, ...], *, truth: Path, console: Console) -> int:
    """Take turns until the share is labelled. How many labels are there now.

    "Can't tell" is none: a round learns nothing from it, and which clips come first depends on what the workers are at.
    """
    target = _n_wanted(study)
    oracles = [(user, ask_oracle(study, truth, seed=index)) for index, user in enumerate(users)]
    labels = study.labels.filter(annotator__in=users, answer=AnswerKind.LABEL)
    while (n_labels := labels.count()) < target:
        console.progress(f"simulated annotators: {n_labels} of {target} labels")
        if not sum(_label_one(study, user, answers) for user, answers in oracles):
            break
    for user in users:
        _give_back(study, user)
    return n_labels


def _n_wanted(study: Study) -> int:
    n_test = RankEntry.objects.filter(ranking=study.test_ranking).count()
    return n_test + round(POOL_SHARE * study.clips.filter(superseded_at=None, subject__is_test=False).count())


def _give_back(study: Study, user: User) -> None:
    for slot in queueing.held_slots(study, user):
        queueing.release(slot.clip, user)


def _label_one(study: Study, user: User, answers: Answers) -> bool:
    held = queueing.claim(study, user)
    if not held:
        return False
    clip = held[0].clip
    said = answers[clip.pk]
    labelling.submit(
        clip,
        user,
        labelling.Submission(
            uuid=uuid.uuid4(),
            answer=AnswerKind.CANT_TELL if said.values is None else AnswerKind.LABEL,
            values=said.values or {},
            confidence=said.confidence,
            comment="",
            seconds_spent=said.seconds_spent,
        ),
    )
    return True


def ask_oracle(study: Study, truth: Path, *, seed: int) -> Answers:
    """What one simulated annotator would say of every clip. The truth stays in the other process."""
    clips = list(study.clips.select_related("subject", "session", "trial").order_by("pk"))
    command = [sys.executable, "-m", "mlcore", "oracle", str(truth), "--annotator", str(seed)]
    done = subprocess.run(  # noqa: S603 - our own program, arguments as a list
        command,
        cwd=settings.BASE_DIR,
        env=dict(os.environ),
        input="".join(json.dumps(_question(clip)) + "\n" for clip in clips),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(
            f"The simulated annotators have no answers: {(done.stderr or 'no reason').strip().splitlines()[-1]}"
        )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return {int(row["clip_id"]): Answer(row["values"], row["confidence"], float(row["seconds_spent"])) for row in said}


def _question(clip: Clip) -> dict[str, object]:
    return {
        "clip_id": clip.pk,
        "subject": clip.subject.code,
        "session": clip.session.code,
        "trial": clip.trial.number,
        "start_s": clip.start_s,
        "stop_s": clip.stop_s,
    }
