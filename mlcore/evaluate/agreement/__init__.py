"""Several people's answers to the same clips: what they come to, and how far each of them can be relied on."""

from mlcore.evaluate.agreement.alpha import Scale, krippendorff_alpha
from mlcore.evaluate.agreement.dawid_skene import (
    DawidSkene,
    class_posterior,
    dawid_skene,
    pooled_dawid_skene,
    prior_confusion,
)
from mlcore.evaluate.agreement.kappa import cohen_kappa
from mlcore.evaluate.agreement.repeats import Repeatability, repeatability
from mlcore.evaluate.agreement.votes import Votes, votes_of
from mlcore.evaluate.agreement.weighted_mean import (
    WeightedMean,
    evaluator_weighted_mean,
    level_distributions,
    level_shares,
    level_weights,
)

__all__ = [
    "DawidSkene",
    "Repeatability",
    "Scale",
    "Votes",
    "WeightedMean",
    "class_posterior",
    "cohen_kappa",
    "dawid_skene",
    "evaluator_weighted_mean",
    "krippendorff_alpha",
    "level_distributions",
    "level_shares",
    "level_weights",
    "pooled_dawid_skene",
    "prior_confusion",
    "repeatability",
    "votes_of",
]
