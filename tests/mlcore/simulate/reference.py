"""The one plain reference that simulated stores are judged by: logistic regression, nothing learnt but its weights.

`python -m tests.mlcore.simulate.reference [REGIME …] [--seeds 900 901 …]` prints its balanced accuracy in each regime.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold

from mlcore.store import UNLABELLED, Store, open_store

Floats = NDArray[np.float64]
BANDS_HZ = ((1, 4), (4, 8), (8, 13), (13, 30), (30, 45))
TARGETS = ("valence3", "arousal3")
N_CLASSES = 3


def eeg_features(store: Store) -> Floats:
    """Log power of each channel in each band (N, C · 5)."""
    clips = store.gather("eeg", np.arange(store.n_clips))
    hz, power = welch(clips, fs=store.meta.modalities["eeg"].sfreq or 1.0, nperseg=min(256, clips.shape[2]), axis=2)
    bands = [power[:, :, (hz >= low) & (hz < high)].mean(axis=2) for low, high in BANDS_HZ]
    return np.log(np.concatenate(bands, axis=1) + 1e-3)


def face_features(store: Store) -> Floats:
    """Mean and standard deviation of each feature over the steps with a face (N, 46); NaN without one."""
    clips = store.gather("face", np.arange(store.n_clips)).astype(np.float64)
    steps = np.where(clips[..., -1:] > 0, clips[..., :-1], np.nan)
    out = np.full((len(clips), 2 * steps.shape[2]), np.nan)
    held = clips[..., -1].any(axis=1)
    out[held] = np.concatenate([np.nanmean(steps[held], axis=1), np.nanstd(steps[held], axis=1)], axis=1)
    return out


def standardised(features: Floats, subjects: NDArray[np.str_], present: NDArray[np.bool_]) -> Floats:
    """Each subject's present clips at mean 0 and standard deviation 1; zeros where there is nothing."""
    out = np.zeros_like(features)
    for subject in np.unique(subjects):
        rows = (subjects == subject) & present & np.isfinite(features).all(axis=1)
        out[rows] = (features[rows] - features[rows].mean(axis=0)) / (features[rows].std(axis=0) + 1e-9)
    return out


def probabilities(
    features: Floats, answers: NDArray[np.int64], groups: NDArray[np.str_], usable: NDArray[np.bool_]
) -> Floats:
    """Out-of-fold probabilities (N, 3) of labelled clips, 1/3 each where a clip has no signal."""
    out = np.full((len(answers), N_CLASSES), np.nan)
    labelled = np.flatnonzero(answers != UNLABELLED)
    for train, test in GroupKFold(min(5, len(np.unique(groups[labelled])))).split(labelled, groups=groups[labelled]):
        learn, ask = labelled[train], labelled[test]
        out[ask] = 1.0 / N_CLASSES
        learn, ask = learn[usable[learn]], ask[usable[ask]]
        model = LogisticRegression(C=0.01, max_iter=2000).fit(features[learn], answers[learn])
        out[np.ix_(ask, model.classes_)] = model.predict_proba(features[ask])
    return out


def reference(store: Store) -> dict[str, float]:
    """Balanced accuracy of EEG, face and the mean of both probabilities, averaged over valence and arousal."""
    found: dict[str, list[float]] = {"eeg": [], "face": [], "both": []}
    features = {
        name: standardised(make(store), store.subjects, store.present(name))
        for name, make in (("eeg", eeg_features), ("face", face_features))
    }
    for target in TARGETS:
        answers = store.target(target)
        labelled = answers != UNLABELLED
        given = {
            name: probabilities(values, answers, store.subjects, store.present(name))
            for name, values in features.items()
        }
        given["both"] = (given["eeg"] + given["face"]) / 2.0
        for name, values in given.items():
            found[name].append(balanced_accuracy_score(answers[labelled], values[labelled].argmax(axis=1)))
    return {name: float(np.mean(values)) for name, values in found.items()}


def main(argv: list[str] | None = None) -> int:
    from mlcore.simulate.regimes import REGIMES, find_regime
    from mlcore.simulate.stores import simulate_store

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("regimes", nargs="*", default=list(REGIMES))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(900, 906)))
    args = parser.parse_args(argv)
    for name in args.regimes:
        rows = []
        for seed in args.seeds:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(
                    reference(open_store(simulate_store(Path(folder) / "store", find_regime(name).config(seed=seed))))
                )
        told = (
            f"{key} {np.mean([r[key] for r in rows]):.3f} ± {np.std([r[key] for r in rows]):.3f}" for key in rows[0]
        )
        sys.stdout.write(f"{name:22} {'  '.join(told)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
