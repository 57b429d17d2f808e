"""Where clips lie before there is a model, against plain numpy on small stores; and what many clips need of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlcore.acquire.features import LIMIT, pooled_features
from mlcore.nets import summarise
from mlcore.store import Store
from tests.factories.stores import make_store

N_SUBJECTS, N_CLIPS = 3, 8


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("features")
    made, _ = make_store(folder, n_subjects=N_SUBJECTS, clips_per_subject=N_CLIPS, missing_share=0.3, seed=2)
    return made


def measured(
    store: Store, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Half of what is there is of half the quality."""
    worth = np.where(rows % 2 == 0, 1.0, 0.5)
    return {name: np.where(store.present(name)[rows], worth, np.nan) for name in ("eeg", "face")}


def test_they_are_z_scores_within_the_subject_times_quality(store: Store) -> None:
    rows = np.arange(store.n_clips)
    quality, subject = measured(store, rows), rows // N_CLIPS
    found = pooled_features(store, rows, subject=subject, quality=quality)
    parts = []
    for name, meta in store.meta.modalities.items():
        x = summarise(store.gather(name, rows), meta)
        z = np.zeros_like(x)
        for person in range(N_SUBJECTS):
            mine = (subject == person) & ~np.isnan(quality[name])
            z[mine] = (x[mine] - x[mine].mean(axis=0)) / np.where(x[mine].std(axis=0) > 1e-6, x[mine].std(axis=0), 1.0)
        z = np.clip(z, -LIMIT, LIMIT) * np.nan_to_num(quality[name])[:, None]
        parts.append(z / np.sqrt(z.shape[1]))
    np.testing.assert_allclose(found, np.concatenate(parts, axis=1), atol=1e-5)


def test_what_is_absent_or_worthless_lies_at_the_subjects_mean(store: Store) -> None:
    rows = np.arange(store.n_clips)
    quality = measured(store, rows)
    quality["face"] = np.where(rows == 3, 0.0, quality["face"])
    found = pooled_features(store, rows, subject=rows // N_CLIPS, quality=quality)
    n_eeg = summarise(store.gather("eeg", [0]), store.meta.modalities["eeg"]).shape[1]
    assert not found[3, n_eeg:].any()
    lacks_eeg = ~store.present("eeg")
    assert lacks_eeg.any()
    assert not found[lacks_eeg, :n_eeg].any()
    assert found[~lacks_eeg, :n_eeg].any(axis=1).all()


def test_the_order_of_the_rows_changes_nothing_but_their_order(store: Store) -> None:
    rows = np.random.default_rng(0).permutation(store.n_clips)
    whole = pooled_features(
        store,
        np.arange(store.n_clips),
        subject=np.arange(store.n_clips) // N_CLIPS,
        quality=measured(store, np.arange(store.n_clips)),
    )
    found = pooled_features(store, rows, subject=rows // N_CLIPS, quality=measured(store, rows))
    np.testing.assert_allclose(found, whole[rows], atol=1e-6)


def test_a_modality_whose_quality_nobody_tells_is_passed_over(store: Store) -> None:
    rows = np.arange(4)
    face = measured(store, rows)["face"]
    found = pooled_features(store, rows, subject=np.zeros(4, dtype=np.int64), quality={"face": face})
    assert found.shape == (4, summarise(store.gather("face", [0]), store.meta.modalities["face"]).shape[1])


#: prints, in MiB, by how much the most that was resident grew, and how large the signals are that were read
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from mlcore.acquire.features import pooled_features
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, open_store, write_shard

def most_mib():
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024

folder, n_shards, n = Path(sys.argv[1]), 16, 120
meta = ShardMeta({"eeg": ModalityMeta(ModalityKind.WAVEFORM, (32, 1280), "float32", 256.0, "µV")})
eeg = np.random.default_rng(0).standard_normal((n, 32, 1280), dtype=np.float32)
for at in range(n_shards):
    names = np.full(n, f"s{at}")
    table = ClipTable(
        clip_id=np.array([f"s{at}-{row}" for row in range(n)]), subject=names, session=names,
        trial=np.ones(n, dtype=np.int64), start_s=np.arange(n) * 5.0, stop_s=np.arange(n) * 5.0 + 5.0,
        present={"eeg": np.ones(n, dtype=np.bool_)}, quality={"eeg": np.ones(n)},
    )
    write_shard(folder / f"s{at:02d}", meta, table, {"eeg": eeg})
store = open_store(folder)
rows = np.arange(store.n_clips)
pooled_features(store, rows[:n], subject=rows[:n] // n, quality={"eeg": np.ones(n)})
before = most_mib()
pooled_features(store, rows, subject=rows // n, quality={"eeg": np.ones(len(rows))})
size = sum(path.stat().st_size for path in folder.glob("*/eeg.npy")) / 2**20
print(most_mib() - before, size)
"""


def test_memory_holds_pooled_features_and_not_the_signals(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True)
    grown_mib, size_mib = (float(number) for number in done.stdout.split())
    assert size_mib > 290
    assert grown_mib < 15  # the features themselves are 1.2 MiB
