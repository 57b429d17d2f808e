"""A small study of its own on a running system, made of one of the demo's recordings: `manage.py shell` calls these."""

from __future__ import annotations

import json

from annotator.domain import queueing, studies
from annotator.enums import DerivedKind, Role, SessionStatus
from annotator.models import Clip, Lease, RankEntry, RecordingSession, Study, Subject, TraceRecording, User
from mlcore.types import AROUSAL3, VALENCE3, Ask, JsonObject, Route, Term

SLUG, LABELLER = "asking", "annotator2"
N_SUBJECTS = 4
#: what a round would have said of a clip whose EEG is bad
SERVED: JsonObject = {
    "policy": "entropy",
    "round": 2,
    "rank": 3,
    "term": Term.AUDIT.value,
    "route": Route.SECOND_OPINION.value,
    "ask": Ask.FACE.value,
    "scores": {
        "entropy": 0.812,
        "vacuity": {"valence": 0.25, "arousal": 0.5},
        "dissonance": {"valence": 0.75, "arousal": 0.125},
        "agreement": 0.5,
        "value": 0.812,
        "probabilities": {"valence": [0.1, 0.2, 0.7]},
    },
}
BAD_EEG: JsonObject = {"flat": 0.95, "line noise": 0.4}


def make() -> None:
    """Some subjects, each with a copy of the same recording, whose files both studies share.

    They have no shards, so that no worker finds features to put their clips in another order than the scene's.
    """
    demo = Study.objects.get(slug="demo")
    spec = studies.StudySpec(
        slug=SLUG, title="Asking (simulated)", dimensions=(VALENCE3, AROUSAL3), is_simulated=True, seed=1
    )
    study = studies.create_study(spec, actor=User.objects.get(username="admin"))
    for name, role in ((LABELLER, Role.ANNOTATOR), ("researcher", Role.RESEARCHER)):
        studies.add_member(study, User.objects.get(username=name), role, actor=None)
    first = demo.sessions.filter(status=SessionStatus.READY).order_by("pk").values_list("pk", flat=True)[0]
    for number in range(N_SUBJECTS):
        _copy(RecordingSession.objects.get(pk=first), Subject.objects.create(study=study, code=f"S{number + 1}"))
    queueing.open_clips(study)


def fill(slug: str) -> None:
    """Some subjects in a study that was made on the pages, as `make` has them, and somebody to label."""
    study, demo = Study.objects.get(slug=slug), Study.objects.get(slug="demo")
    studies.add_member(study, User.objects.get(username=LABELLER), Role.ANNOTATOR, actor=None)
    first = demo.sessions.filter(status=SessionStatus.READY).order_by("pk").values_list("pk", flat=True)[0]
    for number in range(N_SUBJECTS):
        _copy(RecordingSession.objects.get(pk=first), Subject.objects.create(study=study, code=f"S{number + 1}"))
    queueing.open_clips(study)


def say_traces(slug: str) -> None:
    """What the database has of a study's traces, as one line of JSON."""
    columns = ("dimension", "clock", "coverage", "n_events", "events", "superseded", "label__values", "label__clip_id")
    rows = TraceRecording.objects.filter(label__study__slug=slug).order_by("pk").values(*columns)
    print(json.dumps(list(rows)))


def _copy(session: RecordingSession, subject: Subject) -> None:
    trials, clips = list(session.trials.all()), list(session.clips.all())
    derived = list(session.derived.exclude(kind=DerivedKind.SHARD))
    session.pk, session.study, session.subject, session.fingerprint = None, subject.study, subject, ""
    session._state.adding = True
    session.save()
    own = {}
    for trial in trials:
        known, trial.pk, trial.session = trial.pk, None, session
        trial.save()
        own[known] = trial
    for clip in clips:
        clip.pk, clip.study, clip.subject, clip.session = None, subject.study, subject, session
        clip.trial = own[clip.trial_id]
        clip.save()
    for file in derived:
        file.pk, file.session = None, session
        file.save()


def say_why() -> None:
    """What the annotator holds was served by a round that found its EEG bad."""
    Lease.objects.filter(annotator__username=LABELLER, clip__study__slug=SLUG, ended_at=None).update(served=SERVED)


def send_to_quality() -> None:
    """The serving ranking finds the EEG of one subject's clips flat."""
    study = Study.objects.get(slug=SLUG)
    subject = study.subjects.filter(is_test=False).order_by("code")[0]
    Clip.objects.filter(subject=subject).update(eeg_quality=0.05, eeg_faults=BAD_EEG)
    entries = RankEntry.objects.filter(ranking=study.active_ranking, clip__subject=subject)
    entries.update(route=Route.QUALITY.value, is_open=False)
