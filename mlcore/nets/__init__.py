"""Networks: encoders by kind of input, the shared space, prototypes and Dirichlet heads."""

from mlcore.nets.frames import FramesEncoder
from mlcore.nets.inputs import ClipInput
from mlcore.nets.model import Branch, ConcordNet, Reading
from mlcore.nets.projection import build_projection
from mlcore.nets.prototypes import PrototypeBank, alpha_of, evidence_of
from mlcore.nets.registry import ENCODERS, Encoder, build_encoder
from mlcore.nets.sequence import SequenceEncoder
from mlcore.nets.sizes import FramesSizes, NetSizes, SequenceSizes, SpaceSizes, VectorSizes, WaveformSizes
from mlcore.nets.summary import summarise, summary_width
from mlcore.nets.traces import TraceHead, at_steps
from mlcore.nets.vector import VectorEncoder
from mlcore.nets.waveform import WaveformEncoder

__all__ = [
    "ENCODERS",
    "Branch",
    "ClipInput",
    "ConcordNet",
    "Encoder",
    "FramesEncoder",
    "FramesSizes",
    "NetSizes",
    "PrototypeBank",
    "Reading",
    "SequenceEncoder",
    "SequenceSizes",
    "SpaceSizes",
    "TraceHead",
    "VectorEncoder",
    "VectorSizes",
    "WaveformEncoder",
    "WaveformSizes",
    "alpha_of",
    "at_steps",
    "build_encoder",
    "build_projection",
    "evidence_of",
    "summarise",
    "summary_width",
]
