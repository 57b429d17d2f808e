"""Clips around the events of one EEG file, each labelled with what the event was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlcore.convert.eeg import eeg_channels, eeg_clips
from mlcore.convert.folder import StoreFolder, shard_name
from mlcore.convert.outcome import Outcome, summed
from mlcore.convert.settings import ClipSettings
from mlcore.convert.table import clip_table
from mlcore.errors import RecordingError, StoreError
from mlcore.io.eeg import open_eeg
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.signals import study_eeg_stream
from mlcore.store import ShardMeta, TargetKind, TargetMeta, write_shard
from mlcore.types import JsonObject, Window

LAYOUT, TARGET = "events", "event"


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Which events, and how much around them.

    Args:
        labels: class name -> description of the event in the file, in the order of the classes; 2 or more.
        before_s: seconds before the event, ≥ 0.
        after_s: seconds after it; the clip lasts before_s + after_s > 0.
        sfreq: of the clips, Hz.
        channels: by plain names; () = all EEG channels of the file.
    """

    labels: Mapping[str, str]
    before_s: float = 0.0
    after_s: float = 1.0
    sfreq: float = 128.0
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise StoreError(f"labels: expected 2 or more kinds of events to tell apart, got {len(self.labels)}")
        if self.before_s < 0 or self.before_s + self.after_s <= 0:
            raise StoreError(f"a clip can't reach from {self.before_s:g} s before to {self.after_s:g} s after an event")

    def clips(self, channels: tuple[str, ...]) -> ClipSettings:
        """The same as settings of clips."""
        length_s = self.before_s + self.after_s
        return ClipSettings(window_s=length_s, hop_s=length_s, sfreq=self.sfreq, channels=self.channels or channels)


def convert_events(path: Path, store: Path, settings: EventSettings) -> JsonObject:
    """Convert one EEG file: one subject, one session, one shard.

    Events that follow one another so closely that their clips overlap are one trial, so that no split by trials puts
    the same samples on both sides. Clips that would reach past the recording, or into a pause of it, are left out.

    Returns:
        As `convert_source`.

    Raises:
        RecordingError: the file can't be read, or holds none of the events.
        StoreError: the store was begun with something else.
    """
    recording = open_eeg(path)
    clips = settings.clips(eeg_channels(recording))
    events = _labelled(recording, settings.labels)
    if len({event.description for event in events}) < 2:
        there = ", ".join(sorted({event.description for event in recording.events})) or "none"
        raise RecordingError(f"{path.name}: expected events of 2 kinds among the labels; its events are {there}.")
    folder, name = StoreFolder(store), shard_name(path.stem, path.stem)
    kinds = {"before_s": settings.before_s, "after_s": settings.after_s, "labels": dict(settings.labels)}
    folder.settle({"layout": LAYOUT, "file": path.name, **clips.to_json(), **kinds})
    was_there = folder.has(name)
    if not was_there:
        found = list(zip(windows_of(events, settings), events, strict=True))
        inside = [(window, event) for window, event in found if _is_inside(window, recording)]
        folder.note(name, _outcome(path.stem, len(inside), len(found), recording.warnings))
        _write(folder.shard(name), recording, inside, settings=settings, clips=clips)
    outcome = folder.outcome(name)
    return {**summed([outcome]), "already_there": int(was_there), "note": " ".join(outcome.warnings)}


def _labelled(recording: EegRecording, labels: Mapping[str, str]) -> list[EegEvent]:
    wanted = set(labels.values())
    return sorted((event for event in recording.events if event.description in wanted), key=lambda one: one.time_s)


def windows_of(events: Sequence[EegEvent], settings: EventSettings) -> list[Window]:
    """A window an event, in order of time; those that overlap share a trial."""
    windows: list[Window] = []
    for event in events:
        start_s = event.time_s - settings.before_s
        trial = windows[-1].trial + (start_s >= windows[-1].stop_s) if windows else 1
        windows.append(Window(trial, start_s, event.time_s + settings.after_s, has_eeg=True, has_face=False))
    return windows


def _is_inside(window: Window, recording: EegRecording) -> bool:
    in_gap = any(window.start_s < stop_s and start_s < window.stop_s for start_s, stop_s in recording.gaps)
    return window.start_s >= 0 and window.stop_s <= recording.info.duration_s and not in_gap


def _outcome(name: str, n_clips: int, n_events: int, warnings: tuple[str, ...]) -> Outcome:
    n_outside = n_events - n_clips
    left = (
        (f"{n_outside} of {n_events} events lie too near to an end or a pause of the recording",) if n_outside else ()
    )
    return Outcome(name, name, n_clips, {"eeg": n_clips}, {TARGET: n_clips}, warnings=(*warnings, *left))


def _write(
    folder: Path,
    recording: EegRecording,
    marked: Sequence[tuple[Window, EegEvent]],
    *,
    settings: EventSettings,
    clips: ClipSettings,
) -> None:
    windows = [window for window, _ in marked]
    stream = study_eeg_stream(recording, clips.channels, clips.sfreq)
    eeg = eeg_clips(stream, windows, clips)
    meta = ShardMeta({"eeg": eeg.meta}, {TARGET: TargetMeta(TargetKind.CLASS, classes=tuple(settings.labels))})
    places = {description: index for index, description in enumerate(settings.labels.values())}
    answers = np.array([places[event.description] for _, event in marked], dtype=np.int64)
    name = recording.path.stem
    table = clip_table(folder.name, windows, {"eeg": eeg}, subject=name, session=name, answers={TARGET: answers})
    write_shard(folder, meta, table, {"eeg": eeg.rows})
