"""Closed loops on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mlcore.commands import build_parser, main
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.simulate.truth import TRUTH_NAME
from mlcore.types import JsonObject, Strategy

CONFIG = StoreConfig(n_subjects=5, n_trials=4, clips_per_trial=3, n_channels=4, dead_both_share=0.3, seed=911)
OPTIONS = ["--target", "valence3", "--start", "8", "--batch", "8", "--seeds", "2", "--quiet"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_store(tmp_path_factory.mktemp("al") / "store", CONFIG)


def _al(store: Path, capsys: pytest.CaptureFixture[str], *more: str) -> JsonObject:
    assert main(["simulate-al", str(store), *OPTIONS, "--json", *more]) == 0
    found: JsonObject = json.loads(capsys.readouterr().out)
    return found


def _keys(item: object) -> set[str]:
    if isinstance(item, dict):
        return set(item) | {key for value in item.values() for key in _keys(value)}
    if isinstance(item, list):
        return {key for value in item for key in _keys(value)}
    return set()


def test_help_explains_options_strategies_and_every_field(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    with pytest.raises(SystemExit, match="0"):
        main(["simulate-al", "--help"])
    text = capsys.readouterr().out
    (subparsers,) = (action for action in build_parser()._actions if isinstance(action.choices, dict))
    assert isinstance(subparsers.choices, dict)
    assert [action.dest for action in subparsers.choices["simulate-al"]._actions if not action.help] == []
    assert [name for name in Strategy if name not in text] == []
    told = _al(store, capsys, "--strategy", "policy")
    of_runs = {"points", "score"}
    shares = {"90", "95", "99", "main", "second_opinion", "policy", "audit", "rest", "repeat_other", "repeat_own"}
    unexplained = {key for key in _keys(told) - of_runs - shares - {"relabel", "cold_start"} if f'"{key}"' not in text}
    assert unexplained == set()


def test_equal_options_give_equal_json_and_random_runs_along(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, again = (_al(store, capsys, "--strategy", "gated-entropy") for _ in range(2))
    assert one == again
    assert [row["strategy"] for row in one["strategies"]] == ["random", "gated-random", "gated-entropy"]
    assert (one["target"], one["oracle"], one["model"]) == ("valence3", "clean", "fast")
    other = _al(store, capsys, "--strategy", "gated-entropy", "--seed", "2")
    assert other["strategies"][0]["by_seed"] != one["strategies"][0]["by_seed"]


def test_without_the_truth_everything_is_the_same(
    store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    (copy / TRUTH_NAME).unlink()
    names = ["--strategy", "policy", "entropy"]
    assert _al(copy, capsys, *names) == _al(store, capsys, *names)


def test_it_goes_on_where_it_stopped(store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out, parts = tmp_path / "out.json", tmp_path / "out.json.parts"
    whole = _al(store, capsys, "--strategy", "entropy", "--out", str(out))
    assert json.loads(out.read_text(encoding="utf-8")) == whole
    files = sorted(path.name for path in parts.iterdir())
    assert files == [f"{seed}-{name}.json" for seed in (0, 1) for name in ("entropy", "full", "gated-random", "random")]
    (parts / "0-entropy.json").unlink()
    (parts / "1-full.json").write_text("{", encoding="utf-8")
    kept = parts / "1-random.json"
    marked = json.loads(kept.read_text(encoding="utf-8"))
    marked["content"]["points"][0]["score"] = 0.0
    kept.write_text(json.dumps(marked), encoding="utf-8")
    again = _al(store, capsys, "--strategy", "entropy", "--out", str(out))
    # what was kept is taken up as it is, what was lost is made anew
    assert again["strategies"][0]["by_seed"][1]["points"][0]["score"] == 0.0
    assert again["strategies"][2]["by_seed"] == whole["strategies"][2]["by_seed"]
    assert again["full_scores"] == whole["full_scores"]


def test_runs_with_other_options_are_not_taken_up(
    store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    parts = ["--parts", str(tmp_path / "parts")]
    _al(store, capsys, *parts)
    other = _al(store, capsys, *parts, "--oracle", "flip:0.3")
    assert other == _al(store, capsys, "--oracle", "flip:0.3")


def test_the_table_has_a_line_a_strategy(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate-al", str(store), *OPTIONS, "--strategy", "margin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["strategy", "---", "random", "gated-random", "margin"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--strategy", "luck"], "no strategy 'luck': expected one of random, entropy"),
        (["--oracle", "liar"], "oracle 'liar': expected clean, flip:R"),
        (["--target", "valence9"], "target 'valence9': expected classes or votes, one of arousal3, signal"),
        (["--start", "400"], "more than 400 clips to ask about"),
    ],
)
def test_wrong_options_are_one_sentence(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["simulate-al", str(store), *OPTIONS, *arguments]) == 1
    assert message in capsys.readouterr().err
