"""Reads for the rounds pages, and the figures drawn there (plain JSON for plotly.js)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from annotator.enums import RoundState
from annotator.models import RankEntry, Round, Study

#: Okabe-Ito, readable by colour-blind people
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
Figure = dict[str, Any]


def rounds_newest_first(study: Study) -> QuerySet[Round]:
    return study.rounds.select_related("job", "created_by", "parent").order_by("-number")


def live_round(study: Study) -> Round | None:
    return study.rounds.select_related("job").filter(state__in=[RoundState.QUEUED, RoundState.RUNNING]).first()


def top_of_ranking(round_: Round, n: int) -> QuerySet[RankEntry]:
    """The clips that a round wants asked first; those that it did not score follow in its ranking, but not here."""
    return (
        RankEntry.objects.filter(ranking__round=round_, scores__has_key="entropy", clip__superseded_at=None)
        .select_related("clip__session__subject", "clip__trial")
        .order_by("rank")[:n]
    )


def learning_curve(study: Study) -> Figure:
    """Balanced accuracy on the test subjects against the number of labels, one line a target."""
    published = list(study.rounds.filter(state=RoundState.PUBLISHED).order_by("number"))
    targets = sorted({target for item in published for target in item.metrics.get("by_target", {})})
    lines = [
        _line(
            target,
            x=[item.n_labels for item in published],
            y=[item.metrics.get("by_target", {}).get(target, {}).get("balanced_accuracy") for item in published],
            text=[f"round {item.number}" for item in published],
            index=index,
        )
        for index, target in enumerate(targets)
    ]
    return _figure(lines, x_title="labels in the round", y_title="balanced accuracy", y_range=[0, 1])


def loss_history(round_: Round) -> Figure:
    """Training and validation loss by epoch, one pair of lines a stage."""
    stages = list(dict.fromkeys(str(row["stage"]) for row in round_.history))
    lines = []
    for index, stage in enumerate(stages):
        rows = [row for row in round_.history if row["stage"] == stage]
        epochs = [row["epoch"] for row in rows]
        lines.append(_line(f"{stage}, training", x=epochs, y=[row["loss"] for row in rows], index=index))
        validation = [row.get("validation_loss") for row in rows]
        if any(value is not None for value in validation):
            lines.append(_line(f"{stage}, validation", x=epochs, y=validation, index=index, dash="dot"))
    return _figure(lines, x_title="epoch", y_title="loss")


def _line(
    name: str, *, x: list[Any], y: list[Any], index: int, text: list[str] | None = None, dash: str | None = None
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": x,
        "y": y,
        "text": text or [],
        "line": {"color": COLOURS[index % len(COLOURS)], "dash": dash or DASHES[index % len(DASHES)]},
        "marker": {"symbol": index, "size": 7},
    }


def _figure(lines: list[Figure], *, x_title: str, y_title: str, y_range: list[float] | None = None) -> Figure:
    y_axis: Figure = {"title": _title(y_title), "zeroline": False}
    if y_range:
        y_axis["range"] = y_range
    return {
        "data": lines,
        "layout": {
            "xaxis": {"title": _title(x_title), "zeroline": False},
            "yaxis": y_axis,
            "margin": {"l": 60, "r": 16, "t": 36, "b": 44},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        },
    }


def _title(text: str) -> Figure:
    return {"text": text, "font": {"size": 13}}
