"""What methods read: band powers against SciPy, summaries of every kind, standardised within each subject."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import periodogram

from mlcore.compare.band_power import Windows, band_powers, fit_sequence_reader
from mlcore.compare.contract import Task
from mlcore.compare.folds import inner_folds
from mlcore.compare.inputs import PickedChannels, fit_reader
from mlcore.compare.linear import LINEAR
from mlcore.nets.summary import BANDS_HZ
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, TargetKind, open_store, write_shard
from tests.mlcore.compare.tasks import CHANNELS, Simulated, class_task, never


def test_band_powers_are_scipys_periodogram_of_each_window() -> None:
    clips = np.random.default_rng(0).standard_normal((2, 3, 256))
    clips[1, 2] = 0.0
    powers = band_powers(clips, Windows(256, 128.0))
    assert powers.shape == (2, 3, 15)  # 1 s every 0.5 s; 3 channels in 5 bands
    for step, start in enumerate((0, 64, 128)):
        hz, density = periodogram(clips[0, 1, start : start + 128], 128.0, "hann", detrend=False, scaling="density")
        for number, (low, high) in enumerate(BANDS_HZ):
            # one-sided density doubles every bin and divides by the rate
            expected = np.log(density[(hz >= low) & (hz < high)].mean() * 128.0 / 2 + 1e-6)
            assert powers[0, step, 5 + number] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(powers[1, :, 10:]).all()
    assert np.isfinite(powers[1, :, :10]).all()


@pytest.mark.parametrize(("n_times", "sfreq", "n_steps"), [(512, 128.0, 7), (100, 128.0, 1), (250, 250.0, 1)])
def test_a_short_clip_is_one_window(n_times: int, sfreq: float, n_steps: int) -> None:
    assert Windows(n_times, sfreq).n_steps == n_steps
    assert band_powers(np.ones((1, 2, n_times)), Windows(n_times, sfreq)).shape[1] == n_steps


def test_band_powers_have_mean_0_and_spread_1_within_each_subject(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    task = class_task(*simulated, tmp_path)
    reader = fit_sequence_reader(task, "eeg", learn=task.train)
    for subject in np.unique(store.subjects):
        rows = np.flatnonzero((store.subjects == subject) & store.present("eeg"))
        steps = reader.signals(store, rows).reshape(-1, reader.meta.shape[1])
        assert np.allclose(steps.mean(axis=0), 0.0, atol=0.05)
        assert np.allclose(steps.std(axis=0), 1.0, atol=0.05)
    absent = np.flatnonzero(~store.present("eeg"))
    assert not reader.signals(store, absent).any()


def test_picked_channels_are_those_of_the_whole(simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    reader = fit_reader(task, "eeg", learn=task.train)
    picked = PickedChannels(reader, (2, 0))
    assert picked.meta.channels == (CHANNELS[2], CHANNELS[0])
    assert picked.meta.shape == (2, 256)
    whole = reader.signals(task.store, task.test)
    assert np.array_equal(picked.signals(task.store, task.test), whole[:, [2, 0]])


@pytest.fixture
def pictures(tmp_path: Path) -> Task:
    """Simulated vectors and frames whose brightness and first value are the class; a clip in five lacks each."""
    rng = np.random.default_rng(0)
    said = np.concatenate([rng.permutation(np.arange(10) % 2) for _ in range(4)])
    subjects = np.repeat(["a", "b", "c", "d"], 10)
    offset = np.repeat([0.0, 5.0, -3.0, 9.0], 10)
    vector = rng.standard_normal((40, 3)) + offset[:, None]
    vector[:, 0] += 4 * said
    frames = rng.integers(0, 60, (40, 4, 3, 16, 24)) + 100 * said[:, None, None, None, None]
    store = _write(tmp_path / "store", subjects, vector.astype(np.float32), frames.astype(np.uint8))
    train = np.arange(30)
    return Task(
        store=store,
        target="light",
        kind=TargetKind.CLASS,
        classes=("dark", "bright"),
        train=train,
        y=np.eye(2)[said[train]],
        test=np.arange(30, 40),
        modalities=("vector", "frames"),
        infer=("vector", "frames"),
        seed=0,
        folder=tmp_path,
    )


def _write(folder: Path, subjects: NDArray[np.str_], vector: NDArray[np.float32], frames: NDArray[np.uint8]) -> Store:
    lacks = np.arange(len(subjects)) % 5
    present = {"vector": lacks != 0, "frames": lacks != 1}
    vector[~present["vector"]] = 0
    frames[~present["frames"]] = 0
    start_s = np.arange(len(subjects), dtype=np.float64)
    table = ClipTable(
        clip_id=np.array([f"c{row}" for row in range(len(subjects))]),
        subject=subjects,
        session=subjects,
        trial=np.arange(len(subjects)),
        start_s=start_s,
        stop_s=np.asarray(start_s + 1),
        present=present,
        quality={name: column.astype(np.float64) for name, column in present.items()},
    )
    meta = ShardMeta(
        {
            "vector": ModalityMeta(ModalityKind.VECTOR, (3,)),
            "frames": ModalityMeta(ModalityKind.FRAMES, (4, 3, 16, 24), "uint8", 4.0),
        }
    )
    write_shard(folder, meta, table, {"vector": vector, "frames": frames})
    return open_store(folder)


@pytest.mark.parametrize(("modality", "width"), [("vector", 3), ("frames", 2 * 8 * 8)])
def test_vectors_and_frames_are_summaries_of_mean_0_within_each_subject(
    modality: str, width: int, pictures: Task
) -> None:
    store = pictures.store
    reader = fit_reader(pictures, modality, learn=pictures.train)
    for subject in "abcd":
        rows = np.flatnonzero((store.subjects == subject) & store.present(modality))
        summaries = reader.summaries(store, rows)
        assert summaries.shape == (8, width)
        assert np.allclose(summaries.mean(axis=0), 0.0, atol=1e-5)
    assert not reader.summaries(store, np.flatnonzero(~store.present(modality))).any()


def test_frames_are_averaged_to_8_by_8_grey_pictures(pictures: Task) -> None:
    store, row = pictures.store, int(np.flatnonzero(pictures.store.present("frames"))[0])
    reader = fit_reader(pictures, "frames", learn=pictures.train)
    mine = np.flatnonzero((store.subjects == store.subjects[row]) & store.present("frames"))
    grey = np.einsum("ntchw,c->nthw", store.gather("frames", mine).astype(np.float64), (0.299, 0.587, 0.114))
    thumbnails = grey.reshape(len(mine), 4, 8, 2, 8, 3).mean(axis=(3, 5)).reshape(len(mine), 4, 64)
    raw = np.concatenate([thumbnails.mean(axis=1), thumbnails.std(axis=1)], axis=1)
    expected = np.clip((raw - raw.mean(axis=0)) / raw.std(axis=0), -3, 3)
    assert np.allclose(reader.summaries(store, mine), expected, atol=1e-4)


def test_linear_learns_from_vectors_and_frames(pictures: Task) -> None:
    assert LINEAR.refuses(pictures) is None
    for infer in (("vector",), ("frames",), ("vector", "frames")):
        task = replace(pictures, infer=infer)
        fitted = LINEAR.fit(task, never)
        known = np.logical_or.reduce([task.store.present(name) for name in infer])
        p = fitted.predict(task.store, np.flatnonzero(known))
        bright = task.store.gather("frames", np.flatnonzero(known)).mean(axis=(1, 2, 3, 4)) > 80
        seen = task.store.present("frames")[known]
        assert np.mean(p[seen].argmax(axis=1) == bright[seen]) > 0.85


def test_inner_folds_share_no_subject_and_cover_every_row(simulated: Simulated) -> None:
    store, rows = simulated[0], np.arange(64)
    folds = inner_folds(store, rows, n_folds=4, seed=0)
    assert np.array_equal(np.sum(folds, axis=0), np.ones(64))
    for held in folds:
        assert not set(store.subjects[rows[held]]) & set(store.subjects[rows[~held]])


def test_inner_folds_of_few_subjects_share_no_trial(simulated: Simulated) -> None:
    store, rows = simulated[0], np.arange(32)  # two subjects, four trials each
    folds = inner_folds(store, rows, n_folds=4, seed=0)
    assert len(folds) == 4
    for held in folds:
        kept, out = (
            {(str(store.subjects[row]), int(store.trials[row])) for row in part} for part in (rows[~held], rows[held])
        )
        assert not kept & out


def test_one_trial_has_no_folds(simulated: Simulated) -> None:
    assert inner_folds(simulated[0], np.arange(4), n_folds=4, seed=0) == []
