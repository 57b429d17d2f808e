"""ASCERTAIN: 58 subjects × 36 film clips, as features, as raw EEG and facial tracks, or both; no face video.

A session is one clip.

- `ASCERTAIN_Features/Dt_{EEG,EMO,ECG,GSR}Features.mat`: one vector a clip: subjects × clips × features, or a cell
  of clips × features a subject. The variable is whatever the file holds.
- `Dt_SelfReports.mat`: `Ratings`, 5 × subjects × clips: arousal 0–6, valence −3–3, engagement, liking, familiarity.
- `…/EEGData/Movie_P##/EEG_Clip##.mat`: 8 × L at 32 Hz, in `ThisEEG` (documented as `ThsEEG`). The data set states
  no unit; µV are taken and said.
- `…/EMOData/Movie_P##/EMO_Clip##.mat`: frames × 22 facial features, 20 frames a second up to subject 36, 25 after.
- `Data_Quality_Evaluation.xlsx`: how good each sensor was, 1 (perfect) to 6 (missing).

Source: Subramanian et al. 2018, doi:10.1109/TAFFC.2016.2625250.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from mlcore.datasets.ascertain_files import FACE, FEATURES, QUALITY, RATINGS, feature_shape
from mlcore.datasets.ascertain_signals import open_eeg as open_eeg
from mlcore.datasets.ascertain_signals import relate as relate
from mlcore.datasets.layout import Discovery, inside, relative
from mlcore.datasets.walk import counted, files_below
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec

NAME = "ascertain"
_RAW = re.compile(r"^(EEG|EMO)_Clip_?(\d{1,2})\.mat$", re.IGNORECASE)
_FOLDER = re.compile(r"^Movie_P(\d{1,2})$", re.IGNORECASE)

Place = tuple[int, int]


@dataclass(slots=True)
class _Files:
    """The files of a source that ASCERTAIN names; raw ones by (subject, clip)."""

    eeg: dict[Place, Path] = field(default_factory=dict)
    face: dict[Place, Path] = field(default_factory=dict)
    features: dict[str, Path] = field(default_factory=dict)
    ratings: Path | None = None
    quality: Path | None = None


def recognise(source: Path) -> str | None:
    """Feature files Dt_…Features.mat, or raw clips in Movie_P## folders."""
    files = _files(source)
    told = []
    if files.features:
        told.append(counted(len(files.features), "feature file") + " Dt_…Features.mat")
    if files.eeg or files.face:
        told.append(counted(len(files.eeg) + len(files.face), "raw clip") + " in Movie_P## folders")
    return f"it holds {' and '.join(told)}" if told else None


def find(source: Path) -> Discovery:
    """One recording a subject and clip; of the feature files only the shapes are read."""
    files, notes = _files(source), list[str]()
    shapes = _shapes(files, notes, source)
    in_features = {(s, c) for n_subjects, n_clips in shapes.values() for s in range(n_subjects) for c in range(n_clips)}
    places = {*files.eeg, *files.face, *((s + 1, c + 1) for s, c in in_features)}
    if not places:
        found = " ".join(notes) or "found none."
        raise LayoutError(f"{source.name}: expected ASCERTAIN's Dt_…Features.mat or Movie_P## folders; {found}")
    specs = tuple(_spec(place, files, shapes, root=source) for place in sorted(places))
    return Discovery(root=source, layout=NAME, why=" ".join(notes), recordings=specs)


def _shapes(files: _Files, notes: list[str], root: Path) -> dict[str, Place]:
    """Subjects and clips of each feature file; one that can't be read is left out and told."""
    shapes = {}
    for modality, path in files.features.items():
        try:
            shapes[modality] = feature_shape(inside(root, path))[:2]
        except (LayoutError, RecordingError) as error:
            notes.append(f"{error} It was left out.")
    return shapes


def _files(source: Path) -> _Files:
    files = _Files()
    for path in files_below(source) if source.is_dir() else ():
        name, folder = path.name.lower(), _FOLDER.match(path.parent.name)
        if folder and (raw := _RAW.match(path.name)):
            kept = files.eeg if raw[1].lower() == "eeg" else files.face
            kept.setdefault((int(folder[1]), int(raw[2])), path)
        elif name in FEATURES:
            files.features.setdefault(FEATURES[name], path)
        elif name == RATINGS:
            files.ratings = files.ratings or path
        elif name == QUALITY:
            files.quality = files.quality or path
    return files


def _spec(place: Place, files: _Files, shapes: dict[str, Place], *, root: Path) -> RecordingSpec:
    subject, clip = place
    features = {
        name: files.features[name] for name, shape in shapes.items() if subject <= shape[0] and clip <= shape[1]
    }
    tracks = {**({FACE: files.face[place]} if place in files.face else {}), **features}
    beside = [path for path in (*tracks.values(), files.ratings, files.quality) if path]
    return RecordingSpec(
        subject=f"P{subject:02}",
        session=f"clip {clip:02}",
        layout=NAME,
        eeg_path=relative(files.eeg.get(place), root),
        video_path=None,
        companion_paths=tuple(dict.fromkeys(path.relative_to(root).as_posix() for path in beside)),
        sync_hints={"subject": float(subject)},
        part=clip - 1,
        track_paths={modality: path.relative_to(root).as_posix() for modality, path in tracks.items()},
    )
