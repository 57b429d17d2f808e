"""What training does to clips so that less perfect ones are read as well: noise, gaps, late video."""

from __future__ import annotations

import torch
from torch import Tensor

from mlcore.nets import ClipInput
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.train.config import Augmentation

#: length of the noise that a batch's noise is cut from, in clips
STRETCH = 8


def vary(x: ClipInput, meta: ModalityMeta, settings: Augmentation) -> ClipInput:
    """A batch of one modality, each clip varied anew; vectors and frames, and all summaries, stay as they are."""
    if meta.kind is ModalityKind.WAVEFORM:
        return ClipInput(vary_waveform(x.signal, settings), x.summary)
    if meta.kind is ModalityKind.SEQUENCE:
        most = round(settings.track_shift_s * (meta.sfreq or 0.0))
        return ClipInput(vary_track(x.signal, settings, most_steps=most), x.summary)
    return x


def vary_waveform(x: Tensor, settings: Augmentation) -> Tensor:
    """Noise and dropped channels on standardised EEG (B, C, T); a channel that is missing stays zero."""
    keep = torch.rand(x.shape[:2], device=x.device) >= settings.eeg_channel_dropout
    is_there = x.abs().amax(-1) > 0
    noisy = white_noise(x).mul_(settings.eeg_noise).add_(x)
    return noisy.mul_((keep & is_there).unsqueeze(-1))


def white_noise(x: Tensor) -> Tensor:
    """Standard normal noise shaped like a batch (B, C, T): white within each clip, cut from one stretch of it.

    Drawing half a million normal values costs as much as a third of the network's forward pass; a stretch of `STRETCH`
    clips' length is drawn instead, in which each clip's noise begins at a random place.
    """
    n_values = x[0].numel() if len(x) else 0
    if len(x) <= STRETCH:
        return torch.randn_like(x)
    stretch = torch.randn(STRETCH * n_values, device=x.device, dtype=x.dtype)
    starts = torch.randint((STRETCH - 1) * n_values + 1, (len(x),), device=x.device)
    return stretch.unfold(0, n_values, 1)[starts].view_as(x)


def vary_track(x: Tensor, settings: Augmentation, *, most_steps: int) -> Tensor:
    """Lost steps and late or early tracks (B, T, F); a lost step is zero, as a step without a face is.

    Args:
        x: standardised feature tracks.
        settings: shares.
        most_steps: a shifted track is off by −most..most steps; what the shift uncovers is lost.
    """
    keep = torch.rand(x.shape[:2], device=x.device) >= settings.track_step_dropout
    if most_steps < 1 or settings.track_shift_share <= 0:
        return x * keep.unsqueeze(-1)
    is_shifted = torch.rand(len(x), device=x.device) < settings.track_shift_share
    steps = torch.randint(-most_steps, most_steps + 1, (len(x),), device=x.device) * is_shifted
    return shift_track(x, steps) * keep.unsqueeze(-1)


def shift_track(x: Tensor, steps: Tensor) -> Tensor:
    """Each track (B, T, F) later by its own number of steps (B,), earlier where negative; uncovered steps are zero."""
    n_steps = x.shape[1]
    source = torch.arange(n_steps, device=x.device) - steps.unsqueeze(1)  # (B, T)
    is_covered = (source >= 0) & (source < n_steps)
    moved = x.gather(1, source.clamp(0, n_steps - 1).unsqueeze(-1).expand_as(x))
    return moved * is_covered.unsqueeze(-1)
