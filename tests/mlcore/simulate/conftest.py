from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mlcore.simulate import SimulationConfig, simulate_recordings
from mlcore.simulate.truth import TRUTH_NAME, TrialTruth, read_truth


@dataclass(frozen=True)
class DataSet:
    root: Path
    config: SimulationConfig
    progress: list[tuple[int, int]]
    trials: tuple[TrialTruth, ...]

    def file(self, trial: TrialTruth, pattern: str) -> Path:
        (found,) = (self.root / "Sessions" / trial.session).glob(pattern)
        return found


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """Two simulated subjects with two short trials each, in the demo's video size."""
    root = tmp_path_factory.mktemp("simulated")
    config = SimulationConfig(n_subjects=2, n_trials=2, trial_s=8.0, baseline_s=3.0, seed=5)
    progress: list[tuple[int, int]] = []
    simulate_recordings(root, config, on_progress=lambda done, total: progress.append((done, total)))
    return DataSet(root, config, progress, read_truth(root / TRUTH_NAME))
