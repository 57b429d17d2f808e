"""Bad input, format × fault: a sentence that names file and reason, or a recording that warns. Nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.eeg_faults import Cell, cells
from tests.factories.judge import SECONDS, Outcome, judge

CELLS = list(cells())


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All cells, opened and read in a process with a gigabyte of memory and ten seconds for each."""
    made = {cell.name: _made(cell, tmp_path_factory.mktemp("cell")) for cell in CELLS}
    out: dict[str, Outcome] = {}
    for sfreq in {cell.sfreq for cell in CELLS}:
        names = [cell.name for cell in CELLS if cell.sfreq == sfreq]
        out |= dict(zip(names, _all_outcomes([made[name] for name in names], sfreq), strict=True))
    return out


def _made(cell: Cell, folder: Path) -> Path:
    return cell.make(folder)


def _all_outcomes(paths: list[Path], sfreq: float | None) -> Iterator[Outcome]:
    """A process that dies takes one file with it; the next one goes on behind that."""
    while paths:
        judged = judge(paths, sfreq=sfreq)
        yield from judged
        paths = paths[len(judged) :]


def test_every_cell_has_its_own_name() -> None:
    assert len({cell.name for cell in CELLS}) == len(CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_cell(cell: Cell, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[cell.name]
    assert outcome.crash is None
    assert outcome.seconds < SECONDS
    if cell.is_borne:
        assert outcome.refusal is None
        assert outcome.n_samples > 0
        assert len(set(outcome.channels)) == len(outcome.channels)
        assert not cell.says or any(re.search(cell.says, warning) for warning in outcome.warnings), outcome.warnings
        return
    assert outcome.refusal is not None
    assert re.search(cell.says, outcome.refusal), outcome.refusal
    _assert_sentence(outcome)


def _assert_sentence(outcome: Outcome) -> None:
    path = Path(outcome.path)
    names = [part.name for part in path.parent.iterdir()]
    assert any((outcome.refusal or "").startswith(f"{name}: ") for name in names), outcome.refusal
    assert str(path.parent) not in (outcome.refusal or "")
    assert "\n" not in (outcome.refusal or "")
    assert (outcome.refusal or "").rstrip(")").endswith(".")
