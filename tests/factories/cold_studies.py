"""Studies before their first round whose clips lie in simulated shards, some of them of dead sensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from annotator.domain import queueing, studies
from annotator.enums import DerivedKind
from annotator.models import Clip, Derived, RecordingSession, Study
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_shards import SIGNAL
from mlcore.simulate.stores import simulate_store
from mlcore.store import Store, open_store
from mlcore.types import AROUSAL3, VALENCE3, AcquisitionConfig
from tests.factories.studies import add_subject
from worker.bridge import SHARD_VERSION

#: six people with twelve clips each, EEG of few channels: made within a second
SMALL = StoreConfig(n_subjects=6, n_trials=4, clips_per_trial=3, n_channels=4, seed=3)
#: `SMALL`, but in four of ten clips all sensors record garbage
DYING = replace(SMALL, dead_both_share=0.4)
#: the strategy's order alone
LOOSE = AcquisitionConfig(min_gap_s=0.0, max_subject_share=1.0, batch_size=12)


@dataclass(frozen=True, slots=True)
class ColdStudy:
    study: Study
    store: Store
    #: clip -> its row of the store
    rows: Mapping[int, int]
    #: clips whose sensors are dead
    dead: frozenset[int]

    def pool(self) -> list[Clip]:
        """The clips outside the test subjects in the seeded random order."""
        clips = self.study.clips.filter(subject__is_test=False).select_related("subject", "session")
        return sorted(clips, key=lambda clip: studies.shuffle_key(self.study.seed, "clip", *name_of(clip)))


def name_of(clip: Clip) -> tuple[str, str, int]:
    """The same in every study of the same recordings."""
    return clip.subject.code, clip.session.code, clip.number


def make_cold_study(
    slug: str = "cold",
    config: StoreConfig = SMALL,
    *,
    acquisition: AcquisitionConfig = LOOSE,
    is_backwards: bool = False,
    test_clips_per_subject: int = 0,
) -> ColdStudy:
    """A session a subject, its clips open in seeded random order; `is_backwards`: the last subject came in first."""
    folder = Path(settings.DERIVED_ROOT) / slug
    simulate_store(folder, config)
    spec = studies.StudySpec(
        slug=slug,
        title=slug.title(),
        dimensions=(VALENCE3, AROUSAL3),
        acquisition=acquisition,
        test_clips_per_subject=test_clips_per_subject,
        seed=7,
    )
    study = studies.create_study(spec, actor=None)
    shards = sorted(path for path in folder.iterdir() if path.is_dir())
    rows: dict[int, int] = {}
    for number in reversed(range(len(shards))) if is_backwards else range(len(shards)):
        subject = add_subject(study, f"S{number + 1:02d}", n_clips=config.n_trials * config.clips_per_trial)
        rows |= _lay_in_shard(subject.sessions.get(), shards[number], first_row=number * _n_clips(config))
    queueing.open_clips(study)
    study.refresh_from_db()
    store = open_store(folder)
    is_dead = store.target(SIGNAL) == 1 if config.has_dead else np.zeros(store.n_clips, dtype=np.bool_)
    return ColdStudy(study, store, rows, frozenset(clip for clip, row in rows.items() if is_dead[row]))


def _n_clips(config: StoreConfig) -> int:
    return config.n_trials * config.clips_per_trial


def _lay_in_shard(session: RecordingSession, shard: Path, *, first_row: int) -> dict[int, int]:
    """The session's clips as an import of this shard leaves them; their rows in the whole store."""
    path = shard.relative_to(settings.DERIVED_ROOT)
    Derived.objects.create(session=session, kind=DerivedKind.SHARD, version=SHARD_VERSION, path=str(path))
    session.fingerprint, session.imported_at = str(path), timezone.now()
    session.save(update_fields=["fingerprint", "imported_at"])
    store = open_store(shard)
    clips = list(session.clips.order_by("shard_row"))
    for clip in clips:
        for name in ("eeg", "face"):
            is_present = bool(store.present(name)[clip.shard_row])
            setattr(clip, f"has_{name}", is_present)
            setattr(clip, f"{name}_quality", float(store.quality(name)[clip.shard_row]) if is_present else None)
    Clip.objects.bulk_update(clips, ["has_eeg", "has_face", "eeg_quality", "face_quality"])
    return {clip.pk: first_row + clip.shard_row for clip in clips}
