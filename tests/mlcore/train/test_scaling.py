from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.store import ModalityKind, ModalityMeta, Store, open_store, write_shard
from mlcore.train.scaling import Scaler, fit_scaler
from tests.factories.stores import Classes, make_store

EVERYONE = [f"s{number:02d}" for number in range(6)]


def test_eeg_of_every_subject_comes_out_at_one_size(learnable: tuple[Store, Classes]) -> None:
    store, _ = learnable
    scaler = fit_scaler(store, "eeg", train_rows=np.arange(20), subjects=EVERYONE, limit=6.0)
    for subject in EVERYONE:
        rows = np.flatnonzero((store.subjects == subject) & store.present("eeg"))
        scaled = scaler.apply(store.gather("eeg", rows), store.subjects[rows])
        rms = np.sqrt((scaled**2).mean(axis=2))
        assert np.allclose(np.median(rms, axis=0), 1.0, atol=0.02)


def test_a_few_bad_clips_do_not_move_the_scale(tmp_path: Path) -> None:
    calm, _ = make_store(tmp_path / "calm", n_subjects=1, clips_per_subject=9, seed=3)
    shard = calm.shards[0]
    arrays = {name: np.load(shard.path(name)) for name in shard.meta.modalities}
    arrays["eeg"][:2] *= 1000.0
    write_shard(tmp_path / "loud" / "s00", shard.meta, shard.table, arrays)
    loud = open_store(tmp_path / "loud")
    before, after = (
        fit_scaler(store, "eeg", train_rows=np.arange(9), subjects=["s00"], limit=6.0).by_subject["s00"][1]
        for store in (calm, loud)
    )
    assert np.allclose(before, after, rtol=0.5)


def test_values_are_cut_at_the_limit_and_missing_channels_stay_zero(learnable: tuple[Store, Classes]) -> None:
    store, _ = learnable
    row = np.flatnonzero(store.present("eeg"))[:1]
    clips = store.gather("eeg", row) * 100.0
    clips[0, 4] = 0.0
    scaler = fit_scaler(store, "eeg", train_rows=row, subjects=store.subjects[row], limit=6.0)
    scaled = scaler.apply(clips, store.subjects[row])
    assert np.abs(scaled).max() == 6.0
    assert not scaled[0, 4].any()


def test_only_training_clips_set_the_common_scale(learnable: tuple[Store, Classes]) -> None:
    store, _ = learnable
    rows = np.flatnonzero(store.present("face") & (store.subjects == "s00"))
    scaler = fit_scaler(store, "face", train_rows=rows, subjects=EVERYONE, limit=6.0)
    own = scaler.apply(store.gather("face", rows), store.subjects[rows]).reshape(-1, 16)[:, :-1]
    assert np.allclose((own**2).mean(axis=0), 1.0, atol=0.02)
    fewer = fit_scaler(store, "face", train_rows=rows[:2], subjects=EVERYONE, limit=6.0)
    assert not np.array_equal(fewer.scale, scaler.scale)


def test_a_subject_depends_on_no_other(learnable: tuple[Store, Classes]) -> None:
    store, _ = learnable
    s03 = np.flatnonzero(store.subjects == "s03")
    alone = fit_scaler(store, "face", train_rows=s03, subjects=["s03"], limit=6.0)
    together = fit_scaler(store, "face", train_rows=s03, subjects=EVERYONE, limit=6.0)
    assert np.array_equal(alone.by_subject["s03"][0], together.by_subject["s03"][0])


def test_the_found_flag_is_left_and_steps_without_a_face_stay_zero(tmp_path: Path) -> None:
    store, _ = make_store(tmp_path / "plain", n_subjects=1, clips_per_subject=6, seed=3)
    shard = store.shards[0]
    face = np.load(shard.path("face"))
    face[:, :5] = 0.0
    names = (*(f"f{number}" for number in range(15)), "found")
    meta = replace(
        shard.meta, modalities={"face": ModalityMeta(ModalityKind.SEQUENCE, (25, 16), sfreq=5.0, channels=names)}
    )
    table = replace(shard.table, present={"face": np.ones(6, np.bool_)}, quality={"face": np.ones(6)})
    write_shard(tmp_path / "flagged" / "s00", meta, table, {"face": face})
    flagged = open_store(tmp_path / "flagged")
    scaler = fit_scaler(flagged, "face", train_rows=np.arange(6), subjects=["s00"], limit=6.0)
    scaled = scaler.apply(flagged.gather("face", np.arange(6)), flagged.subjects)
    assert not scaled[:, :5].any()
    assert np.all(scaled[:, 5:, -1] == 1.0)
    assert np.allclose(np.median(scaled[:, 5:, :-1].reshape(-1, 15), axis=0), 0.0, atol=1e-6)


@pytest.mark.parametrize("modality", ["eeg", "face"])
def test_it_survives_json_exactly(learnable: tuple[Store, Classes], modality: str) -> None:
    store, _ = learnable
    scaler = fit_scaler(store, modality, train_rows=np.arange(20), subjects=EVERYONE, limit=6.0)
    again = Scaler.from_json(json.loads(json.dumps(scaler.to_json())))
    clips = store.gather(modality, np.arange(30))
    assert np.array_equal(again.apply(clips, store.subjects[:30]), scaler.apply(clips, store.subjects[:30]))


@pytest.mark.parametrize("modality", ["eeg", "face"])
def test_summaries_are_standardised_within_each_subject(learnable: tuple[Store, Classes], modality: str) -> None:
    store, _ = learnable
    scaler = fit_scaler(store, modality, train_rows=np.arange(20), subjects=EVERYONE, limit=6.0)
    for subject in EVERYONE:
        rows = np.flatnonzero((store.subjects == subject) & store.present(modality))
        z = scaler.summaries(store.gather(modality, rows), store.subjects[rows])
        varies = z.std(axis=0) > 0
        assert varies.any()
        assert np.abs(z.mean(axis=0)).max() < 0.3
        assert np.all((z.std(axis=0)[varies] > 0.7) & (z.std(axis=0)[varies] < 1.01))


def test_a_clip_without_data_has_the_subjects_mean_summary(learnable: tuple[Store, Classes]) -> None:
    store, _ = learnable
    scaler = fit_scaler(store, "eeg", train_rows=np.arange(20), subjects=EVERYONE, limit=6.0)
    lacking = np.flatnonzero(~store.present("eeg"))[:2]
    assert not scaler.summaries(store.gather("eeg", lacking), store.subjects[lacking]).any()
