"""convert, describe, train and score on the command line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from mlcore.commands import build_parser, main
from mlcore.store import ClipTable, ShardMeta, Store, TargetKind, TargetMeta, open_store, write_shard
from mlcore.train import load_model, score
from tests.factories.mahnob import MiniSession, write_mahnob
from tests.factories.stores import make_store

COMMANDS = {
    "convert": ("shards", "already_there", "clips", "labelled", "unlabelled", "left_out"),
    "describe": ("n_clips", "n_subjects", "modalities", "targets", "counts"),
    "train": ("model", "targets", "n_labelled", "validation", "stages"),
    "score": ("scores", "clips", "judged", "targets", "modalities"),
}
TINY = ["--set", "device=cpu", "--set", "teacher.n_epochs=2", "--set", "student.n_epochs=2"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated store whose shards carry classes, votes, levels and a trace; every fourth clip is unlabelled."""
    folder = tmp_path_factory.mktemp("labelled")
    plain, truth = make_store(folder / "plain", n_subjects=3, clips_per_subject=16, eeg_snr=2.0, face_snr=2.0, seed=5)
    for number, shard in enumerate(plain.shards):
        rows = np.arange(plain.bounds[number], plain.bounds[number + 1])
        answers = np.where(rows % 4 == 3, -1, truth["valence"][rows])
        _write_with_targets(folder / "store" / shard.folder.name, plain, rows, answers, table=shard.table)
    return folder / "store"


def _write_with_targets(folder: Path, plain: Store, rows: np.ndarray, answers: np.ndarray, *, table: ClipTable) -> None:
    targets = {
        "mood": TargetMeta(TargetKind.CLASS, classes=("bad", "so so", "good")),
        "sam": TargetMeta(TargetKind.ORDINAL, levels=3),
        "votes": TargetMeta(TargetKind.DISTRIBUTION, classes=("bad", "so so", "good")),
        "course": TargetMeta(TargetKind.TRACE, sfreq=4.0),
    }
    clips = replace(table, targets={"mood": answers, "sam": np.where(answers < 0, -1, answers + 1)})
    votes = np.where(answers[:, None] < 0, np.nan, 0.7 * np.eye(3)[answers] + 0.1)
    arrays = {name: plain.gather(name, rows) for name in ("eeg", "face")}
    meta = ShardMeta(plain.meta.modalities, targets)
    write_shard(folder, meta, clips, {**arrays, "votes": votes, "course": _course(answers)})


