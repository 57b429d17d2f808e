"""ASCERTAIN's signals: raw EEG, facial tracks, feature vectors, and what was said about them."""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets.arrays import ArrayFacts, eeg_of_array
from mlcore.datasets.ascertain_files import BEST, FACE, QUALITY, RATINGS, WORST, feature_row, read_quality, self_reports
from mlcore.datasets.layout import FeatureTrack, Opened, Relation, named_file
from mlcore.datasets.mat5_arrays import Floats
from mlcore.datasets.matlab import mat_variables, read_mat
from mlcore.errors import LayoutError, RecordingError
from mlcore.io.eeg import EegRecording
from mlcore.sync import unrelated
from mlcore.types import RecordingSpec, TrialSpec

EEG_SFREQ = 32.0
N_EEG_ROWS, N_FACE_FEATURES = 8, 22
#: the camera was changed after subject 36
FACE_FPS, LATER_FACE_FPS, LAST_EARLY_SUBJECT = 20.0, 25.0, 36


def open_eeg(spec: RecordingSpec, root: Path) -> EegRecording:
    """The raw EEG of a clip, 8 × L at 32 Hz.

    Raises:
        RecordingError: the file can't be read, or holds no such array.
    """
    path = named_file(root, str(spec.eeg_path))
    samples = _table(path, N_EEG_ROWS)
    names = tuple(f"Ch{number}" for number in range(1, N_EEG_ROWS + 1))
    return eeg_of_array(path, samples, ArrayFacts("ASCERTAIN .mat", EEG_SFREQ, names))


def _table(path: Path, n: int) -> Floats:
    """The file's one array with n rows or columns, as n × L."""
    flat = [item for item in mat_variables(path) if item.is_numeric and len(item.shape) == 2 and n in item.shape]
    if len(flat) != 1:
        raise RecordingError(f"{path.name}: expected one array of {n} × L numbers, found {len(flat)}.")
    values = read_mat(path, flat[0].name)
    return values if values.shape[0] == n else values.T


def relate(opened: Opened) -> Relation:
    """One trial over the clip with its five ratings; tracks and EEG begin with the clip."""
    spec = opened.spec
    subject, clip = int(spec.sync_hints.get("subject", 1)), (spec.part or 0) + 1
    notes = _quality_notes(opened, subject, clip)
    if opened.eeg is not None:
        notes.append("ASCERTAIN states no unit for its EEG; its values were taken as µV.")
    trial = TrialSpec(
        number=clip,
        start_s=0.0,
        stop_s=None,
        stimulus=f"film clip {clip}",
        self_reports=_self_reports(opened, subject, clip),
    )
    tracks = tuple(
        _track(modality, named_file(opened.root, path), subject=subject, clip=clip)
        for modality, path in spec.track_paths.items()
    )
    return Relation(unrelated(), (trial,), tuple(notes), tracks)


def _track(modality: str, path: Path, *, subject: int, clip: int) -> FeatureTrack:
    if modality != FACE:
        row = feature_row(path, subject=subject, clip=clip)
        return FeatureTrack(modality, _names(len(row)), sfreq=None, values=row[None, :])
    values = _table(path, N_FACE_FEATURES).T  # (frames, 22)
    fps = FACE_FPS if subject <= LAST_EARLY_SUBJECT else LATER_FACE_FPS
    return FeatureTrack(modality, _names(N_FACE_FEATURES), sfreq=fps, values=values)


def _names(n: int) -> tuple[str, ...]:
    return tuple(f"f{number}" for number in range(1, n + 1))


def _self_reports(opened: Opened, subject: int, clip: int) -> dict[str, float]:
    path = opened.companion(RATINGS)
    return self_reports(path, subject=subject, clip=clip) if path else {}


def _quality_notes(opened: Opened, subject: int, clip: int) -> list[str]:
    path = opened.companion(QUALITY)
    if path is None:
        return []
    try:
        grades = read_quality(path)
    except LayoutError as error:
        return [f"{error} It was not used."]
    told = ((sensor, grades.get((sensor, subject, clip))) for sensor in ("EEG", "face", "ECG", "GSR"))
    return [
        f"ASCERTAIN grades this clip's {sensor} {grade} ({BEST} perfect … {WORST} missing)."
        for sensor, grade in told
        if grade is not None and grade > BEST
    ]
