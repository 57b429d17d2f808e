"""Who is recorded in a simulated store: heads, faces and habits that stay the same in all trials of one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.brain import topography
from mlcore.simulate.mahnob import EEG_PLACES
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.subjects import SubjectTraits, draw_subject

Floats = NDArray[np.float64]

N_EXPRESSIONS: Final = 6
N_FEATURES: Final = 23
_N_SOURCES = 24
#: heads and the feature extractor are the same in every store
_GEOMETRY_SEED = 1020
#: the spread at which alpha frequency and amplitude vary as far as they do in recordings
_USUAL_SHIFT = 0.3
_BACKGROUND_UV = 12.0


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated subject."""

    traits: SubjectTraits
    #: (32, 2) where the electrodes sit over this head's sources
    places: Floats
    #: (32,) what skin and cap do to the amplitude
    electrode_gain: Floats
    #: (32, S) background sources -> electrodes, µV
    background: Floats
    #: (23,) how this face looks at rest, (6, 23) what its expressions do to the features
    identity: Floats
    expressions: Floats


def draw_person(number: int, rng: Generator, config: StoreConfig) -> Person:
    """The subject `number`; `config.subject_shift` sets how much people differ, 0 = not at all."""
    spread = config.subject_shift
    traits = _traits(number, rng, config)
    places = np.asarray(EEG_PLACES) - (traits.shift_x, traits.shift_y)
    return Person(
        traits=traits,
        places=places,
        electrode_gain=np.exp(rng.normal(0.0, 0.5 * spread, size=len(places))),
        background=_background(places, rng, spread=spread),
        identity=rng.normal(0.0, 5.0 * spread, size=N_FEATURES),
        expressions=_expressions() + rng.normal(0.0, 0.5 * spread, size=(N_EXPRESSIONS, N_FEATURES)),
    )


def turned_head() -> Floats:
    """What turning the head does to the features (23,)."""
    return 1.5 * np.random.default_rng((_GEOMETRY_SEED, 2)).normal(size=N_FEATURES)


def _traits(number: int, rng: Generator, config: StoreConfig) -> SubjectTraits:
    traits = draw_subject(number, rng, difficulty=config.recording().difficulty)
    share = config.subject_shift / _USUAL_SHIFT
    return replace(
        traits,
        alpha_hz=float(np.clip(10.0 + share * (traits.alpha_hz - 10.0), 8.0, 12.0)),
        alpha_uv=8.0 * float(np.exp(share * np.log(traits.alpha_uv / 8.0))),
    )


def _background(places: Floats, rng: Generator, *, spread: float) -> Floats:
    geometry = np.random.default_rng((_GEOMETRY_SEED, 0))
    centres = geometry.uniform(-0.9, 0.9, size=(_N_SOURCES, 2)) + rng.normal(0.0, 0.5 * spread, size=(_N_SOURCES, 2))
    signs = geometry.choice((-1.0, 1.0), size=_N_SOURCES)
    mixing = signs * np.stack([topography(places, (x, y), spread=0.45) for x, y in centres], axis=1)
    scaled: Floats = mixing * (_BACKGROUND_UV / np.sqrt((mixing**2).sum(axis=1).mean()))
    return scaled


def _expressions() -> Floats:
    """The fixed random matrix (6, 23) of the feature extractor, rows of RMS 1."""
    mixing = np.random.default_rng((_GEOMETRY_SEED, 1)).normal(size=(N_EXPRESSIONS, N_FEATURES))
    scaled: Floats = mixing / np.sqrt((mixing**2).mean(axis=1, keepdims=True))
    return scaled
