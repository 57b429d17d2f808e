"""Small simulated stores whose classes can be learnt: the truth is returned, never stored in the shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, open_store, write_shard

N_CHANNELS, SFREQ, WINDOW_S, FPS = 32, 128.0, 5.0, 5.0
TARGETS = ("valence", "arousal")
#: each target has its own rhythm in the EEG: alpha for valence, beta for arousal
RHYTHM_HZ = {"valence": 10.0, "arousal": 20.0}
CLIPS_PER_TRIAL = 4
Classes = dict[str, NDArray[np.int64]]


def make_store(
    folder: Path,
    *,
    n_subjects: int,
    clips_per_subject: int,
    classes: int = 3,
    eeg_snr: float = 1.0,
    face_snr: float = 1.0,
    n_face_features: int = 16,
    missing_share: float = 0.0,
    seed: int = 0,
) -> tuple[Store, Classes]:
    """One shard a subject; (store, target -> class index of each row). All of it simulated.

    A class is a spatial pattern of a rhythm's amplitude in the EEG and a mean of the features in the face. An SNR is
    the class pattern's RMS over the noise's; 0 = nothing to learn. `missing_share` of the clips lack one modality.
    """
    rng = np.random.default_rng(seed)
    patterns = {name: _centred(rng.standard_normal((classes, N_CHANNELS))) for name in TARGETS}
    means = {name: _centred(rng.standard_normal((classes, n_face_features - 1))) for name in TARGETS}
    truth: list[Classes] = []
    for number in range(n_subjects):
        answers = {name: _balanced(rng, clips_per_subject, classes) for name in TARGETS}
        present = _present(rng, clips_per_subject, missing_share)
        eeg = _eeg(rng, answers, patterns, eeg_snr)
        face = _face(rng, answers, means, face_snr)
        arrays = {"eeg": eeg * present["eeg"][:, None, None], "face": face * present["face"][:, None, None]}
        write_shard(folder / f"s{number:02d}", _meta(n_face_features), _table(number, present), arrays)
        truth.append(answers)
    return open_store(folder), {name: np.concatenate([one[name] for one in truth]) for name in TARGETS}


def _balanced(rng: np.random.Generator, n: int, classes: int) -> NDArray[np.int64]:
    """Every class equally often, in random order."""
    return rng.permutation(np.arange(n) % classes).astype(np.int64)


def _centred(pattern: NDArray[np.float64]) -> NDArray[np.float64]:
    """Classes differ from their mean by patterns of RMS 1."""
    pattern = pattern - pattern.mean(axis=0)
    return np.asarray(pattern / np.sqrt((pattern**2).mean(axis=1, keepdims=True)))


def _present(rng: np.random.Generator, n: int, share: float) -> dict[str, NDArray[np.bool_]]:
    lacks = rng.random(n) < share
    is_eeg = rng.random(n) < 0.5
    return {"eeg": ~(lacks & is_eeg), "face": ~(lacks & ~is_eeg)}


def _eeg(
    rng: np.random.Generator, answers: Classes, patterns: dict[str, NDArray[np.float64]], snr: float
) -> NDArray[np.float32]:
    n_times = round(WINDOW_S * SFREQ)
    n_clips = len(answers[TARGETS[0]])
    eeg = rng.standard_normal((n_clips, N_CHANNELS, n_times), dtype=np.float32)
    times_s = np.arange(n_times) / SFREQ
    for name in TARGETS:
        phase = rng.uniform(0, 2 * np.pi, (n_clips, 1))
        wave = np.sqrt(2) * np.sin(2 * np.pi * RHYTHM_HZ[name] * times_s + phase)
        amplitude = snr * (1.0 + 0.5 * patterns[name][answers[name]])
        eeg += (amplitude[:, :, None] * wave[:, None, :]).astype(np.float32)
    return np.asarray(10.0 * eeg, dtype=np.float32)


def _face(
    rng: np.random.Generator, answers: Classes, means: dict[str, NDArray[np.float64]], snr: float
) -> NDArray[np.float32]:
    n_times = round(WINDOW_S * FPS)
    n_clips, n_features = len(answers[TARGETS[0]]), means[TARGETS[0]].shape[1] + 1
    face = rng.standard_normal((n_clips, n_times, n_features), dtype=np.float32)
    for name in TARGETS:
        face[..., :-1] += (snr * means[name][answers[name]])[:, None, :]
    face[..., -1] = 1.0  # found
    return face


def _meta(n_face_features: int) -> ShardMeta:
    eeg = ModalityMeta(ModalityKind.WAVEFORM, (N_CHANNELS, round(WINDOW_S * SFREQ)), "float32", SFREQ, "µV")
    face = ModalityMeta(ModalityKind.SEQUENCE, (round(WINDOW_S * FPS), n_face_features), "float32", FPS)
    return ShardMeta({"eeg": eeg, "face": face})


def _table(number: int, present: dict[str, NDArray[np.bool_]]) -> ClipTable:
    n_clips = len(present["eeg"])
    start_s = np.arange(n_clips, dtype=np.float64) * WINDOW_S
    return ClipTable(
        clip_id=np.array([f"s{number:02d}-{row:04d}" for row in range(n_clips)]),
        subject=np.full(n_clips, f"s{number:02d}"),
        session=np.full(n_clips, f"session-{number:02d}"),
        trial=np.arange(n_clips) // CLIPS_PER_TRIAL + 1,
        start_s=start_s,
        stop_s=start_s + WINDOW_S,
        present=present,
        quality={name: column.astype(np.float64) for name, column in present.items()},
    )
