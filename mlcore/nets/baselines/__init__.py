"""Published networks that the method is compared with, rebuilt from their papers."""

from mlcore.nets.baselines.eegnet import EEGNet
from mlcore.nets.baselines.layers import project_max_norm

__all__ = ["EEGNet", "project_max_norm"]
