"""From a round's clips to the candidates that it chooses from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from annotator.models import RecordingSession, Trial
from mlcore.acquire import PoolScores
from mlcore.acquire.candidates import Candidates, Embedding, Floats
from mlcore.store import Store
from mlcore.types import Modality
from worker.round_input import Clips

#: a boundary this near to a clip's own is the clip's own
SAME_S = 1e-3


def candidates_of(clips: Clips, store: Store, *, scores: PoolScores | None, known: Embedding | None) -> Candidates:
    """What is known of each clip but what an answer costs (0 s here): subjects and sessions by their ids.

    Args:
        clips: n of a `RoundInput`.
        store: whose rows they name.
        scores: row by row.
        known: places in the latent space of clips with answers.
    """
    has_places = scores is not None and scores.embedding.shape[1] > 0
    return Candidates(
        subject=np.ascontiguousarray(clips["subject"]),
        session=np.ascontiguousarray(clips["session"]),
        start_s=np.ascontiguousarray(clips["start_s"]),
        stop_s=np.ascontiguousarray(clips["stop_s"]),
        quality={modality.value: measured_quality(clips, store, modality) for modality in Modality},
        seconds=np.zeros(len(clips)),
        crosses_change=crosses_change(clips),
        scores=scores,
        embedding=scores.embedding if scores is not None and has_places else None,
        known=known,
    )


def measured_quality(clips: Clips, store: Store, modality: Modality) -> Floats:
    """(n,) as people see the clip: NaN without the modality; the store's where the row has no figure."""
    measured = np.array(clips[f"{modality.value}_quality"])
    if modality.value in store.meta.modalities:
        unmeasured = np.isnan(measured)
        measured[unmeasured] = store.quality(modality.value)[clips["row"][unmeasured]]
    return np.where(clips[f"has_{modality.value}"], np.clip(np.nan_to_num(measured, nan=0.0), 0.0, 1.0), np.nan)


def is_readable(clips: Clips, store: Store) -> NDArray[np.bool_]:
    """(n,) whether the clip has a modality in the store: of the others no network can say anything."""
    present = [store.present(name)[clips["row"]] for name in store.meta.modalities]
    return np.logical_or.reduce(present) if present else np.zeros(len(clips), dtype=np.bool_)


def crosses_change(clips: Clips) -> NDArray[np.bool_]:
    """(n,) whether a trial of the clip's session begins or ends inside the clip, or its EEG was stopped or went on."""
    crosses = np.zeros(len(clips), dtype=np.bool_)
    order = np.argsort(clips["session"], kind="stable")
    sessions, first = np.unique(clips["session"][order], return_index=True)
    boundaries = _boundaries(sessions.tolist())
    for session, places in zip(sessions.tolist(), np.split(order, first[1:]), strict=True):
        times_s = boundaries.get(session)
        if times_s is not None:
            crosses[places] = _holds_one(times_s, clips["start_s"][places], clips["stop_s"][places])
    return crosses


def _boundaries(sessions: Iterable[int]) -> dict[int, Floats]:
    """Session -> when its trials begin and end, and when its EEG was stopped and went on, in order."""
    found: dict[int, list[float]] = {}
    wanted = list(sessions)
    trials = Trial.objects.filter(session__in=wanted).values_list("session_id", "start_s", "stop_s")
    for session, start_s, stop_s in trials:
        found.setdefault(session, []).extend((start_s, stop_s))
    recorded = RecordingSession.objects.filter(pk__in=wanted).values_list("pk", "eeg_info")
    for session, eeg_info in recorded:
        found.setdefault(session, []).extend(moment_s for span in eeg_info.get("breaks", ()) for moment_s in span)
    return {session: np.unique(times_s) for session, times_s in found.items()}


def _holds_one(times_s: Floats, start_s: Floats, stop_s: Floats) -> NDArray[np.bool_]:
    """Whether a time lies strictly inside each clip."""
    after = np.searchsorted(times_s, start_s + SAME_S, side="right")
    before = np.searchsorted(times_s, stop_s - SAME_S, side="left")
    return np.asarray(after < before)
