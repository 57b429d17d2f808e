from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from mlcore.compare.job import Job
from mlcore.compare.latent_picture import latent_html, panels_of
from mlcore.compare.options import CrossvalOptions
from mlcore.store import Store
from tests.mlcore.compare.samples import CLASSES, METHODS, cross_validated, features, make_store

OPTIONS = CrossvalOptions("valence3", n_folds=2, n_seeds=1, latents=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def test_the_silhouette_and_the_plane_are_those_of_the_test_clips(store: Store, tmp_path: Path) -> None:
    result = cross_validated(store, METHODS["nearest"], OPTIONS, tmp_path)
    job = Job.of(store, METHODS["nearest"], OPTIONS, tmp_path)
    rows = job.results()[job.parts[0]].rows
    panels = panels_of(job)
    assert [panel.title.split(":")[1].split(",")[0].strip() for panel in panels] == ["eeg", "face"]
    for panel, modality in zip(panels, ("eeg", "face"), strict=True):
        z = np.stack([features(store, rows, (modality,))] * 3, axis=1)
        classes = store.target("valence3")[rows]
        expected = silhouette_score(z, classes, metric="cosine")
        assert result["folds"][0]["silhouette"][modality] == pytest.approx(expected, abs=1e-6)
        assert f"silhouette {expected:.3f}" in panel.title
        plane = PCA(2).fit_transform(z)
        assert_allclose(np.abs(panel.projection.points[:, 0]), np.abs(plane[:, 0]), atol=1e-5)
        sizes = {name: int((classes == number).sum()) for number, name in enumerate(CLASSES)}
        assert {name: int(where.sum()) for name, where in panel.groups.items()} == {**sizes, "tied votes": 0}


def test_the_page_loads_nothing(store: Store, tmp_path: Path) -> None:
    cross_validated(store, METHODS["nearest"], OPTIONS, tmp_path)
    page = latent_html(panels_of(Job.of(store, METHODS["nearest"], OPTIONS, tmp_path)))
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page) == []
    assert "Plotly.newPlot" in page
    assert "nearest, valence3: eeg, silhouette" in page
    assert "unpleasant" in page


def test_latents_of_traces_are_drawn_in_halves(store: Store, tmp_path: Path) -> None:
    options = replace(OPTIONS, target="course", infer=("eeg",))
    result = cross_validated(store, METHODS["nearest"], options, tmp_path)
    assert result["folds"][0]["silhouette"] == {"eeg": None}
    (panel,) = panels_of(Job.of(store, METHODS["nearest"], options, tmp_path))
    sizes = [int(where.sum()) for where in panel.groups.values()]
    assert sum(sizes) == result["folds"][0]["n_test"]
    assert abs(sizes[0] - sizes[1]) <= 1
