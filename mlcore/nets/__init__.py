"""Networks: encoders by kind of input, the shared space, prototypes and Dirichlet heads."""

from mlcore.nets.model import Branch, ConcordNet, Reading
from mlcore.nets.prototypes import PrototypeBank, alpha_of, evidence_of
from mlcore.nets.registry import ENCODERS, build_encoder
from mlcore.nets.sequence import SequenceEncoder
from mlcore.nets.sizes import NetSizes, SequenceSizes, SpaceSizes, WaveformSizes
from mlcore.nets.waveform import WaveformEncoder

__all__ = [
    "ENCODERS",
    "Branch",
    "ConcordNet",
    "NetSizes",
    "PrototypeBank",
    "Reading",
    "SequenceEncoder",
    "SequenceSizes",
    "SpaceSizes",
    "WaveformEncoder",
    "WaveformSizes",
    "alpha_of",
    "build_encoder",
    "evidence_of",
]
