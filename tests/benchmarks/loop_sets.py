"""What strategies of asking are compared on: stores of the committed regimes, real answers and real signals."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mlcore.convert.events import EventSettings, convert_events
from mlcore.convert.vote_store import convert_votes
from mlcore.evaluate import SplitBy
from mlcore.simulate.loop import Given, LoopOptions, Material, Oracle, read_given, read_material
from mlcore.simulate.regimes import ACQUISITION_REGIMES
from mlcore.simulate.stores import simulate_store
from mlcore.store import open_store
from mlcore.train.checkpoint import write_atomically
from mlcore.types import AcquisitionConfig

SHARED = Path(__file__).parents[3] / "shared" / "data"
#: actors that a seed of CREMA-D draws of 91: as many people as a simulated store has, more or less
N_ACTORS = 26
#: sets whose annotators answer by drawing from the votes; elsewhere they say what the store holds
BY_VOTES = ("ambiguous", "all_hard", "crema-d")
REAL = ("crema-d", "events")
SETS = (*ACQUISITION_REGIMES, *REAL)


@dataclass(frozen=True, slots=True)
class LoopSet:
    """One set: how its loops go, and what they run on.

    Args:
        name: as people write it.
        options: of the loop.
        load: seed -> clips and answers.
    """

    name: str
    options: LoopOptions
    load: Callable[[int], tuple[Material, Given]]


def find_set(name: str, work: Path, *, oracle: str | None = None) -> LoopSet:
    """A set by name; `oracle` stands over its own."""
    errs = Oracle.parse(oracle or ("ambiguous" if name in BY_VOTES else "clean"))
    if name == "crema-d":
        # its clips have no times: seconds only number them, and no gap between them means anything
        options = LoopOptions("emotion", errs, config=AcquisitionConfig(min_gap_s=0.0))
        return LoopSet(name, options, lambda seed: _some_actors(*_crema_d(work), seed=seed))
    if name == "events":
        options = LoopOptions("event", errs, n_start=8, batch_size=4, split=SplitBy.TRIAL)
        return LoopSet(name, options, lambda seed: _events(work))
    return LoopSet(name, LoopOptions("valence3", errs), lambda seed: _simulated(name, work, seed=seed))


def _simulated(name: str, work: Path, *, seed: int) -> tuple[Material, Given]:
    """A seed is a population of its own; what a loop needs of its store is kept, the store is not."""
    place = work / "material" / f"{name}-{seed}.npz"
    if not place.is_file():
        with TemporaryDirectory(dir=work) as folder:
            store = open_store(simulate_store(Path(folder) / "store", ACQUISITION_REGIMES[name].config(seed=seed)))
            save(place, read_material(store), read_given(store, "valence3"))
    return load(place)


def _crema_d(work: Path) -> tuple[Material, Given]:
    place = work / "material" / "crema-d.npz"
    if not place.is_file():
        with TemporaryDirectory(dir=work) as folder:
            convert_votes(SHARED / "labels" / "crema-d", Path(folder) / "store")
            store = open_store(Path(folder) / "store")
            save(place, read_material(store), read_given(store, "emotion"))
    return load(place)


def _some_actors(material: Material, given: Given, *, seed: int) -> tuple[Material, Given]:
    actors = np.random.default_rng([seed, 0xAC7]).permutation(np.unique(material.subject))[:N_ACTORS]
    rows = np.flatnonzero(np.isin(material.subject, actors))
    return (
        Material(
            material.clip_ids[rows],
            material.subject[rows],
            material.session[rows],
            material.trial[rows],
            material.start_s[rows],
            material.stop_s[rows],
            {name: values[rows] for name, values in material.quality.items()},
            {name: values[rows] for name, values in material.features.items()},
        ),
        replace(given, said=given.said[rows], votes=given.votes[rows], is_bad=given.is_bad[rows]),
    )


def _events(work: Path) -> tuple[Material, Given]:
    place = work / "material" / "events.npz"
    if not place.is_file():
        settings = EventSettings({"square": "square", "rt": "rt"})
        with TemporaryDirectory(dir=work) as folder:
            convert_events(SHARED / "eeg" / "eeglab" / "eeglab_data.set", Path(folder) / "store", settings)
            store = open_store(Path(folder) / "store")
            save(place, read_material(store), read_given(store, "event"))
    return load(place)


def save(place: Path, material: Material, given: Given) -> None:
    """Keep clips and answers in one file, whole or not at all."""
    columns = ("clip_ids", "subject", "session", "trial", "start_s", "stop_s")
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        **{name: getattr(material, name) for name in columns},
        **{f"quality-{name}": values for name, values in material.quality.items()},
        **{f"features-{name}": values for name, values in material.features.items()},
        "classes": np.array(given.classes),
        **{name: getattr(given, name) for name in ("said", "votes", "is_bad")},
    }
    np.savez_compressed(content, **arrays)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, content.getvalue())


def load(place: Path) -> tuple[Material, Given]:
    """Read what `save` wrote."""
    with np.load(place, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    columns = [arrays[name] for name in ("clip_ids", "subject", "session", "trial", "start_s", "stop_s")]
    groups = [
        {name.removeprefix(f"{kind}-"): values for name, values in arrays.items() if name.startswith(f"{kind}-")}
        for kind in ("quality", "features")
    ]
    given = Given(tuple(arrays["classes"].tolist()), arrays["said"], arrays["votes"], arrays["is_bad"])
    return Material(*columns, *groups), given
