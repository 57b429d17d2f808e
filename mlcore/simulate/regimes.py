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

#: size of the stores on which strategies of asking are compared
_POOL: Final = {"n_subjects": 26, "n_trials": 9, "clips_per_trial": 6, "n_channels": 8}
#: the same size, of fewer trials cut into clips that overlap by three quarters
_DUPLICATES: Final = {"n_subjects": 26, "n_trials": 5, "clips_per_trial": 12, "n_channels": 8, "hop_s": 1.0}

#: Stores on which strategies of asking are compared, committed before any such comparison and likewise never changed
#: after it. "Random" asks in random order; the gate leaves out what measured quality says nobody can judge; the policy
#: is the whole composed batch. What is counted is answers, "bad signal" and "can't tell" included.
ACQUISITION_REGIMES: Final[Mapping[str, Regime]] = MappingProxyType(
    {
        "clean": Regime(
            _POOL | {"label_noise": 0.0, "annotator_noise": 0.0, "annotator_bias": 0.0, "ambiguous_share": 0.0},
            "Uncertainty gains a little over random, every answer being right; the gate changes nothing, and the "
            "policy's random slice and repeats cost it some of the gain.",
        ),
        "noisy": Regime(
            _POOL | {"dead_both_share": 0.38, "dead_eeg_share": 0.06, "dead_face_share": 0.06},
            "Without the gate uncertainty is worse than random: it asks about garbage first. The gate alone saves the "
            "share of the garbage, 38 % of the answers; the gated policy is hoped to need no more than 35 % of the "
            "answers that random needs, which asks of the strategy that it nearly halves what the gate leaves.",
        ),
        "redundant": Regime(
            _DUPLICATES,
            "Plain uncertainty buys near-duplicates and gains nothing; diverse strategies, and the policy with its gap "
            "in time, gain over random. The gate changes nothing.",
        ),
        "imbalanced": Regime(
            _POOL | {"neutral_share": 0.8},
            "Uncertainty gains clearly over random: it finds the two rare classes. The gate changes nothing.",
        ),
        "ambiguous": Regime(
            _POOL | {"ambiguous_share": 0.6, "n_annotators": 5, "annotator_noise": 0.15},
            "Entropy gains nothing or loses: it asks where annotators disagree; strategies by lack of knowledge "
            "(disagreement, BALD, vacuity) lose less.",
        ),
        "all_hard": Regime(
            _DUPLICATES
            | {
                "dead_both_share": 0.38,
                "dead_eeg_share": 0.06,
                "dead_face_share": 0.06,
                "neutral_share": 0.6,
                "ambiguous_share": 0.4,
                "n_annotators": 5,
            },
            "As on the noisy store; the policy gains over gated random by diversity and by finding the rare classes, "
            "less than on the imbalanced store.",
        ),
    }
)


def find_regime(name: str) -> Regime:
    """The regime of a name; ConcordError names those there are."""
    if name not in REGIMES:
        raise ConcordError(f"no regime {name!r}: expected one of {', '.join(REGIMES)}")
    return REGIMES[name]


def find_acquisition_regime(name: str) -> Regime:
    """The regime of asking of a name; ConcordError names those there are."""
    if name not in ACQUISITION_REGIMES:
        raise ConcordError(f"no regime of asking {name!r}: expected one of {', '.join(ACQUISITION_REGIMES)}")
    return ACQUISITION_REGIMES[name]
