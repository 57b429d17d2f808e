from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, entropy
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from mlcore.errors import LayoutError
from mlcore.simulate.course import class_of
from mlcore.simulate.oracle import SimulatedAnnotator
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.simulate.truth import TRUTH_NAME, TrialTruth, read_truth
from mlcore.store import UNLABELLED, Store, describe, open_store
from tests.mlcore.simulate.reference import TARGETS, reference, standardised

TINY = StoreConfig(n_subjects=2, n_trials=2, clips_per_trial=2, n_channels=4, seed=3)
#: annotators who see exactly what was felt
EXACT = StoreConfig(annotator_noise=0.0, annotator_bias=0.0, label_noise=0.0, n_channels=4, face_fps=1.0, seed=5)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_store(tmp_path_factory.mktemp("default") / "store", StoreConfig(seed=901))


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in whose EEG the emotion is so strong that a careless measure of quality would tell it."""
    return simulate_store(tmp_path_factory.mktemp("loud") / "store", StoreConfig(eeg_snr=4.0, seed=903))


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _trials(folder: Path) -> list[TrialTruth]:
    """The truth of each clip's trial, in the store's order."""
    by_session = {trial.session: trial for trial in read_truth(folder / TRUTH_NAME)}
    return [by_session[session] for session in open_store(folder).sessions]


def _true_means(folder: Path, dimension: str) -> NDArray[np.float64]:
    store = open_store(folder)
    times_s = zip(_trials(folder), store.start_s, store.stop_s, strict=True)
    return np.array([trial.mean(dimension, start_s, stop_s) for trial, start_s, stop_s in times_s])


def _true_classes(folder: Path, dimension: str) -> NDArray[np.int64]:
    return np.array([class_of(value) for value in _true_means(folder, dimension)])


def _vote_entropy(store: Store) -> float:
    return float(entropy(store.target("valence_votes"), axis=1).mean())


def test_the_same_configuration_writes_the_same_bytes(tmp_path: Path) -> None:
    one, again, other = (
        _hashes(simulate_store(tmp_path / name, config))
        for name, config in (("one", TINY), ("again", TINY), ("other", replace(TINY, seed=4)))
    )
    assert one == again
    assert one.keys() == other.keys()
    assert {name for name in one if one[name] == other[name]} == {"s001/meta.json", "s002/meta.json"}


def test_one_parameter_changes_one_thing(tmp_path: Path) -> None:
    usual = _hashes(simulate_store(tmp_path / "usual", TINY))
    silent = _hashes(simulate_store(tmp_path / "silent", replace(TINY, eeg_snr=0.0)))
    changed = {name for name in usual if usual[name] != silent[name]}
    # the table holds the measured quality of the EEG, the truth file the configuration
    assert {Path(name).name for name in changed} <= {"eeg.npy", "clips.parquet", TRUTH_NAME}
    assert "s001/eeg.npy" in changed


def test_what_the_default_holds(default: Path) -> None:
    told = describe(open_store(default))
    assert [told[key] for key in ("n_shards", "n_clips", "n_subjects", "n_sessions", "n_trials", "hours")] == [
        *(12, 360, 12, 120, 120, 0.4)
    ]
    eeg, face = told["modalities"]["eeg"], told["modalities"]["face"]
    assert (eeg["kind"], eeg["shape"], eeg["sfreq"], eeg["unit"], eeg["n_present"]) == (
        *("waveform", [16, 512], 128.0, "µV", 360),
    )
    assert (face["kind"], face["shape"], face["sfreq"], face["n_present"]) == ("sequence", [20, 24], 5.0, 360)
    assert {name: target["kind"] for name, target in told["targets"].items()} == {
        "valence3": "class",
        "arousal3": "class",
        "valence_votes": "distribution",
        "valence9": "ordinal",
        "valence": "trace",
    }
    assert {target["n_labelled"] for target in told["targets"].values()} == {360}
    for name in TARGETS:
        assert min(told["targets"][name]["counts"].values()) > 360 / 5
    store = open_store(default)
    assert store.meta.modalities["eeg"].channels[:2] == ("Fp1", "Fp2")
    assert store.target("valence").shape == (360, 16)
    assert np.abs(store.target("valence")).max() <= 1.0


def test_signals_have_the_size_of_recorded_ones(default: Path) -> None:
    store = open_store(default)
    eeg = store.gather("eeg", np.arange(store.n_clips))
    assert 8.0 < np.median(eeg.std(axis=2)) < 40.0
    face = store.gather("face", np.arange(store.n_clips))
    assert set(np.unique(face[..., -1])) == {0.0, 1.0}
    assert not face[face[..., -1] == 0.0].any()


def test_the_default_is_hard_for_the_plain_reference(default: Path) -> None:
    found = reference(open_store(default))
    assert 0.42 < found["eeg"] < 0.52
    assert 0.60 < found["face"] < 0.72


@pytest.mark.parametrize("silent", ["eeg", "face"])
def test_a_modality_without_signal_is_at_chance(tmp_path: Path, silent: str) -> None:
    default = StoreConfig(seed=902)
    config = replace(default, eeg_snr=0.0) if silent == "eeg" else replace(default, face_snr=0.0)
    found = reference(open_store(simulate_store(tmp_path / "store", config)))
    # two targets of 120 independent trials, 99 %
    assert abs(found[silent] - 1 / 3) < 2.58 * np.sqrt(2 / 9 / 240)
    assert found["face" if silent == "eeg" else "eeg"] > 0.42


def _from_quality(store: Store, target: str) -> float:
    """Balanced accuracy, in folds without shared subjects, of a regression on the quality columns and their squares."""
    raw = np.column_stack([store.quality("eeg"), store.quality("face")])
    own = standardised(raw, store.subjects, np.ones(store.n_clips, dtype=np.bool_))
    model, answers = LogisticRegression(class_weight="balanced"), store.target(target)
    columns = np.column_stack([own, own**2])
    said = cross_val_predict(model, columns, answers, groups=store.subjects, cv=GroupKFold(5))
    return float(balanced_accuracy_score(answers, said))


@pytest.mark.parametrize("target", TARGETS)
def test_quality_tells_nothing_about_the_classes(default: Path, loud: Path, target: str) -> None:
    # 120 independent trials in each store, 99 %
    found = np.mean([_from_quality(open_store(folder), target) for folder in (default, loud)])
    assert abs(found - 1 / 3) < 2.58 * np.sqrt(2 / 9 / 240)


def test_quality_falls_where_something_disturbs(default: Path) -> None:
    store, trials = open_store(default), _trials(default)
    n_bad = np.array([len(trial.item["bad_channels"]) for trial in trials])
    assert store.quality("eeg")[n_bad >= 4].mean() < store.quality("eeg")[n_bad == 0].mean() - 0.05
    spans = zip(trials, store.start_s, store.stop_s, strict=True)
    hidden = np.array([trial.artefact_share(("occlusion",), start_s, stop_s) for trial, start_s, stop_s in spans])
    assert np.corrcoef(hidden, store.quality("face"))[0, 1] < -0.9


def test_exact_annotators_say_what_was_felt(tmp_path: Path) -> None:
    folder = simulate_store(tmp_path / "store", EXACT)
    store = open_store(folder)
    for dimension in ("valence", "arousal"):
        assert np.array_equal(store.target(f"{dimension}3"), _true_classes(folder, dimension))
    assert np.array_equal(store.target("valence_votes").argmax(axis=1), store.target("valence3"))
    assert _vote_entropy(store) == 0.0
    means = _true_means(folder, "valence")
    assert np.allclose(store.target("valence").mean(axis=1), means, atol=0.02)
    assert np.abs(store.target("valence9") - (5 + 4 * means)).max() <= 0.51


def test_the_share_of_slips_is_the_one_asked_for(tmp_path: Path) -> None:
    folder = simulate_store(tmp_path / "store", replace(EXACT, label_noise=0.25))
    store = open_store(folder)
    for dimension in ("valence", "arousal"):
        far = np.abs(store.target(f"{dimension}3") - _true_classes(folder, dimension))
        assert set(far) == {0, 1}
        interval = binomtest(int(far.sum()), store.n_clips).proportion_ci(confidence_level=0.99)
        assert interval.low < 0.25 < interval.high


def test_the_first_annotator_is_one_of_the_voters(default: Path) -> None:
    store = open_store(default)
    votes = store.target("valence_votes")
    assert np.allclose(votes * 3, np.rint(votes * 3), atol=1e-5)
    assert (votes[np.arange(store.n_clips), store.target("valence3")] > 0.3).all()
    assert _vote_entropy(store) > 0.1


def test_annotators_disagree_about_ambiguous_trials(tmp_path: Path) -> None:
    config = replace(EXACT, annotator_noise=0.08, annotator_bias=0.06, n_annotators=5)
    clear, mixed = (
        open_store(simulate_store(tmp_path / str(share), replace(config, ambiguous_share=share)))
        for share in (0.0, 1.0)
    )
    assert _vote_entropy(mixed) > 2.0 * _vote_entropy(clear)


def test_traces_follow_what_was_felt_with_noise(default: Path) -> None:
    store, trials = open_store(default), _trials(default)
    traces = store.target("valence").astype(np.float64)
    grid_s = store.start_s[:, None] + (np.arange(16) + 0.5) / 4.0
    felt = np.array(
        [
            np.interp(times_s, np.arange(trial.valence.size) / trial.sfreq, trial.valence)
            for trial, times_s in zip(trials, grid_s, strict=True)
        ]
    )
    error = traces - felt
    assert np.corrcoef(traces.ravel(), felt.ravel())[0, 1] > 0.9
    assert 0.08 < np.sqrt(np.mean(error**2)) < 0.3


def test_clips_of_one_trial_differ(default: Path) -> None:
    means = _true_means(default, "valence").reshape(120, 3)
    assert 0.08 < np.median(means.std(axis=1)) < 0.4
    classes = open_store(default).target("valence3").reshape(120, 3)
    assert 0.2 < np.mean([len(set(trial)) > 1 for trial in classes]) < 0.9


def test_nothing_but_simulated_annotators_needs_the_truth(default: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(default, copy)
    (copy / TRUTH_NAME).unlink()
    with_truth, without = open_store(default), open_store(copy)
    assert describe(with_truth) == describe(without)
    assert reference(with_truth) == reference(without)
    inside = {path.name for path in copy.rglob("*") if path.is_file()}
    assert inside == {"meta.json", "clips.parquet", "eeg.npy", "face.npy", "valence.npy", "valence_votes.npy"}


def test_simulated_annotators_answer_the_clips(default: Path) -> None:
    store = open_store(default)
    annotator = SimulatedAnnotator(default / TRUTH_NAME, seed=1, flip_rate=0.0, abstain_rate=0.0, bias=0.0, noise=0.0)
    columns = (store.subjects, store.sessions, store.trials, store.start_s, store.stop_s)
    answers = [
        annotator.respond(str(subject), str(session), int(trial), float(start_s), float(stop_s)).values
        for subject, session, trial, start_s, stop_s in zip(*columns, strict=True)
    ]
    for dimension in ("valence", "arousal"):
        assert [answer[dimension] for answer in answers] == list(_true_classes(default, dimension))


def test_missing_modalities_and_labels_have_the_shares_asked_for(tmp_path: Path) -> None:
    config = replace(EXACT, missing_eeg_share=0.1, missing_face_share=0.25, labelled_share=0.3)
    store = open_store(simulate_store(tmp_path / "store", config))
    eeg, face = store.present("eeg"), store.present("face")
    assert ((~eeg).sum(), (~face).sum(), (~eeg & ~face).sum()) == (36, 90, 0)
    for name, present in (("eeg", eeg), ("face", face)):
        assert not store.gather(name, np.flatnonzero(~present)).any()
        assert not store.quality(name)[~present].any()
        assert store.quality(name)[present].mean() > 0.5
    labelled = store.target("valence3") != UNLABELLED
    assert labelled.sum() == 108
    assert np.array_equal(store.target("arousal3") != UNLABELLED, labelled)
    assert np.array_equal(store.target("valence9") != UNLABELLED, labelled)
    assert np.array_equal(~np.isnan(store.target("valence")).any(axis=1), labelled)
    assert np.array_equal(~np.isnan(store.target("valence_votes")).any(axis=1), labelled)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LayoutError, match="is not empty; simulate into an empty folder"):
        simulate_store(tmp_path, TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_progress_counts_subjects(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate_store(tmp_path / "store", TINY, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
