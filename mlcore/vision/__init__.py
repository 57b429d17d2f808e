"""Faces in video: found, followed, measured, described by a frozen expression network and a face mesh."""

from mlcore.vision.clips import FacePlace, clip_features, face_place
from mlcore.vision.detect import FaceBox, FaceDetector, detect_faces
from mlcore.vision.quality import FaceReference, face_clip_quality
from mlcore.vision.track import FEATURE_NAMES, FEATURES_VERSION, N_FACE_FEATURES, FaceTrack
from mlcore.vision.tracker import FaceTracker
from mlcore.vision.weights import VisionError

__all__ = [
    "FEATURES_VERSION",
    "FEATURE_NAMES",
    "N_FACE_FEATURES",
    "FaceBox",
    "FaceDetector",
    "FacePlace",
    "FaceReference",
    "FaceTrack",
    "FaceTracker",
    "VisionError",
    "clip_features",
    "detect_faces",
    "face_clip_quality",
    "face_place",
]
