"""A study that leads its newcomers: an example, two practice clips, two checks."""

from __future__ import annotations

from annotator.domain import newcomers, teaching
from annotator.enums import Stage, TeachingKind
from annotator.models import Clip, Study, User
from tests.factories.studies import make_study

ACCEPTED = {"valence": {"any_of": [1, 2]}, "arousal": {"any_of": [1]}}
RIGHT, WRONG = {"valence": 2, "arousal": 1}, {"valence": 0, "arousal": 0}
KINDS = (
    TeachingKind.EXAMPLE,
    TeachingKind.PRACTICE,
    TeachingKind.PRACTICE,
    TeachingKind.CHECK,
    TeachingKind.CHECK,
)


def led_study(slug: str = "", *, with_files: bool = False) -> Study:
    study = make_study(slug, n_clips=6, with_files=with_files)
    for clip, kind in zip(pool_clips(study), KINDS, strict=False):
        teaching.add_clip(study, clip, kind, ACCEPTED, "A smile.", actor=None)
    teaching.set_onboarding(
        study, teaching.OnboardingSettings(leads_newcomers=True, instructions="# Look\n\nSay what you see."), actor=None
    )
    study.refresh_from_db()
    return study


def pool_clips(study: Study) -> list[Clip]:
    """Outside the test subjects, and not used yet."""
    found = Clip.objects.filter(study=study, subject__is_test=False, is_kept_apart=False)
    return list(found.select_related("study", "subject").order_by("pk"))


def to_practice(study: Study, user: User) -> None:
    """Instructions read, examples seen."""
    newcomers.take_step(study, user, Stage.READING)
    newcomers.take_step(study, user, Stage.EXAMPLES)
