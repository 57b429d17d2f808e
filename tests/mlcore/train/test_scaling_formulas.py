"""Standardisation of every kind, against its formulas written plainly, clip by clip."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mlcore.nets import summarise
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, open_store, write_shard
from mlcore.train.measures import BATCH
from mlcore.train.scaling import SUMMARY_LIMIT, Scaler, fit_scaler
from mlcore.train.tensors import load_inputs, load_summaries

METAS = {
    "eeg": ModalityMeta(ModalityKind.WAVEFORM, (3, 64), sfreq=64.0, unit="µV"),
    "face": ModalityMeta(ModalityKind.SEQUENCE, (5, 4), sfreq=5.0, channels=("a", "b", "c", "found")),
    "body": ModalityMeta(ModalityKind.VECTOR, (6,)),
    "crops": ModalityMeta(ModalityKind.FRAMES, (2, 3, 16, 16), dtype="uint8", sfreq=2.0),
    "maps": ModalityMeta(ModalityKind.FRAMES, (2, 3, 16, 16), sfreq=2.0),
}
N_CLIPS, PEOPLE, LIMIT = BATCH + 44, ("anna", "bela", "cora"), 2.0
TRAIN = np.arange(0, N_CLIPS, 3)
CPU = torch.device("cpu")
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three people, the first with more clips than are read at a time; clips, channels and steps are missing."""
    folder = tmp_path_factory.mktemp("kinds")
    rng = np.random.default_rng(0)
    subject = np.array([PEOPLE[0]] * (BATCH + 20) + [PEOPLE[1], PEOPLE[2]] * 12)
    table = ClipTable(
        clip_id=np.array([f"clip {row}" for row in range(N_CLIPS)]),
        subject=subject,
        session=subject,
        trial=np.arange(N_CLIPS),
        start_s=np.zeros(N_CLIPS),
        stop_s=np.ones(N_CLIPS),
        present={name: rng.random(N_CLIPS) > 0.1 for name in METAS},
        quality={name: np.ones(N_CLIPS) for name in METAS},
    )
    gain = np.array([1.0 + PEOPLE.index(name) for name in subject])
    arrays = {name: _drawn(rng, meta, gain) for name, meta in METAS.items()}
    arrays["eeg"][3, 1] = 0.0
    arrays["face"][5, 2:] = 0.0
    arrays["body"][7] = 0.0
    write_shard(folder / "one", ShardMeta(METAS), table, arrays)
    return open_store(folder)


def _drawn(rng: np.random.Generator, meta: ModalityMeta, gain: Floats) -> NDArray[Any]:
    shape = (N_CLIPS, *meta.shape)
    if meta.dtype == "uint8":
        return rng.integers(0, 256, shape).astype(np.uint8)
    scale = gain.reshape(-1, *(1,) * len(meta.shape))
    return np.asarray(scale * (rng.standard_normal(shape) + 0.5), dtype=np.float32)


def fitted(store: Store, modality: str) -> Scaler:
    return fit_scaler(store, modality, train_rows=TRAIN, subjects=PEOPLE, limit=LIMIT)


def mine(store: Store, modality: str, subject: str) -> NDArray[np.int64]:
    return np.flatnonzero((store.subjects == subject) & store.present(modality))


def clip_by_clip(store: Store, modality: str) -> NDArray[np.float32]:
    """x -> clip((x − centre) / scale, ±limit) for each clip alone, zeros where a channel, step or row holds nothing."""
    clips = store.gather(modality, np.arange(N_CLIPS))
    out = np.zeros(clips.shape, dtype=np.float32)
    for row, subject in enumerate(store.subjects):
        centre, divisor = EXPECTED[modality](store, str(subject))
        scaled = np.clip((clips[row] - centre.astype(np.float32)) / divisor.astype(np.float32), -LIMIT, LIMIT)
        out[row] = scaled * clips[row].any(axis=-1, keepdims=True)
    return out


def of_eeg(store: Store, subject: str) -> tuple[Floats, Floats]:
    clips = store.gather("eeg", mine(store, "eeg", subject)).astype(np.float64)
    rms = np.array([[np.sqrt(np.mean(channel**2)) for channel in clip] for clip in clips])
    return np.zeros((3, 1)), np.median(rms, axis=0)[:, None]


def middle_of_face(store: Store, subject: str) -> Floats:
    steps = store.gather("face", mine(store, "face", subject)).reshape(-1, 4)
    return np.append(np.median(steps[steps.any(axis=1)], axis=0).astype(np.float64)[:3], 0.0)


