"""Published networks that the method is compared with, rebuilt from their papers."""

from mlcore.nets.baselines.cafnet import CAFNet, CafReading
from mlcore.nets.baselines.deepconvnet import DeepConvNet
from mlcore.nets.baselines.eegnet import EEGNet
from mlcore.nets.baselines.hemispheres import hemisphere_order
from mlcore.nets.baselines.layers import project_max_norm
from mlcore.nets.baselines.shallowconvnet import ShallowConvNet
from mlcore.nets.baselines.tsception import TSception

__all__ = [
    "CAFNet",
    "CafReading",
    "DeepConvNet",
    "EEGNet",
    "ShallowConvNet",
    "TSception",
    "hemisphere_order",
    "project_max_norm",
]