def _course(answers: np.ndarray) -> np.ndarray:
    """Rises towards the answer; nothing was drawn where nobody answered."""
    rising = np.linspace(0.0, 1.0, 20) * (answers[:, None] - 1.0)
    return np.where(answers[:, None] < 0, np.nan, rising)


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_every_option_and_names_what_comes_out(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert [field for field in COMMANDS[command] if f'"{field}"' not in text] == []
    (subparsers,) = (action for action in build_parser()._actions if isinstance(action.choices, dict))
    assert isinstance(subparsers.choices, dict)
    assert [action.dest for action in subparsers.choices[command]._actions if not action.help] == []


def test_convert_then_describe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_mahnob(tmp_path / "source", MiniSession(has_video=False))
    store = tmp_path / "store"
    options = ["--window-s", "1", "--target", "valence3", "--target", "felt_control", "--progress"]
    assert main(["convert", "mahnob", str(source), str(store), *options]) == 0
    told = capsys.readouterr()
    summary = json.loads(told.out.splitlines()[-1])
    assert (summary["layout"], summary["clips"], summary["labelled"]) == (
        "mahnob",
        6,
        {"valence3": 6, "felt_control": 6},
    )
    assert "100% 1 of 1 sessions, done" in told.err
    assert list(open_store(store).meta.targets) == ["valence3", "felt_control"]
    assert main(["describe", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "6 clips (0.00 h) of 1 subjects, 1 sessions, 1 trials, in 1 shards"
    assert lines[3].split() == ["eeg", "waveform", "32", "×", "128", "128", "Hz", "6", "(100%)", lines[3].split()[-1]]
    assert lines[6].split() == ["valence3", "class", "6", "(100%)", "unpleasant", "0", "neutral", "0", "pleasant", "6"]
    assert main(["describe", str(store), "--json"]) == 0
    described = last_line(capsys)["targets"]
    assert isinstance(described, dict)
    assert described["valence3"] == {
        "kind": "class",
        "n_labelled": 6,
        "counts": {"unpleasant": 0, "neutral": 0, "pleasant": 6},
    }


@pytest.mark.parametrize("target", ["mood", "sam", "votes"])
def test_train_then_score(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str) -> None:
    model, table = tmp_path / "model", tmp_path / "out" / "scores.parquet"
    assert main(["train", str(labelled), "--target", target, "--out", str(model), "--seed", "3", *TINY]) == 0
    trained = last_line(capsys)
    assert (trained["targets"], trained["n_labelled"], trained["n_unlabelled"]) == ([target], 36, 12)
    assert trained["modalities"] == ["face", "eeg"]
    assert main(["score", str(model), str(labelled), "--out", str(table), "--infer", "eeg"]) == 0
    summary = last_line(capsys)
    assert (summary["clips"], summary["judged"], summary["modalities"]) == (48, 48, ["eeg"])
    store, columns = open_store(labelled), pq.read_table(table).to_pydict()
    expected = score(load_model(model), store, np.arange(48), modalities=["eeg"])
    names = load_model(model).classes[target]
    p = np.stack([columns[f"{target}__p_{name}"] for name in names], axis=1)
    np.testing.assert_array_equal(p, expected.probabilities(target))
    assert columns[target] == [names[index] for index in p.argmax(axis=1)]
    assert columns["clip_id"] == store.clip_ids.tolist()
    # the fused opinion of one modality is that modality's, and not what both say together
    assert list(expected.alpha_by_modality) == ["eeg"]
    both = score(load_model(model), store, np.arange(48)).probabilities(target)
    assert not np.allclose(both, expected.probabilities(target), atol=1e-3)


def test_a_trace_is_trained_and_scored_beside_a_class(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, table = tmp_path / "model", tmp_path / "scores.parquet"
    assert main(["train", str(labelled), "--target", "mood", "--target", "course", "--out", str(model), *TINY]) == 0
    trained = last_line(capsys)
    assert (trained["targets"], trained["n_labelled"]) == (["mood", "course"], 36)
    assert main(["score", str(model), str(labelled), "--out", str(table)]) == 0
    columns = pq.read_table(table).to_pydict()
    expected = score(load_model(model), open_store(labelled), np.arange(48))
    np.testing.assert_array_equal(np.array(columns["course"]), expected.traces["course"])
    np.testing.assert_array_equal(np.array(columns["trace__variance"]), expected.trace_variance)
    np.testing.assert_array_equal(columns["mood"], np.array(["bad", "so so", "good"])[expected.alpha["mood"].argmax(1)])


def test_training_again_goes_on_and_gives_the_same_model(labelled: Path, tmp_path: Path) -> None:
    command = ["train", str(labelled), "--target", "mood", *TINY]
    for name in ("one", "two"):
        assert main([*command, "--out", str(tmp_path / name)]) == 0
    first = (tmp_path / "one" / "model.safetensors").read_bytes()
    assert main([*command, "--out", str(tmp_path / "one")]) == 0
    assert first == (tmp_path / "two" / "model.safetensors").read_bytes()
    assert first == (tmp_path / "one" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "STORE", "--target", "joy", "--out", "m"],
            "there is no target 'joy' in the store: it has course, mood",
        ),
        (["train", "STORE", "--target", "mood", "--out", "m", "--set", "epochs=3"], "there is no setting epochs"),
        (
            ["train", "STORE", "--target", "mood", "--out", "m", "--set", "seed"],
            "--set: expected NAME=VALUE, got 'seed'",
        ),
        (["train", "nowhere", "--target", "mood", "--out", "m"], "holds no clip store"),
        (["score", "nowhere", "STORE", "--out", "s.parquet"], "can't be read as JSON"),
        (["describe", "nowhere"], "holds no clip store"),
        (["convert", "mahnob", "nowhere", "s"], "nowhere: there is no such file or folder"),
        (["convert", "mahnob", "STORE", "s", "--label", "a=b"], "--label can't be used with the layout mahnob"),
        (["convert", "deap", "STORE", "s", "--continuous", "x"], "--continuous can't be used with the layout deap"),
        (["convert", "bids", "STORE", "s", "--levels", "a=3"], "can't be used with the layout bids without --targets"),
        (["convert", "events", "STORE", "s", "--label", "a"], "--label: expected NAME=VALUE, got 'a'"),
        (["convert", "folder", "STORE", "s"], "expected"),
    ],
)
def test_mistakes_are_one_sentence(
    labelled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(labelled) if one == "STORE" else one for one in arguments]) == 1
    told = capsys.readouterr()
    assert message in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_a_modality_that_the_model_does_not_read(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not sys.stderr.isatty()
    assert main(["train", str(labelled), "--target", "mood", "--out", str(tmp_path / "m"), *TINY]) == 0
    # no bar where nobody looks
    assert capsys.readouterr().err == ""
    assert main(["score", str(tmp_path / "m"), str(labelled), "--out", str(tmp_path / "s"), "--infer", "gaze"]) == 1
    assert "modalities: the model reads face, eeg, not gaze" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
