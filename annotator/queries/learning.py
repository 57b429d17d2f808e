"""Reads for the rounds pages, and the figures drawn there (plain JSON for plotly.js)."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from annotator.domain.stages import StageName
from annotator.enums import RoundState
from annotator.models import RankEntry, Round, Study
from annotator.queries.round_page import stage_names
from mlcore.types import JsonObject

#: Okabe-Ito, readable by colour-blind people
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
#: added to the number of one of Plotly's symbols: its outline alone
OPEN = 100
Figure = dict[str, Any]


def rounds_newest_first(study: Study) -> QuerySet[Round]:
    return study.rounds.select_related("job", "created_by", "parent").order_by("-number")


def live_round(study: Study) -> Round | None:
    return study.rounds.select_related("job").filter(state__in=[RoundState.QUEUED, RoundState.RUNNING]).first()


def top_of_ranking(round_: Round, n: int) -> list[RankEntry]:
    """The clips that a round wants asked first; those that it did not score follow in its ranking, but not here."""
    scored = RankEntry.objects.filter(
        ranking__round=round_, scores__has_key="entropy", clip__superseded_at=None, clip__is_kept_apart=False
    )
    ordered = scored.select_related("clip__session__subject", "clip__trial").order_by("rank")
    # each read along the index, which has `is_open` before the rank
    first_of_each = (ordered.filter(is_open=is_open)[:n] for is_open in (True, False))
    return list(islice(merge(*first_of_each, key=attrgetter("rank")), n))


def learning_curve(study: Study) -> Figure:
    """Balanced accuracy on the test subjects against the number of labels, one line a target."""
    published = list(study.rounds.filter(state=RoundState.PUBLISHED).order_by("number"))
    targets = sorted({target for item in published for target in item.metrics.get("by_target", {})})
    lines = [
        line_of(
            target,
            x=[item.n_labels for item in published],
            y=[item.metrics.get("by_target", {}).get(target, {}).get("balanced_accuracy") for item in published],
            text=[gettext("round {n}").format(n=item.number) for item in published],
            index=index,
        )
        for index, target in enumerate(targets)
    ]
    return figure_of(
        lines, x_title=gettext("labels in the round"), y_title=gettext("balanced accuracy"), y_range=[0, 1]
    )


def loss_history(round_: Round) -> Figure:
    """Training and validation loss by epoch: a panel for each role, in it a colour for each network."""
    stages = [(text, StageName.read(text)) for text in stage_names(round_)]
    roles = list(dict.fromkeys(name.role for _, name in stages))
    n_networks = max((name.network for _, name in stages), default=1)
    lines = []
    for text, name in stages:
        rows = [row for row in round_.history if row["stage"] == text]
        panel = roles.index(name.role) + 1
        lines += [_on_panel(line, panel) for line in _losses(rows, name.network, n_networks=n_networks)]
    return _panels(figure_of(_named_once(lines), x_title=gettext("epoch"), y_title=gettext("loss")), roles)


def _losses(rows: list[JsonObject], network: int, *, n_networks: int) -> list[Figure]:
    epochs, index = [row["epoch"] for row in rows], network - 1
    trained, validated = gettext("training"), gettext("validation")
    if n_networks > 1:
        trained = gettext("network {n}, training").format(n=network)
        validated = gettext("network {n}, validation").format(n=network)
    training = line_of(trained, x=epochs, y=[row["loss"] for row in rows], index=index, dash="solid")
    validation = [row.get("validation_loss") for row in rows]
    if all(value is None for value in validation):
        return [training]
    held_back = line_of(validated, x=epochs, y=validation, index=index, dash="dot")
    return [training, {**held_back, "marker": {**held_back["marker"], "symbol": index + OPEN}}]


def _on_panel(line: Figure, panel: int) -> Figure:
    axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"} if panel > 1 else {}
    return {**line, **axes}


def _named_once(lines: list[Figure]) -> list[Figure]:
    """Lines of one name share an entry of the legend, which shows and hides them all."""
    names = [line["name"] for line in lines]
    return [
        {**line, "legendgroup": line["name"], "showlegend": line["name"] not in names[:place]}
        for place, line in enumerate(lines)
    ]


def _panels(figure: Figure, roles: list[str]) -> Figure:
    layout = figure["layout"]
    axes: Figure = {}
    for number, role in enumerate(roles, start=1):
        which = "" if number == 1 else str(number)
        axes[f"xaxis{which}"] = {
            **layout["xaxis"],
            "title": _title(gettext("epoch of the {role}").format(role=role)),
        }
        axes[f"yaxis{which}"] = layout["yaxis"]
    grid = {"rows": 1, "columns": max(1, len(roles)), "pattern": "independent"}
    return {**figure, "layout": {**layout, **axes, "grid": grid}}


def line_of(
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


def figure_of(lines: list[Figure], *, x_title: str, y_title: str, y_range: list[float] | None = None) -> Figure:
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
