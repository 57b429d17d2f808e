"""The latent space as a picture: test clips in the plane of their two largest principal components."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mlcore.compare.job import Job
from mlcore.compare.measures import Floats, Rows
from mlcore.compare.truth import Answers
from mlcore.evaluate import Projection, hard_classes, project

_PANEL_PX = 460
#: colours that most people tell apart (Okabe & Ito 2008), for the classes in turn
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#000000")
_UNCLEAR = "#999999"
TIED = "tied votes"


@dataclass(frozen=True, slots=True)
class Panel:
    """One modality of one method's first part.

    Args:
        title: method, target, modality, silhouette.
        projection: of the test clips.
        groups: name -> (m,) whether a test clip belongs to it.
    """

    title: str
    projection: Projection
    groups: Mapping[str, Any]

    @classmethod
    def of(cls, job: Job, modality: str, z: Floats, *, rows: Rows, silhouette: float | None) -> Self:
        """From latents (m, d) of the test rows (m,)."""
        told = "" if silhouette is None else f", silhouette {silhouette:.3f} (by angle)"
        title = f"{job.method.name}, {job.options.target}: {modality}{told}"
        return cls(title, project(z.astype(np.float64)), _groups(job.answers, rows))


def _groups(answers: Answers, rows: Rows) -> dict[str, Any]:
    if answers.is_trace:
        mean = np.nanmean(answers.values[rows], axis=1)
        middle = np.median(mean)
        return {"lower half": mean <= middle, "upper half": mean > middle}
    classes = hard_classes(answers.values[rows])
    named = {name: classes == number for number, name in enumerate(answers.classes)}
    return {**named, TIED: classes < 0}


def panels_of(job: Job) -> list[Panel]:
    """A panel for each modality in which a finished job's method has latents, of its first seed and fold."""
    result = job.results()[job.parts[0]]
    silhouettes = result.record["silhouette"]
    return [
        Panel.of(job, name, z, rows=result.rows, silhouette=silhouettes[name]) for name, z in result.latents.items()
    ]


def latent_html(panels: Sequence[Panel]) -> str:
    """A page that stands alone: the drawing library is in it, and nothing is loaded from elsewhere."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=len(panels), cols=1, subplot_titles=[panel.title for panel in panels])
    named: set[str] = set()
    for row, panel in enumerate(panels, start=1):
        _draw(figure, panel, row=row, named=named)
        named.update(name for name, where in panel.groups.items() if where.any())
    figure.update_layout(height=_PANEL_PX * len(panels), title="Test clips in the latent space (first seed and fold)")
    return str(figure.to_html(include_plotlyjs=True, full_html=True))


def _draw(figure: Any, panel: Panel, *, row: int, named: Container[str]) -> None:
    """Dots of each group; the legend names a group once."""
    from plotly.graph_objects import Scatter

    for number, (name, where) in enumerate(panel.groups.items()):
        points = panel.projection.points[where]
        colour = _UNCLEAR if name == TIED else _COLOURS[number % len(_COLOURS)]
        dots = Scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            name=name,
            legendgroup=name,
            showlegend=name not in named and len(points) > 0,
            marker={"color": colour, "size": 5},
        )
        figure.add_trace(dots, row=row, col=1)
    first, second = panel.projection.explained
    figure.update_xaxes(title_text=f"first axis ({first:.0%} of the variance)", row=row, col=1)
    figure.update_yaxes(title_text=f"second axis ({second:.0%})", row=row, col=1)
