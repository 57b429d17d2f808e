from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from mlcore.compare.corrupt import add_noise, corrupt, occlude, shift
from mlcore.compare.corruption import Corruption, CorruptionKind, default_corruptions
from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, ModalityMeta, ShardMeta, Store, open_store, write_shard
from tests.mlcore.compare.samples import make_store
from tests.mlcore.store.samples import META, arrays, table

KIND = CorruptionKind
SEQUENCE = ModalityMeta(ModalityKind.SEQUENCE, (5, 2), "float32", 2.0, "", ("smile", "found"))
#: five steps at 2 Hz: a feature 1..5, and "found"
CLIP = np.array([[1, 1], [2, 1], [3, 1], [4, 1], [5, 1]], dtype=np.float32)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1.0, [0, 0, 1, 2, 3]),
        (0.5, [0, 1, 2, 3, 4]),
        (-1.0, [3, 4, 5, 0, 0]),
        (0.0, [1, 2, 3, 4, 5]),
        (2.5, [0, 0, 0, 0, 0]),
        (9.0, [0, 0, 0, 0, 0]),
        (-9.0, [0, 0, 0, 0, 0]),
    ],
)
def test_a_shift_moves_steps_and_leaves_nothing_behind(seconds: float, expected: list[int]) -> None:
    moved = shift(CLIP, SEQUENCE, seconds, rng())
    assert_array_equal(moved[:, 0], np.array(expected, dtype=np.float32))
    assert_array_equal(moved[:, 1], np.array(expected, dtype=np.float32) > 0)
    assert moved.dtype == np.float32


def test_a_shift_moves_samples_of_a_waveform() -> None:
    meta = ModalityMeta(ModalityKind.WAVEFORM, (2, 4), "float32", 4.0)
    clip = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], dtype=np.float32)
    assert_array_equal(shift(clip, meta, 0.25, rng()), [[0, 1, 2, 3], [0, 5, 6, 7]])


@pytest.mark.parametrize(("share", "n_hidden"), [(0.0, 0), (0.4, 2), (0.5, 2), (0.6, 3), (1.0, 5)])
def test_an_occlusion_is_one_stretch_of_zeros(share: float, n_hidden: int) -> None:
    starts = set()
    for seed in range(40):
        seen = occlude(CLIP, SEQUENCE, share, np.random.default_rng(seed))
        hidden = np.flatnonzero(~seen.any(axis=1))
        assert len(hidden) == n_hidden
        assert_array_equal(np.diff(hidden), 1)
        assert_array_equal(seen[seen.any(axis=1)], CLIP[seen.any(axis=1)])
        starts.update(hidden[:1].tolist())
    assert starts == (set(range(5 - n_hidden + 1)) if n_hidden else set())


def test_noise_is_white_and_as_loud_as_was_asked() -> None:
    meta = ModalityMeta(ModalityKind.WAVEFORM, (3, 20_000), "float32", 128.0, "µV")
    clip = np.zeros((3, 20_000), dtype=np.float32)
    clip[0] = 10.0 * np.sqrt(2) * np.sin(np.arange(20_000) * 0.3)
    clip[1] = 2.0
    noise = add_noise(clip, meta, 0.5, rng()).astype(np.float64) - clip
    assert_allclose(np.sqrt((noise**2).mean(axis=1)), [5.0, 1.0, 0.0], rtol=0.02)
    spectrum = np.abs(np.fft.rfft(noise[0])) ** 2
    halves = spectrum[1:5000].mean(), spectrum[5000:].mean()
    assert halves[0] == pytest.approx(halves[1], rel=0.06)
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.03


def test_noise_in_whole_numbers_is_rounded_and_clipped() -> None:
    meta = ModalityMeta(ModalityKind.WAVEFORM, (1, 4), "int8", 4.0)
    clip = np.array([[100, -100, 100, -100]], dtype=np.int8)
    loud = add_noise(clip, meta, 50.0, rng())
    expected = np.rint(clip + 50.0 * 100.0 * rng().standard_normal((1, 4)))
    assert loud.dtype == np.int8
    assert_array_equal(loud, np.clip(expected, -128, 127))


@pytest.mark.parametrize(
    "corruption",
    [
        Corruption(KIND.NOISE, 1.0, "eeg"),
        Corruption(KIND.OCCLUSION, 0.4, "face"),
        Corruption(KIND.MISSING, 0.5, "face"),
    ],
)
def test_a_clip_is_corrupted_alike_in_any_batch(store: Store, corruption: Corruption) -> None:
    view = corrupt(store, corruption, seed=3)
    name = corruption.modality
    whole = view.gather(name, range(store.n_clips))
    assert_array_equal(np.concatenate([view.gather(name, [row]) for row in range(store.n_clips)]), whole)
    assert_array_equal(view.gather(name, [9, 4, 9]), whole[[9, 4, 9]])
    assert_array_equal(corrupt(store, corruption, seed=3).gather(name, range(store.n_clips)), whole)
    assert not np.array_equal(corrupt(store, corruption, seed=4).gather(name, range(store.n_clips)), whole)
    assert not np.array_equal(store.gather(name, range(store.n_clips)), whole)
    other = "face" if name == "eeg" else "eeg"
    assert_array_equal(view.gather(other, [1, 2]), store.gather(other, [1, 2]))
    assert_array_equal(view.present(other), store.present(other))


