"""What "why this clip?" says of a check: what it says of a clip that was drawn at random, with the check's own numbers.

No ranking has a check, so what its entry would say is kept beside it (`TeachingClip.told`): as it stood in the serving
ranking when it was taken out, and as each later round's model sees it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from annotator.enums import RankingPolicy
from annotator.models import Clip, RankEntry, Ranking, Study, TeachingClip
from mlcore.types import Ask, JsonObject, Route, Term

#: what a served record may say of the model: how sure it was, never what it thinks
SHOWN_SCORES = (
    "value",
    "entropy",
    "mean_entropy",
    "entropy_by_target",
    "vacuity",
    "dissonance",
    "disagreement",
    "agreement",
    "evidence",
    "bald",
    "margin",
    "least_confidence",
    "gate",
    "quality",
    "seconds",
)


def told_by_serving(study: Study, clip: Clip) -> JsonObject:
    """What the serving ranking says of a clip, as `TeachingClip.told` keeps it; empty where it has no such clip."""
    entry = RankEntry.objects.select_related("ranking").filter(ranking=study.active_ranking_id or 0, clip=clip).first()
    return {} if entry is None else {_key(entry.ranking.round_id): told(entry.scores, entry.ask)}


def told(scores: JsonObject, ask: str) -> JsonObject:
    """A clip drawn at random was not bought by its score."""
    return {"scores": {**scores, "value": None}, "ask": ask}


def keep_told(round_id: int, checks: Mapping[int, JsonObject]) -> None:
    """Clip -> what the round says of it."""
    rows = list(TeachingClip.objects.select_for_update().filter(clip__in=checks).order_by("pk"))
    for row in rows:
        row.told = {**row.told, _key(round_id): checks[row.clip_id]}
    TeachingClip.objects.bulk_update(rows, ["told"])


def as_any_other(study: Study, check: TeachingClip) -> JsonObject:
    """The served record of a check, as its annotator is told it."""
    serving = Ranking.objects.select_related("round").filter(study=study, pk=study.active_ranking_id or 0).first()
    round_ = serving.round if serving is not None else None
    known = check.told.get(_key(round_.pk if round_ else None), {})
    digest = hashlib.sha256(f"{study.seed}\x1frank\x1f{check.pk}".encode()).digest()
    return {
        "policy": RankingPolicy.RANDOM.value if serving is None else serving.policy,
        "round": round_.number if round_ else 0,
        "rank": 1 + int.from_bytes(digest[:4], "big") % max(1, study.acquisition_config.batch_size),
        "scores": {name: value for name, value in known.get("scores", {}).items() if name in SHOWN_SCORES},
        "term": (Term.AUDIT if round_ else Term.REST).value,
        "route": Route.MAIN.value,
        "ask": known.get("ask", Ask.BOTH.value),
    }


def _key(round_id: int | None) -> str:
    return str(round_id or 0)
