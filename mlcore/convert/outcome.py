"""What became of the sessions of a source, for people: a note a session, and their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one session.

    Args:
        subject: whose; `session`: which.
        clips: number of clips in its shard.
        present: modality -> clips that have it.
        labelled: target -> clips with an answer.
        unlabelled: target -> why -> clips without one.
        warnings: what is odd about the recording, and was read all the same.
        left_out: why it has no shard; empty if it has.
    """

    subject: str
    session: str
    clips: int = 0
    present: Mapping[str, int] = field(default_factory=dict)
    labelled: Mapping[str, int] = field(default_factory=dict)
    unlabelled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    left_out: str = ""

    def to_json(self) -> JsonObject:
        """As the session's note keeps it."""
        return asdict(self) | {"warnings": list(self.warnings)}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**item, "warnings": tuple(item["warnings"])})


def summed(outcomes: Sequence[Outcome]) -> JsonObject:
    """All sessions together: {"sessions", "shards", "clips", "subjects", "present", "labelled", "unlabelled",
    "left_out": [{"subject", "session", "why"}], "warnings"}."""
    done = [one for one in outcomes if not one.left_out]
    return {
        "sessions": len(outcomes),
        "shards": len(done),
        "subjects": len({one.subject for one in done}),
        "clips": sum(one.clips for one in done),
        "present": _total(one.present for one in done),
        "labelled": _total(one.labelled for one in done),
        "unlabelled": _reasons(done),
        "left_out": [
            {"subject": one.subject, "session": one.session, "why": one.left_out} for one in outcomes if one.left_out
        ],
        "warnings": sum(len(one.warnings) for one in done),
    }


def _total(counts: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, n_clips in one.items():
            total[name] = total.get(name, 0) + n_clips
    return total


def _reasons(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    total: dict[str, Counter[str]] = {}
    for one in outcomes:
        for name, why in one.unlabelled.items():
            total.setdefault(name, Counter()).update(why)
    return {name: dict(sorted(why.items())) for name, why in total.items()}