def test_what_a_lab_would_measure(store: Store) -> None:
    everyone = np.ones(store.n_clips)
    noisy = corrupt(store, Corruption(KIND.NOISE, 2.0, "eeg"), seed=0)
    assert_array_equal(noisy.quality("eeg"), 0.8 * everyone)
    occluded = corrupt(store, Corruption(KIND.OCCLUSION, 0.5, "face"), seed=0)
    assert_allclose(occluded.quality("face"), 0.8 * 3 / 5 * everyone)
    assert occluded.present("face").all()
    late = corrupt(store, Corruption(KIND.SHIFT, 0.8, "face"), seed=0)
    assert_array_equal(late.quality("face"), 0.8 * everyone)
    assert_array_equal(late.gather("face", [7])[0, 2:], store.gather("face", [7])[0, :-2])


def test_more_clips_go_missing_at_a_higher_level(store: Store) -> None:
    gone: list[NDArray[np.bool_]] = []
    for level in (0.0, 0.25, 0.5, 1.0):
        view = corrupt(store, Corruption(KIND.MISSING, level, "face"), seed=1)
        gone.append(~view.present("face"))
        assert_array_equal(view.quality("face"), np.where(gone[-1], 0.0, 0.8))
        assert_array_equal(view.gather("face", range(store.n_clips)).any(axis=(1, 2)), ~gone[-1])
    counts = [int(one.sum()) for one in gone]
    assert counts[0] == 0
    assert counts[3] == store.n_clips == 72
    # binomial, 72 clips: 18 ± 3.7 and 36 ± 4.2
    assert abs(counts[1] - 18) < 15
    assert abs(counts[2] - 36) < 17
    assert not (gone[1] & ~gone[2]).any()


def test_clips_that_lack_the_modality_stay_zeros(tmp_path: Path) -> None:
    n = 12
    write_shard(tmp_path / "s", META, table(n), arrays(n))
    store = open_store(tmp_path / "s")
    absent = np.flatnonzero(~store.present("eeg"))
    assert 0 < len(absent) < n
    view = corrupt(store, Corruption(KIND.NOISE, 1.0, "eeg"), seed=0)
    assert not view.gather("eeg", absent).any()


def test_frames_are_occluded_and_shifted_too(tmp_path: Path) -> None:
    meta = ShardMeta({"crops": ModalityMeta(ModalityKind.FRAMES, (4, 3, 2, 2), "uint8", 2.0)})
    crops = np.arange(1, 1 + 4 * 12, dtype=np.uint8).reshape(1, 4, 3, 2, 2)
    clips = table(1, meta=meta)
    clips.present["crops"][:] = True
    write_shard(tmp_path / "s", meta, clips, {"crops": crops})
    store = open_store(tmp_path / "s")
    late = corrupt(store, Corruption(KIND.SHIFT, 0.5, "crops"), seed=0).gather("crops", [0])[0]
    assert not late[0].any()
    assert_array_equal(late[1:], crops[0, :3])
    half = corrupt(store, Corruption(KIND.OCCLUSION, 0.5, "crops"), seed=0).gather("crops", [0])[0]
    assert int((~half.any(axis=(1, 2, 3))).sum()) == 2


@pytest.mark.parametrize(
    ("corruption", "message"),
    [
        (Corruption(KIND.NOISE, 1.0, "face"), "face noise: noise goes with waveforms, and this is a sequence"),
        (Corruption(KIND.SHIFT, 1.0, "gaze"), "gaze shift: the store has no such modality"),
    ],
)
def test_corruptions_that_make_no_sense_are_refused(store: Store, corruption: Corruption, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        corrupt(store, corruption, seed=0)


@pytest.mark.parametrize(
    ("kind", "level", "modality", "message"),
    [
        (KIND.OCCLUSION, 1.5, "face", r"occlusion: expected a level in 0\.\.1, got 1\.5"),
        (KIND.NOISE, -1.0, "eeg", r"noise: expected a level in 0\.\.inf"),
        (KIND.FLIPS, 0.1, "eeg", "label flips: expected no modality"),
        (KIND.NOISE, 0.1, "", "noise: expected a modality"),
    ],
)
def test_levels_out_of_range_are_refused(kind: CorruptionKind, level: float, modality: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        Corruption(kind, level, modality)


def test_every_kind_is_tried_where_it_makes_sense(store: Store) -> None:
    both = default_corruptions(store, ("eeg", "face"))
    assert {one.name for one in both} == {
        *("eeg noise", "eeg missing", "face occlusion", "face shift", "face missing", "label flips")
    }
    assert {one.name for one in default_corruptions(store, ("eeg",))} == {"eeg noise", "label flips"}
    # at 2.5 steps a second a shift of 0.1 s would be none
    assert [one.level for one in both if one.kind is KIND.SHIFT] == [0.5, 1.0, 2.0]
