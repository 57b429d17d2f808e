"""Scoring: what may not be read is as if it were not there, and who disagrees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import entropy

from mlcore.acquire.score_columns import columns_of, join_scores
from mlcore.errors import StoreError
from mlcore.nets import NetSizes, SpaceSizes
from mlcore.store import Store, open_store, write_shard
from mlcore.train import StageConfig, TrainedModel, load_model, score, score_parts
from mlcore.train.opinions import ask
from tests.factories.stores import Classes
from tests.mlcore.train.rounds import SMALL, data_of, run

BRIEF = replace(SMALL, teacher=StageConfig(n_epochs=2), student=StageConfig(n_epochs=2))
TARGETS = ("valence", "arousal")


@pytest.fixture(scope="module")
def model(learnable: tuple[Store, Classes], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    config = replace(BRIEF, n_members=2)
    return load_model(run(data, config, tmp_path_factory.mktemp("model")).model_folder)


@pytest.fixture(scope="module")
def store(learnable: tuple[Store, Classes]) -> Store:
    return learnable[0]


@pytest.fixture
def rows(store: Store) -> NDArray[np.int64]:
    return np.arange(store.n_clips)


def _without(store: Store, modality: str, folder: Path) -> Store:
    """A copy in which no clip has the modality."""
    for shard in store.shards:
        present = {**shard.table.present, modality: np.zeros(len(shard.table), dtype=np.bool_)}
        quality = {**shard.table.quality, modality: np.zeros(len(shard.table))}
        arrays = {name: np.load(shard.path(name)) for name in shard.meta.modalities}
        arrays[modality] = np.zeros_like(arrays[modality])
        table = replace(shard.table, present=present, quality=quality)
        write_shard(folder / shard.folder.name, shard.meta, table, arrays)
    return open_store(folder)


@pytest.mark.parametrize(("reads", "lacks"), [("eeg", "face"), ("face", "eeg")])
def test_what_may_not_be_read_is_as_if_it_were_absent(
    model: TrainedModel, store: Store, rows: NDArray[np.int64], tmp_path: Path, reads: str, lacks: str
) -> None:
    restricted = score(model, store, rows, modalities=(reads,))
    absent = score(model, _without(store, lacks, tmp_path / "without"), rows)
    for target in TARGETS:
        assert np.allclose(restricted.alpha[target], absent.alpha[target], rtol=1e-9)
        assert np.allclose(restricted.disagreement[target], absent.disagreement[target], atol=1e-12)
    assert set(restricted.alpha_by_modality) == {reads}
    assert np.isnan(restricted.agreement).all()
    assert np.isnan(absent.agreement).all()


@pytest.mark.parametrize("modality", ["eeg", "face"])
def test_a_modalitys_own_opinion_is_that_of_a_clip_with_nothing_else(
    model: TrainedModel, store: Store, rows: NDArray[np.int64], modality: str
) -> None:
    present = store.present(modality)
    whole, alone = score(model, store, rows), score(model, store, rows, modalities=(modality,))
    for target in TARGETS:
        said = whole.alpha_by_modality[modality][target]
        assert np.allclose(said[present], alone.alpha[target][present], rtol=1e-9)
        assert np.isnan(said[~present]).all()
        assert np.all(alone.alpha[target][~present] == 1.0)
        other = store.present("face" if modality == "eeg" else "eeg")
        assert np.allclose(whole.alpha[target][present & ~other], said[present & ~other], rtol=1e-9)


def test_with_nothing_to_read_there_is_no_opinion(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    nothing = score(model, store, rows, modalities=())
    assert all(np.all(nothing.alpha[target] == 1.0) for target in TARGETS)
    assert all(np.all(nothing.vacuity[target] == 1.0) for target in TARGETS)


def test_a_modality_that_the_model_does_not_read_is_named(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    with pytest.raises(StoreError, match="modalities: the model reads face, eeg, not gaze"):
        score(model, store, rows, modalities=("eeg", "gaze"))


def test_opinions_are_dirichlets_of_fused_evidence_and_pooled_direction(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    assert model.config.pool == "stacked"
    stacked = score(model, store, rows)
    discounted = score(replace(model, config=replace(model.config, pool="discounted")), store, rows)
    for target in TARGETS:
        assert (stacked.alpha[target] >= 1).all()
        assert np.allclose(stacked.probabilities(target).sum(axis=1), 1.0)
        assert np.allclose(stacked.vacuity[target], discounted.vacuity[target], rtol=1e-9)
        assert not np.allclose(stacked.probabilities(target), discounted.probabilities(target), atol=1e-3)


def test_disagreement_is_the_information_that_the_voices_names_would_give(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    found = score(model, store, rows).disagreement
    opinions = ask(model.net, store, rows, scalers=model.scalers, targets=TARGETS, members=(0, 1))
    for target in TARGETS:
        each = []
        for name, one in opinions.items():
            alpha = one.evidence[target] + 1
            assert len(alpha) == 2 * model.config.sizes.space.n_heads
            p = alpha / alpha.sum(axis=-1, keepdims=True)
            information = entropy(p.mean(axis=0), axis=-1) - entropy(p, axis=-1).mean(axis=0)
            each.append(np.where(store.present(name), information, np.nan))
        assert np.allclose(found[target], np.nanmean(each, axis=0), atol=1e-12)
        assert (found[target] >= 0).all()
        assert found[target].max() > 1e-4


def test_one_head_of_one_network_does_not_disagree_with_itself(
    learnable: tuple[Store, Classes], tmp_path: Path, rows: NDArray[np.int64]
) -> None:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    alone = replace(BRIEF, sizes=NetSizes(space=SpaceSizes(n_heads=1)))
    scores = score(load_model(run(data, alone, tmp_path).model_folder), data.store, rows)
    assert all(np.allclose(scores.disagreement[target], 0.0, atol=1e-12) for target in TARGETS)


def test_how_many_clips_are_read_at_a_time_does_not_matter(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    done: list[int] = []
    parts, whole = score(model, store, rows, batch_size=13, on_batch=done.append), score(model, store, rows)
    assert done == [*range(13, len(rows), 13), len(rows)]
    for target in TARGETS:
        assert np.allclose(parts.alpha[target], whole.alpha[target], rtol=1e-4)


def test_stretches_of_whole_batches_scored_apart_are_the_whole_to_the_bit(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    whole = score(model, store, rows, batch_size=8, with_embedding=True)
    reopened = open_store([shard.folder for shard in store.shards])
    stretches = [
        score(model, reopened, rows[start : start + 16], batch_size=8, with_embedding=True)
        for start in range(0, len(rows), 16)
    ]
    joined, expected = columns_of(join_scores(stretches)), columns_of(whole)
    assert set(joined) == set(expected)
    for key, column in expected.items():
        assert joined[key].tobytes() == column.tobytes(), key


def test_batches_come_one_by_one_and_nothing_is_read_after_the_last_that_was_asked_for(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    parts = score_parts(model, store, rows, batch_size=8)
    first = next(parts)
    parts.close()
    assert np.array_equal(first.rows, rows[:8])


def test_no_rows_are_one_empty_batch(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    whole = score(model, store, rows, with_embedding=True)
    (nothing,) = score_parts(model, store, rows[:0], with_embedding=True)
    for key, column in columns_of(nothing).items():
        assert column.shape == (0, *columns_of(whole)[key].shape[1:])


def test_places_are_unit_vectors_side_by_side_and_zeros_where_a_modality_is_absent(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    width = model.config.sizes.space.space_dim
    places = score(model, store, rows, with_embedding=True).embedding
    assert (places.dtype, places.shape) == (np.dtype(np.float32), (len(rows), width * len(model.modalities)))
    opinions = ask(model.net, store, rows, scalers=model.scalers, targets=TARGETS, members=(0,))
    for number, name in enumerate(model.modalities):
        part, present = places[:, number * width : (number + 1) * width], store.present(name)
        assert np.allclose(np.linalg.norm(part[present], axis=1), 1.0, atol=1e-5)
        assert np.allclose(part[present], opinions[name].z[0][present], atol=1e-4)
        assert (part[~present] == 0).all()
    eeg = [*model.modalities].index("eeg")
    alone = score(model, store, rows, modalities=("eeg",), with_embedding=True).embedding
    assert alone.shape == places.shape
    assert (np.delete(alone.reshape(len(rows), -1, width), eeg, axis=1) == 0).all()


def test_places_are_kept_only_if_asked_for(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    assert score(model, store, rows[:4]).embedding.shape == (0, 0)
