"""How well a round learns from simulated recordings, beside plain references on the same clips and labels.

    python -m tests.benchmarks.round_quality --seeds 11 12 13 --work FOLDER

For each simulation seed: 8 simulated subjects with 4 trials each are written, cut into clips of 5 s and made into
shards by mlcore alone. Each fold tests on two subjects that nothing else sees; 96 clips of the other six are labelled
by a simulated annotator who errs, the rest are the pool. Test clips are judged by the annotator's answers without
slips. The references are logistic regressions (C = 0.01) on the same labelled clips: EEG log band power and clip
means of the face features, each standardised within its subject without labels. All figures are mean balanced
accuracies over valence and arousal; 1/3 is chance. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from mlcore.datasets import Recording, find_recordings, read_recording
from mlcore.io.video import frame_times_s, iter_frames
from mlcore.signals import cut_windows, eeg_clip_quality, plain_name, study_eeg_stream
from mlcore.simulate import SimulationConfig, simulate_recordings
from mlcore.simulate.oracle import DIMENSIONS, SimulatedAnnotator
from mlcore.simulate.truth import TRUTH_NAME
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, open_store, write_shard
from mlcore.train import RoundConfig, RoundData, run_round
from mlcore.types import Window
from mlcore.vision import FEATURE_NAMES, FaceTracker, clip_features, face_clip_quality

WINDOW_S, SFREQ, FACE_FPS = 5.0, 128.0, 5.0
N_LABELLED, N_TEST_SUBJECTS = 96, 2
CLASSES = ("low", "middle", "high")
#: the rate of the video only sets how long the benchmark takes: faces are read 5 times a second
VIDEO_FPS = 10.0
BANDS_HZ = ((1, 4), (4, 8), (8, 13), (13, 30), (30, 45))
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


# --- simulated recordings -> shards ----------------------------------------------------------------------------------


def simulated_store(folder: Path, *, seed: int, workers: int) -> Store:
    """The shards of one simulation, made once and kept in the folder."""
    recordings, shards = folder / "recordings", folder / "shards"
    if not (recordings / TRUTH_NAME).is_file():
        shutil.rmtree(recordings, ignore_errors=True)
        simulate_recordings(recordings, SimulationConfig(seed=seed, fps=VIDEO_FPS), workers=workers)
    found = find_recordings(recordings)
    for spec in found.recordings:
        place = shards / spec.session
        if not place.exists():
            write_clips(place, read_recording(spec, found.root))
    return open_store(shards)


def write_clips(place: Path, recording: Recording) -> None:
    """One shard, as an import writes it."""
    assert recording.eeg is not None
    assert recording.eeg_info is not None
    kinds = zip(recording.eeg_info.channels, recording.eeg_info.kinds, strict=True)
    channels = tuple(plain_name(name) for name, kind in kinds if kind == "eeg")
    windows = cut_windows(
        recording.trials,
        window_s=WINDOW_S,
        hop_s=WINDOW_S,
        eeg_span=recording.eeg_span,
        video_span=recording.video_span,
        include_single_modality=True,
    )
    stream = study_eeg_stream(recording.eeg, channels, SFREQ)
    eeg = np.stack(list(stream.windows([window.start_s for window in windows], round(WINDOW_S * SFREQ))))
    eeg_quality = np.array([found.score for found in eeg_clip_quality(recording.eeg, channels, windows)])
    face, face_quality = _faces(recording, windows)
    meta = ShardMeta(
        {
            "eeg": ModalityMeta(ModalityKind.WAVEFORM, eeg.shape[1:], sfreq=SFREQ, unit="µV", channels=channels),
            "face": ModalityMeta(ModalityKind.SEQUENCE, face.shape[1:], sfreq=FACE_FPS, channels=tuple(FEATURE_NAMES)),
        }
    )
    quality = {"eeg": eeg_quality, "face": face_quality}
    write_shard(place, meta, _table(recording, windows, quality), {"eeg": eeg, "face": face})


def _faces(recording: Recording, windows: Sequence[Window]) -> tuple[NDArray[np.float32], Floats]:
    assert recording.video_path is not None
    with TemporaryDirectory() as folder, FaceTracker(Path(folder), feature_fps=FACE_FPS) as tracker:
        for video_s, frame in iter_frames(recording.video_path, every_s=1 / FACE_FPS):
            tracker.add(video_s, frame)
        track, times_s = tracker.finish(), frame_times_s(recording.video_path)
        features, quality = [], []
        for start_s in (recording.clock.to_video(window.start_s) for window in windows):
            stop_s = start_s + WINDOW_S
            features.append(clip_features(track, start_s=start_s, stop_s=stop_s, fps=FACE_FPS))
            quality.append(face_clip_quality(track, start_s=start_s, stop_s=stop_s, frame_times_s=times_s).score)
    return np.stack(features), np.array(quality)


def _table(recording: Recording, windows: Sequence[Window], quality: dict[str, Floats]) -> ClipTable:
    spec, n_clips = recording.spec, len(windows)
    return ClipTable(
        clip_id=np.array([f"{spec.session}-{row}" for row in range(n_clips)]),
        subject=np.full(n_clips, spec.subject),
        session=np.full(n_clips, spec.session),
        trial=np.array([window.trial for window in windows], dtype=np.int64),
        start_s=np.array([window.start_s for window in windows]),
        stop_s=np.array([window.stop_s for window in windows]),
        present={
            "eeg": np.array([window.has_eeg for window in windows]),
            "face": np.array([window.has_face for window in windows]),
        },
        quality={name: np.clip(np.nan_to_num(values), 0.0, 1.0) for name, values in quality.items()},
    )


# --- labels and folds ------------------------------------------------------------------------------------------------


def answers(store: Store, annotator: SimulatedAnnotator) -> Integers:
    """Class of every clip (n, targets); −1 = can't tell."""
    keys = zip(store.subjects, store.sessions, store.trials, store.start_s, store.stop_s, strict=True)
    given = (annotator.answer(str(a), str(b), int(c), float(d), float(e)) for a, b, c, d, e in keys)
    return np.array([[answer[name] if answer else -1 for name in DIMENSIONS] for answer in given], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one fold."""

    labelled: Integers
    test: Integers
    pool: Integers


def splits(store: Store, said: Integers, true: Integers, *, n_labelled: int, seed: int) -> Iterator[Split]:
    """Every subject is tested once."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.unique(store.subjects))
    for first in range(0, len(order), N_TEST_SUBJECTS):
        is_test = np.isin(store.subjects, order[first : first + N_TEST_SUBJECTS])
        others = rng.permutation(np.flatnonzero(~is_test & (said >= 0).all(axis=1)))
        test = np.flatnonzero(is_test & (true >= 0).all(axis=1))
        yield Split(np.sort(others[:n_labelled]), test, np.sort(others[n_labelled:]))


# --- references and rounds -------------------------------------------------------------------------------------------


def band_power(store: Store) -> Floats:
    """Log band power of every clip (n, channels × bands)."""
    power = np.abs(np.fft.rfft(store.gather("eeg", np.arange(store.n_clips)), axis=2)) ** 2
    hz = np.fft.rfftfreq(store.meta.modalities["eeg"].shape[1], 1 / SFREQ)
    bands = [np.log(power[:, :, (hz >= low) & (hz < high)].mean(axis=2) + 1e-9) for low, high in BANDS_HZ]
    return np.concatenate(bands, axis=1)


def within_subjects(features: Floats, subjects: NDArray[np.str_]) -> Floats:
    """Standardised by each subject's own clips."""
    out = np.empty_like(features, dtype=np.float64)
    for subject in np.unique(subjects):
        mine = features[subjects == subject]
        out[subjects == subject] = (mine - mine.mean(axis=0)) / (mine.std(axis=0) + 1e-6)
    return out


def reference(features: Floats, split: Split, said: Integers, true: Integers) -> float:
    """Mean balanced accuracy of logistic regression."""
    scores = []
    for target in range(said.shape[1]):
        model = LogisticRegression(C=0.01, max_iter=1000).fit(features[split.labelled], said[split.labelled, target])
        scores.append(balanced_accuracy_score(true[split.test, target], model.predict(features[split.test])))
    return float(np.mean(scores))


def round_scores(
    store: Store, split: Split, said: Integers, true: Integers, *, config: RoundConfig, folder: Path
) -> dict[str, float]:
    """Mean balanced accuracies of a round's modalities, and what it cost."""
    shutil.rmtree(folder, ignore_errors=True)
    data = RoundData(
        store=store,
        classes=dict.fromkeys(DIMENSIONS, CLASSES),
        labelled_rows=split.labelled,
        targets=_one_hot(said[split.labelled]),
        test_rows=split.test,
        test_targets=_one_hot(true[split.test]),
        pool_rows=split.pool,
    )
    started_s = time.process_time()
    result = run_round(
        data, config, seed=0, folder=folder, on_progress=lambda progress: None, should_stop=lambda: False
    )
    by_modality = result.metrics["by_modality"]
    names = {"student_eeg": "eeg", "teacher_face": "face", "fused": "fused"}
    scores = {name: float(by_modality[key]["mean_balanced_accuracy"]) for name, key in names.items()}
    return scores | {"cpu_s": time.process_time() - started_s}


def _one_hot(classes: Integers) -> dict[str, NDArray[np.float32]]:
    eye = np.eye(len(CLASSES), dtype=np.float32)
    return {name: eye[classes[:, column]] for column, name in enumerate(DIMENSIONS)}


def of_seed(folder: Path, *, seed: int, n_labelled: int, config: RoundConfig, workers: int) -> dict[str, float]:
    """Means over the folds of one simulation."""
    store = simulated_store(folder, seed=seed, workers=workers)
    truth = folder / "recordings" / TRUTH_NAME
    said = answers(store, SimulatedAnnotator(truth, seed=1))
    true = answers(store, SimulatedAnnotator(truth, seed=0, flip_rate=0.0))
    eeg = within_subjects(band_power(store), store.subjects)
    face = within_subjects(store.gather("face", np.arange(store.n_clips)).mean(axis=1), store.subjects)
    rows = []
    for split in splits(store, said, true, n_labelled=n_labelled, seed=seed):
        plain = {f"reference_{name}": reference(x, split, said, true) for name, x in (("eeg", eeg), ("face", face))}
        rows.append(plain | round_scores(store, split, said, true, config=config, folder=folder / "round"))
    return {name: round(float(np.mean([row[name] for row in rows])), 3) for name in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a round learns from simulated recordings.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--labelled", type=int, default=N_LABELLED, help=f"labelled clips (default {N_LABELLED})")
    parser.add_argument("--work", type=Path, required=True, help="folder for recordings and shards; kept")
    parser.add_argument("--workers", type=int, default=1, help="processes that simulate (default 1)")
    parser.add_argument("--config", type=json.loads, default={}, help="settings of the round as JSON")
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = RoundConfig.from_json({"device": "cpu", **args.config})
    seeds = {
        str(seed): of_seed(
            args.work / str(seed), seed=seed, n_labelled=args.labelled, config=config, workers=args.workers
        )
        for seed in args.seeds
    }
    mean = {
        name: round(float(np.mean([one[name] for one in seeds.values()])), 3) for name in next(iter(seeds.values()))
    }
    report = {"labelled_clips": args.labelled, "by_seed": seeds, "mean": mean}
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
