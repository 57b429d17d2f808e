"""A study whose clips can be learned from: simulated shards on disk, labels that follow their classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotator.enums import DerivedKind
from annotator.models import Clip, Derived, Study
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.stores import TARGETS, make_store
from tests.factories.studies import make_study
from worker.bridge import SHARD_VERSION

N_SUBJECTS = 5


@dataclass(frozen=True, slots=True)
class Learnable:
    study: Study
    #: clip -> the class of each dimension
    truth: dict[int, dict[str, int]]


def make_learnable(slug: str = "learnable", *, n_clips: int = 12) -> Learnable:
    """5 subjects, `n_clips` clips each, nothing labelled; clips lie in the rows of one shard a session."""
    study = make_study(slug, n_subjects=N_SUBJECTS, n_clips=n_clips)
    Study.objects.filter(pk=study.pk).update(min_labels=6)
    study.refresh_from_db()
    folder = Path(settings.DERIVED_ROOT) / slug
    _, classes = make_store(folder, n_subjects=N_SUBJECTS, clips_per_subject=n_clips, seed=3)
    truth: dict[int, dict[str, int]] = {}
    for number, session in enumerate(study.sessions.order_by("subject__code")):
        path = f"{slug}/s{number:02d}"
        Derived.objects.create(session=session, kind=DerivedKind.SHARD, version=SHARD_VERSION, path=path)
        for clip in session.clips.all():
            row = number * n_clips + clip.shard_row
            truth[clip.pk] = {name: int(classes[name][row]) for name in TARGETS}
    return Learnable(study, truth)


def label_some(learnable: Learnable, *, per_subject: int) -> None:
    """The first clips of each subject, answered as their truth says, by one simulated annotator."""
    user = make_member(learnable.study, "simulated-annotator")
    clips = Clip.objects.filter(study=learnable.study, number__lt=per_subject).order_by("pk")
    for clip in clips:
        add_label(clip, user, learnable.truth[clip.pk])