def of_face(store: Store, subject: str) -> tuple[Floats, Floats]:
    rows = TRAIN[store.present("face")[TRAIN]]
    centred = [
        np.clip(clip - middle_of_face(store, str(name)).astype(np.float32), -np.inf, np.inf)[clip.any(axis=1)]
        for clip, name in zip(store.gather("face", rows), store.subjects[rows], strict=True)
    ]
    spread = np.sqrt((np.concatenate(centred).astype(np.float64) ** 2).mean(axis=0))
    return middle_of_face(store, subject), np.append(spread[:3], 1.0)


def of_body(store: Store, subject: str) -> tuple[Floats, Floats]:
    rows = store.gather("body", mine(store, "body", subject)).astype(np.float64)
    rows = rows[rows.any(axis=1)]
    return rows.mean(axis=0), rows.std(axis=0)


EXPECTED = {"eeg": of_eeg, "face": of_face, "body": of_body}


@pytest.mark.parametrize("modality", ["eeg", "face", "body"])
def test_signals_are_what_the_formulas_say(store: Store, modality: str) -> None:
    x = load_inputs(store, modality, np.arange(N_CLIPS), scaler=fitted(store, modality), device=CPU)
    expected = clip_by_clip(store, modality)
    np.testing.assert_allclose(x.signal.numpy(), expected, rtol=1e-6, atol=1e-6)
    assert np.abs(expected).max() == LIMIT
    assert not x.signal.numpy()[~store.present(modality)].any()


def test_pictures_become_brightness_and_pictures_of_floats_stay(store: Store) -> None:
    rows = np.arange(N_CLIPS)
    crops = load_inputs(store, "crops", rows, scaler=fitted(store, "crops"), device=CPU).signal.numpy()
    np.testing.assert_array_equal(crops, (store.gather("crops", rows) / np.float32(255)).astype(np.float32))
    assert crops.max() == 1.0
    maps = load_inputs(store, "maps", rows, scaler=fitted(store, "maps"), device=CPU).signal.numpy()
    np.testing.assert_array_equal(maps, store.gather("maps", rows))


@pytest.mark.parametrize("modality", METAS)
def test_summaries_are_what_the_formulas_say(store: Store, modality: str) -> None:
    raw = np.concatenate([summarise(store.gather(modality, [row]), METAS[modality]) for row in range(N_CLIPS)])
    expected = np.zeros(raw.shape)
    for subject in PEOPLE:
        own = raw[mine(store, modality, subject)]
        spread = np.nanstd(own, axis=0)
        z = (own - np.nanmean(own, axis=0)) / np.where(spread > 1e-6, spread, 1.0)
        expected[mine(store, modality, subject)] = np.nan_to_num(np.clip(z, -SUMMARY_LIMIT, SUMMARY_LIMIT))
    known = load_summaries(store, modality, np.arange(N_CLIPS), scaler=fitted(store, modality))
    np.testing.assert_allclose(known, expected, atol=1e-6)


@pytest.mark.parametrize("modality", METAS)
def test_a_scaler_read_from_json_gives_the_same_to_the_bit(store: Store, modality: str) -> None:
    scaler, rows = fitted(store, modality), np.arange(N_CLIPS)[::-1]
    again = Scaler.from_json(json.loads(json.dumps(scaler.to_json())))
    assert again.known_summaries(store, rows) is None
    one, other = (load_inputs(store, modality, rows, scaler=each, device=CPU) for each in (scaler, again))
    assert torch.equal(one.signal, other.signal)
    assert torch.equal(one.summary, other.summary)


def test_summaries_are_known_of_the_own_store_and_the_people_measured_alone(store: Store) -> None:
    scaler = fit_scaler(store, "body", train_rows=TRAIN, subjects=PEOPLE[:2], limit=LIMIT)
    first, last = (np.flatnonzero(store.subjects == name) for name in (PEOPLE[0], PEOPLE[2]))
    assert scaler.known_summaries(store, first) is not None
    assert scaler.known_summaries(store, np.append(first, last)) is None
    assert scaler.known_summaries(open_store(store.shards[0].folder), first) is None
    later = scaler.knowing(store, "body", PEOPLE)
    whole = fitted(store, "body")
    np.testing.assert_array_equal(
        load_summaries(store, "body", last, scaler=later), load_summaries(store, "body", last, scaler=whole)
    )


@pytest.mark.parametrize("modality", METAS)
def test_nothing_asked_is_nothing_given(store: Store, modality: str) -> None:
    x = load_inputs(store, modality, np.zeros(0, np.int64), scaler=fitted(store, modality), device=CPU)
    assert x.signal.shape == (0, *METAS[modality].shape)
    assert len(x.summary) == 0


@pytest.mark.parametrize("modality", METAS)
def test_what_is_given_is_left_as_it_was(store: Store, modality: str) -> None:
    clips = store.gather(modality, np.arange(20))
    before = clips.copy()
    scaled = fitted(store, modality).apply(clips, store.subjects[:20])
    scaled += 1.0
    np.testing.assert_array_equal(clips, before)
