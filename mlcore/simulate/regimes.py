"""The grid of simulated stores on which methods are compared.

Committed before any comparison of methods was made, and not to be changed after looking at one: a regime in which the
method loses stays in, and every regime is reported. "The method" is the one that this library is about: a teacher of
the face taught to a student of the EEG through shared prototypes, Dirichlet evidence, discounted fusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from mlcore.errors import ConcordError
from mlcore.simulate.store_config import StoreConfig


@dataclass(frozen=True, slots=True)
class Regime:
    """One kind of store.

    Args:
        changes: fields of `StoreConfig` that differ from its defaults.
        expected: what we expect of the method there and why, said beforehand.
    """

    changes: Mapping[str, Any]
    expected: str

    def config(self, *, seed: int) -> StoreConfig:
        """The store of this regime with this seed."""
        return replace(StoreConfig(seed=seed), **self.changes)


REGIMES: Final[Mapping[str, Regime]] = MappingProxyType(
    {
        "default": Regime(
            {},
            "The method gains: the face knows more than the EEG and can teach it, and its evidence tells clips apart "
            "that are worth trusting.",
        ),
        "eeg_dominant": Regime(
            {"eeg_snr": 3.0, "face_snr": 1.0},
            "The method loses to the EEG alone: the teacher knows less than its student, whom it pulls down.",
        ),
        "face_uninformative": Regime(
            {"face_snr": 0.0},
            "The method loses to the EEG alone or at best equals it: there is nothing to distil, and aligning with "
            "noise costs capacity.",
        ),
        "clean_plentiful": Regime(
            {
                "n_trials": 25,
                "label_noise": 0.0,
                "annotator_noise": 0.0,
                "annotator_bias": 0.0,
                "ambiguous_share": 0.0,
            },
            "The method gains nothing: with many clean labels plain cross-entropy on both modalities learns all that "
            "a teacher could tell, and modelled doubt has nothing to be about.",
        ),
        "no_subject_shift": Regime(
            {"subject_shift": 0.0},
            "The method gains little: where people do not differ, simple references on features lose least, and "
            "prototypes shared over people have nothing to bridge.",
        ),
        "strong_subject_shift": Regime(
            {"subject_shift": 0.8},
            "All methods fall; the method gains over networks that are not standardised by subject and little over "
            "linear references that are.",
        ),
        "few_labels": Regime(
            {"labelled_share": 0.2},
            "The method gains against other networks, prototypes needing few labels, and may lose to linear "
            "references, which need fewer still.",
        ),
        "noisy_labels": Regime(
            {"label_noise": 0.3},
            "The method gains in calibration, doubt being part of its loss; in balanced accuracy its lead over early "
            "fusion is expected within the interval.",
        ),
        "ambiguous": Regime(
            {"ambiguous_share": 0.6},
            "The method gains in calibration on votes; all methods are near one another in balanced accuracy, since "
            "the annotators themselves disagree.",
        ),
        "missing_modalities": Regime(
            {"missing_eeg_share": 0.15, "missing_face_share": 0.15},
            "The method gains: discounted fusion leaves an absent modality out, where early fusion reads zeros; late "
            "fusion should come near it.",
        ),
        "one_sided": Regime(
            {"one_sided_share": 0.6, "face_dominance": 0.5},
            "The method gains if its evidence notices which modality is silent, which nothing but the signal tells; "
            "otherwise it only equals late fusion.",
        ),
    }
)


def find_regime(name: str) -> Regime:
    """The regime of a name; ConcordError names those there are."""
    if name not in REGIMES:
        raise ConcordError(f"no regime {name!r}: expected one of {', '.join(REGIMES)}")
    return REGIMES[name]
