"""Training: configuration, rounds, models and scoring."""

from mlcore.acquire import PoolScores
from mlcore.train.config import LossWeights, RoundConfig, StageConfig
from mlcore.train.data import Learnt, Progress, RoundData, RoundResult
from mlcore.train.model import TrainedModel, load_model, save_model
from mlcore.train.round import learn_round, run_round
from mlcore.train.score import score, score_parts

__all__ = [
    "Learnt",
    "LossWeights",
    "PoolScores",
    "Progress",
    "RoundConfig",
    "RoundData",
    "RoundResult",
    "StageConfig",
    "TrainedModel",
    "learn_round",
    "load_model",
    "run_round",
    "save_model",
    "score",
    "score_parts",
]
