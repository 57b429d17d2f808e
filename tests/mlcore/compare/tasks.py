"""Tasks on small simulated stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Floats, Rows, Task
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, TargetKind, open_store, write_shard
from tests.factories.stores import Classes

Simulated = tuple[Store, Classes]

NAMES = ("low", "middle", "high")
N_STEPS = 10


#: of the small store's EEG: 2 s at 128 Hz
CHANNELS = ("Fp1", "Fp2", "F3", "F4", "Fz", "O1", "O2")
SFREQ, N_TIMES, N_STEPS_OF_FACE = 128.0, 256, 8
N_SUBJECTS, N_CLIPS = 6, 16


def make_small_store(folder: Path) -> Simulated:
    """Simulated clips whose class is which side's 10 Hz is strong, and the mean of the face's features."""
    rng = np.random.default_rng(1)
    truth = [rng.permutation(np.arange(N_CLIPS) % 3) for _ in range(N_SUBJECTS)]
    for number, classes in enumerate(truth):
        lacks = rng.permutation(np.arange(N_CLIPS) % 5)  # 0 = no EEG, 1 = no face
        present = {"eeg": lacks != 0, "face": lacks != 1}
        arrays = {"eeg": _eeg(rng, classes), "face": _face(rng, classes)}
        for name, array in arrays.items():
            array[~present[name]] = 0.0
        write_shard(folder / f"s{number}", _META, _table(number, present), arrays)
    return open_store(folder), {"valence": np.concatenate(truth)}


_META = ShardMeta(
    {
        "eeg": ModalityMeta(ModalityKind.WAVEFORM, (len(CHANNELS), N_TIMES), "float32", SFREQ, "µV", CHANNELS),
        "face": ModalityMeta(ModalityKind.SEQUENCE, (N_STEPS_OF_FACE, 5), "float32", 4.0),
    }
)


def _eeg(rng: np.random.Generator, classes: Rows) -> NDArray[np.float32]:
    eeg = rng.standard_normal((len(classes), len(CHANNELS), N_TIMES))
    phase = rng.uniform(0, 2 * np.pi, (len(classes), 1))
    wave = np.sin(2 * np.pi * 10.0 * np.arange(N_TIMES) / SFREQ + phase)
    for side in (1, 2):  # class 1 left, class 2 right
        channels = [place for place, name in enumerate(CHANNELS) if name[-1] in "135" and side == 1]
        channels += [place for place, name in enumerate(CHANNELS) if name[-1] in "246" and side == 2]
        eeg[np.ix_(classes == side, channels)] += 1.5 * wave[classes == side][:, None]
    return np.asarray(10.0 * eeg, dtype=np.float32)


def _face(rng: np.random.Generator, classes: Rows) -> NDArray[np.float32]:
    face = rng.standard_normal((len(classes), N_STEPS_OF_FACE, 5))
    face[..., 0] += classes[:, None] - 1.0
    return np.asarray(face, dtype=np.float32)


def _table(number: int, present: dict[str, NDArray[np.bool_]]) -> ClipTable:
    start_s = 2.0 * np.arange(N_CLIPS, dtype=np.float64)
    return ClipTable(
        clip_id=np.array([f"s{number}-{row:02d}" for row in range(N_CLIPS)]),
        subject=np.full(N_CLIPS, f"s{number}"),
        session=np.full(N_CLIPS, f"session-{number}"),
        trial=np.arange(N_CLIPS) // 4 + 1,
        start_s=np.asarray(start_s),
        stop_s=np.asarray(start_s + 2.0),
        present=present,
        quality={name: column.astype(np.float64) for name, column in present.items()},
    )


def class_task(
    store: Store,
    truth: Classes,
    folder: Path,
    *,
    modalities: tuple[str, ...] = ("eeg", "face"),
    infer: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Task:
    """Valence in three classes; the last two subjects are asked about."""
    train, test = split(store)
    return Task(
        store=store,
        target="valence",
        kind=TargetKind.CLASS,
        classes=NAMES,
        train=train,
        y=np.eye(3)[truth["valence"][train]],
        test=test,
        modalities=modalities,
        infer=modalities if infer is None else infer,
        seed=seed,
        folder=folder,
    )


def trace_task(store: Store, truth: Classes, folder: Path, *, modalities: tuple[str, ...] = ("eeg", "face")) -> Task:
    """A curve (n, 10) whose level is the class, −1, 0 or 1, with a slope, noise and a step that nobody scored."""
    train, test = split(store)
    return Task(
        store=store,
        target="trace",
        kind=TargetKind.TRACE,
        classes=(),
        train=train,
        y=traces(truth, train),
        test=test,
        modalities=modalities,
        infer=modalities,
        seed=0,
        folder=folder,
    )


def traces(truth: Classes, rows: Rows) -> Floats:
    level = truth["valence"][rows][:, None] - 1.0
    curve = level + 0.05 * np.arange(N_STEPS) + 0.1 * np.random.default_rng(5).standard_normal((len(rows), N_STEPS))
    curve[::3, 2] = np.nan
    return np.asarray(curve)


def split(store: Store) -> tuple[Rows, Rows]:
    is_test = np.isin(store.subjects, np.unique(store.subjects)[-2:])
    return np.flatnonzero(~is_test), np.flatnonzero(is_test)


def never() -> bool:
    return False
