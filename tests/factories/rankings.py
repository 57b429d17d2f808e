"""Rankings whose entries say by what route, term and modality their clips are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.enums import RankingPolicy
from annotator.models import Clip, RankEntry, Ranking, Round, Study
from mlcore.types import Route


def serve(
    study: Study,
    clips: Sequence[Clip],
    *,
    policy: RankingPolicy = RankingPolicy.ENTROPY,
    round: Round | None = None,  # noqa: A002  # the field's name
    n_labels: int = 0,
    config: Mapping[str, Any] | None = None,
    entries: Mapping[int, Mapping[str, Any]] | None = None,
) -> Ranking:
    """Let a ranking of these clips serve; `entries`: fields of the entry at a place of `clips`."""
    ranking = Ranking.objects.create(
        study=study, policy=policy, round=round, n_labels=n_labels, config=dict(config or {})
    )
    RankEntry.objects.bulk_create(
        RankEntry(ranking=ranking, clip=clip, rank=place + 1, **(entries or {}).get(place, {}))
        for place, clip in enumerate(clips)
    )
    Study.objects.filter(pk=study.pk).update(active_ranking=ranking)
    study.refresh_from_db()
    return ranking


def send_to_quality(study: Study, clips: Sequence[Clip]) -> Ranking:
    """A ranking that sends all of these to the quality list."""
    fields = {"route": Route.QUALITY.value, "is_open": False}
    return serve(study, clips, entries=dict.fromkeys(range(len(clips)), fields))
