"""How recordings are cut into clips: the same for every shard of a store."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from mlcore.errors import StoreError
from mlcore.types import JsonObject, Modality

#: a recording with fewer of the store's EEG channels has no EEG to learn from; half of them suffice where they are few
FEWEST_CHANNELS = 4


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """Lengths, rates and channels.

    Args:
        window_s: length of a clip in seconds.
        hop_s: from the start of one clip to the next, seconds.
        sfreq: of the EEG, Hz.
        face_fps: rows a second of the face features.
        modalities: which of eeg and face are converted; features that came with the data always are.
        channels: EEG channels by their plain names, in order; () = those of the first recording with EEG.

    Raises:
        StoreError: a length or rate that is not above 0, or no modality.
    """

    window_s: float = 5.0
    hop_s: float = 5.0
    sfreq: float = 128.0
    face_fps: float = 5.0
    modalities: tuple[str, ...] = (Modality.EEG.value, Modality.FACE.value)
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("window_s", "hop_s", "sfreq", "face_fps"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise StoreError(f"{name}: expected a number above 0, got {value:g}")
        known = {one.value for one in Modality}
        if not self.modalities or not set(self.modalities) <= known:
            raise StoreError(f"modalities: expected some of {', '.join(sorted(known))}, got {list(self.modalities)}")

    @property
    def has_eeg(self) -> bool:
        """Whether EEG is converted."""
        return Modality.EEG.value in self.modalities

    @property
    def has_face(self) -> bool:
        """Whether video is converted."""
        return Modality.FACE.value in self.modalities

    @property
    def fewest_channels(self) -> int:
        """How many of the store's EEG channels a recording must have."""
        return min(FEWEST_CHANNELS, (len(self.channels) + 1) // 2)

    @property
    def n_samples(self) -> int:
        """T of an EEG clip."""
        return round(self.window_s * self.sfreq)

    @property
    def n_steps(self) -> int:
        """T of a face clip."""
        return max(round(self.window_s * self.face_fps), 1)

    def to_json(self) -> JsonObject:
        """Plain values."""
        return {**asdict(self), "modalities": list(self.modalities), "channels": list(self.channels)}
