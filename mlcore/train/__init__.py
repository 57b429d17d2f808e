"""Training: configuration, rounds, models and scoring."""

from mlcore.acquire import PoolScores
from mlcore.train.config import LossWeights, RoundConfig, StageConfig
from mlcore.train.data import Progress, RoundData, RoundResult
from mlcore.train.model import TrainedModel, load_model, save_model
from mlcore.train.round import run_round
from mlcore.train.score import score

__all__ = [
    "LossWeights",
    "PoolScores",
    "Progress",
    "RoundConfig",
    "RoundData",
    "RoundResult",
    "StageConfig",
    "TrainedModel",
    "load_model",
    "run_round",
    "save_model",
    "score",
]
