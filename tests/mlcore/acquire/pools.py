"""Candidates and answers made of plain columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import Answered, Candidates, Gated, Picked, PoolScores, gate
from mlcore.types import AcquisitionConfig

Floats = NDArray[np.float64]
NO_CLASS = -1
DAY_S = 86_400.0


def scores_of(
    n: int,
    *,
    entropy: Floats | None = None,
    dissonance: Floats | None = None,
    probabilities: Mapping[str, Floats] | None = None,
) -> PoolScores:
    predicted = dict(probabilities or {"valence": np.full((n, 3), 1 / 3)})
    interest = np.zeros(n) if entropy is None else entropy
    return PoolScores(
        rows=np.arange(n),
        alpha={name: 1.0 + 10.0 * values for name, values in predicted.items()},
        entropy=dict.fromkeys(predicted, interest),
        mean_entropy=interest,
        vacuity={name: np.full(n, 0.5) for name in predicted},
        agreement=np.full(n, 0.5),
        dissonance={} if dissonance is None else {"valence": dissonance},
        predicted=predicted,
    )


def pool(
    subject: Sequence[int],
    *,
    session: Sequence[int] | None = None,
    start_s: Sequence[float] | Floats | None = None,
    length_s: float = 5.0,
    eeg: Sequence[float] | Floats | None = None,
    face: Sequence[float] | Floats | None = None,
    crosses_change: Sequence[bool] | None = None,
    scores: PoolScores | None = None,
    embedding: NDArray[np.floating] | None = None,
) -> Candidates:
    """Clips of one session a subject, a minute apart and with clean signals, unless told otherwise."""
    n = len(subject)
    start = np.array(range(0, 60 * n, 60) if start_s is None else start_s, dtype=np.float64)
    return Candidates(
        subject=np.array(subject, dtype=np.int64),
        session=np.array(subject if session is None else session, dtype=np.int64),
        start_s=start,
        stop_s=start + length_s,
        quality={
            name: np.ones(n) if values is None else np.asarray(values, dtype=np.float64)
            for name, values in (("eeg", eeg), ("face", face))
        },
        seconds=np.full(n, 9.0),
        crosses_change=np.zeros(n, dtype=np.bool_) if crosses_change is None else np.array(crosses_change),
        scores=scores,
        embedding=embedding,
    )


def picked_by(values: Floats) -> Picked:
    order = np.argsort(-values, kind="stable")
    ranked = order[~np.isnan(values[order])].astype(np.int64)
    return Picked(ranked, values, {"no score": np.flatnonzero(np.isnan(values))})


def answered_of(
    clips: Candidates,
    answers: Sequence[tuple[int, int, int]],
    *,
    asked_now: Sequence[int],
    age_s: float | Sequence[float] = 2 * DAY_S,
    passes: Sequence[int] | None = None,
    config: AcquisitionConfig | None = None,
    gated: Gated | None = None,
) -> Answered:
    """`answers`: (row of the clip, person, class)."""
    table = np.array(answers, dtype=np.int64).reshape(-1, 3)
    return Answered(
        clips=clips,
        gated=gate(clips, config or AcquisitionConfig()) if gated is None else gated,
        clip=table[:, 0],
        annotator=table[:, 1],
        pass_number=np.zeros(len(table), dtype=np.int64) if passes is None else np.array(passes, dtype=np.int64),
        age_s=np.broadcast_to(np.asarray(age_s, dtype=np.float64), len(table)),
        labels={"valence": table[:, 2]},
        asked_now=np.array(asked_now, dtype=np.int64),
    )
