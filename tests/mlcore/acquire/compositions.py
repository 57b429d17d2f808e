"""Whole compositions, and what they say in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import ROUTES, TERMS, Answered, Candidates, Composition, Picked, compose, gate
from mlcore.types import AcquisitionConfig, Route, Term
from tests.mlcore.acquire.pools import picked_by, pool

Floats = NDArray[np.float64]
#: nothing but the strategy
BARE = AcquisitionConfig(
    audit_share=0.0, repeat_share=0.0, second_opinion_share=0.0, relabel_share=1.0, diversity=0.0, batch_size=10
)


def composed(
    clips: Candidates,
    values: Floats,
    config: AcquisitionConfig = BARE,
    *,
    n_composed: int = 0,
    answered: Answered | None = None,
    picked: Picked | None = None,
    audit_order: Floats | None = None,
    verdicts: dict[int, bool] | None = None,
    seed: int = 0,
) -> Composition:
    return compose(
        clips,
        picked_by(values) if picked is None else picked,
        config,
        gated=gate(clips, config, verdicts=verdicts),
        audit_order=np.arange(clips.n_clips) / 1.0 if audit_order is None else audit_order,
        n_composed=n_composed,
        rng=np.random.default_rng(seed),
        answered=answered,
    )


def terms_of(composition: Composition) -> list[Term]:
    return [TERMS[code] for code in composition.term]


def routes_of(composition: Composition) -> list[Route]:
    return [ROUTES[code] for code in composition.route]


def many_subjects(n: int, **more: object) -> Candidates:
    """A hundred people with one recording each."""
    return pool([place % 100 for place in range(n)], **more)  # type: ignore[arg-type]
