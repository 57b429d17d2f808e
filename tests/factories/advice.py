"""What a round says of another one and of its annotators, as the worker writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlcore.acquire.forecast import CurvePoint
from mlcore.acquire.stopping import History, advise
from mlcore.types import JsonObject, StoppingConfig

POINTS = (CurvePoint(20, 33, 60), CurvePoint(40, 39, 60), CurvePoint(80, 43, 60))


def make_advice(
    points: Sequence[CurvePoint] = POINTS,
    *,
    kappas: Sequence[float] = (0.9, 0.95),
    minutes_spent: float = 42.0,
    budget_minutes: float | None = None,
    agreement: dict[str, float | None] | None = None,
    rules: StoppingConfig | None = None,
) -> JsonObject:
    """Rounds are numbered from 1 in the order of the points."""
    history = History(
        points=tuple(points),
        n_labels=100,
        kappas=tuple(kappas),
        n_stop_set=750 if kappas else 0,
        minutes_spent=minutes_spent,
        seconds_per_label=9.0,
        budget_minutes=budget_minutes,
    )
    advice = advise(history, rules).to_json()
    numbered = [{"round": number, **point} for number, point in enumerate(advice["figures"]["curve"], start=1)]
    advice["figures"] |= {"curve": numbered, "test_curve": [], "agreement": agreement or {}}
    return advice


def make_reliability(people: Mapping[int, float | None], *, target: str = "valence", n_repeats: int = 4) -> JsonObject:
    """User id -> expected accuracy; None where nobody else answered their clips."""
    repeats: JsonObject = {"n_pairs": n_repeats, "agreement": 0.75, "interval": [0.3, 0.95], "mean_step": 0.25}
    nobody: JsonObject = {"n_pairs": 0, "agreement": None, "interval": None, "mean_step": None}
    return {
        str(user_id): {
            "n_votes": 20,
            "targets": {
                target: {
                    "n_votes": 20,
                    "n_shared": 0 if accuracy is None else 12,
                    "expected_accuracy": accuracy,
                    "reliability": None if accuracy is None else max(0.05, 2 * accuracy - 1),
                    "repeats": repeats if n_repeats else nobody,
                }
            },
        }
        for user_id, accuracy in people.items()
    }
