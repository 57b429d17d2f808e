"""DEAP's signals: a row of a preprocessed array, or the stretch of an original recording around one trial."""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets.array_pickle import read_arrays
from mlcore.datasets.arrays import ArrayFacts, eeg_of_array, stretch
from mlcore.datasets.deap_ratings import SELF_REPORTS, read_ratings
from mlcore.datasets.layout import Opened, Relation, named_file, open_file
from mlcore.errors import LayoutError, RecordingError
from mlcore.io.eeg import EegEvent, EegRecording
from mlcore.sync import given_offset, unrelated
from mlcore.types import ClockMap, RecordingSpec, SyncMethod, TrialSpec

SFREQ = 128.0
BASELINE_S, FILM_S = 3.0, 60.0
#: Status codes; above the lowest 8 bits some of the recordings keep the amplifier's state
FILM_STARTS, FILM_ENDS = 4, 5
_CODE_BITS = 0xFF
#: a fixation cross of 3 s follows the film
_AFTER_S = 3.0
#: a face video at least this long holds the baseline as well
_WITH_BASELINE_S = BASELINE_S + FILM_S - 0.5

_LEFT = "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz"
_RIGHT = "Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2"
#: order of the preprocessed arrays, which carry no names
EEG_CHANNELS = tuple(f"{_LEFT} {_RIGHT}".split())
BODY_CHANNELS = ("hEOG", "vEOG", "zEMG", "tEMG", "GSR", "Resp", "Plet", "Temp")


def open_eeg(spec: RecordingSpec, root: Path) -> EegRecording:
    """The EEG of one trial, beginning 3 s before its film.

    Raises:
        RecordingError: the file can't be read, or has no such trial.
    """
    path = named_file(root, str(spec.eeg_path))
    return _row(path, spec.part or 0) if path.suffix.lower() == ".dat" else _stretch(spec, root)


def _row(path: Path, part: int) -> EegRecording:
    data = read_arrays(path, ("data",))["data"]
    if data.ndim != 3:
        raise RecordingError(f"{path.name}: expected 'data' of trials × channels × samples, got {data.shape}.")
    if part >= len(data):
        raise RecordingError(f"{path.name}: it holds {len(data)} trials; there is no row {part + 1}.")
    names = EEG_CHANNELS + BODY_CHANNELS
    n_channels = data.shape[1]
    if n_channels not in (len(EEG_CHANNELS), len(names)):
        raise RecordingError(f"{path.name}: expected {len(EEG_CHANNELS)} or {len(names)} channels, got {n_channels}.")
    return eeg_of_array(path, data[part], ArrayFacts("DEAP .dat", SFREQ, names[:n_channels]))


def _stretch(spec: RecordingSpec, root: Path) -> EegRecording:
    whole, part = open_file(spec, root), spec.part or 0
    starts_s = _times_of(whole.events, FILM_STARTS)
    if part >= len(starts_s):
        raise RecordingError(f"{whole.path.name}: Status marks {len(starts_s)} films; there is no trial {part + 1}.")
    start_s = starts_s[part]
    later_s = starts_s[part + 1] if part + 1 < len(starts_s) else whole.info.duration_s
    ends_s = [end_s for end_s in _times_of(whole.events, FILM_ENDS) if start_s < end_s <= later_s]
    stop_s = ends_s[0] if ends_s else min(start_s + FILM_S, later_s)
    return stretch(whole, start_s - BASELINE_S, min(stop_s + _AFTER_S, later_s))


def _times_of(events: tuple[EegEvent, ...], code: int) -> list[float]:
    return [event.time_s for event in events if event.value is not None and event.value & _CODE_BITS == code]


def relate(opened: Opened) -> Relation:
    """The trial is the film; the face video begins with it, or with the baseline where it is 3 s longer."""
    start_s, stop_s = _film(opened)
    hints = opened.spec.sync_hints
    trial = TrialSpec(
        number=int(hints.get("trial", hints.get("experiment_id", 1))),
        start_s=start_s,
        stop_s=stop_s,
        stimulus=f"music video {hints['experiment_id']:.0f}" if "experiment_id" in hints else "",
        self_reports=_self_reports(opened),
    )
    clock, notes = _clock(opened, start_s)
    return Relation(clock, (trial,), notes)


def _film(opened: Opened) -> tuple[float, float]:
    events = opened.eeg.events if opened.eeg else ()
    starts_s, ends_s = _times_of(events, FILM_STARTS), _times_of(events, FILM_ENDS)
    start_s = starts_s[0] if starts_s else BASELINE_S
    return start_s, next((end_s for end_s in ends_s if end_s > start_s), start_s + FILM_S)


def _clock(opened: Opened, film_s: float) -> tuple[ClockMap, tuple[str, ...]]:
    if opened.video is None or opened.eeg is None:
        return unrelated(), ()
    holds_baseline = opened.video.duration_s >= _WITH_BASELINE_S
    moment = "the baseline before the film" if holds_baseline else "the film"
    note = f"DEAP does not say when in a trial its face video begins; it was taken to begin with {moment}."
    return given_offset(film_s - BASELINE_S * holds_baseline, method=SyncMethod.GIVEN_OFFSET.value), (note,)


def _self_reports(opened: Opened) -> dict[str, float]:
    spec = opened.spec
    path = named_file(opened.root, str(spec.eeg_path))
    if path.suffix.lower() == ".dat":
        labels = read_arrays(path, ("labels",))["labels"]
        if labels.ndim != 2 or labels.shape[1] < len(SELF_REPORTS) or (spec.part or 0) >= len(labels):
            raise RecordingError(f"{path.name}: expected an array 'labels' of trials × 4 ratings, got {labels.shape}.")
        return dict(zip(SELF_REPORTS, labels[spec.part or 0].tolist(), strict=False))
    ratings = opened.companion(".csv") or opened.companion(".xlsx")
    try:
        rated = read_ratings(ratings) if ratings else {}
    except LayoutError as error:
        raise RecordingError(str(error)) from error
    line = rated.get((int(spec.subject.lstrip("s")), int(spec.sync_hints.get("trial", 0))))
    return line.self_reports if line else {}
