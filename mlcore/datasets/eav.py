"""EAV: a subject's 200 conversations of 20 s, each a video of its own and a slice of one array of EEG.

A session is one trial, for each trial's video is a file of its own.

- `subjectN/EEG/subjectN_eeg.mat`: `seg1` or `seg`, in MATLAB 10,000 samples × 30 channels × 200 trials, 500 Hz, µV
  (version 5, or 7.3). The axes are told by their lengths: trials as many as labels, the fewer of the rest channels.
- `subjectN/EEG/subjectN_eeg_label.mat`: `label`, one-hot; row 2 k + r is emotion k (neutral, sadness, anger,
  happiness, calmness) while r = 0 listening, 1 speaking.
- `subjectN/Video/NNN_Trial_TT_Listening|Speaking_Emotion.mp4`: NNN is the trial.

EEG and video of a trial were cut at the same moment by the data set. Source: Lee et al. 2024,
doi:10.1038/s41597-024-03838-4.
"""

from __future__ import annotations

import re
from pathlib import Path

from mlcore.datasets.eav_signals import eeg_facts, labels_of
from mlcore.datasets.eav_signals import open_eeg as open_eeg
from mlcore.datasets.eav_signals import relate as relate
from mlcore.datasets.layout import Discovery, inside, relative
from mlcore.datasets.walk import counted, is_video, natural
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec

NAME = "eav"
_SUBJECT = re.compile(r"^subject0*(\d{1,3})$", re.IGNORECASE)
_VIDEO = re.compile(r"^(\d{3})_.*(?:Listening|Speaking)_", re.IGNORECASE)
_EEG = re.compile(r"^subject\d+_*_eeg\.mat$", re.IGNORECASE)
_LABEL = re.compile(r"^subject\d+_*_eeg_label\.mat$", re.IGNORECASE)


def recognise(source: Path) -> str | None:
    """Folders called subjectN with an EEG and a Video folder of EAV's files."""
    n_subjects = sum(bool(_eeg_file(folder) or _videos(folder)) for folder in _subject_folders(source))
    return f"it holds {counted(n_subjects, 'folder')} subjectN with EAV's EEG and Video" if n_subjects else None


def find(source: Path) -> Discovery:
    """One recording a trial; of the arrays only the shapes are read."""
    folders = _subject_folders(source)
    if not folders:
        raise LayoutError(f"{source.name}: expected folders subject1, subject2 … as in EAV; found none.")
    specs = tuple(spec for folder in folders for spec in _specs(folder, root=source))
    n_bare = sum(spec.video_path is None and not spec.error for spec in specs)
    why = f"{counted(n_bare, 'trial')} of {len(specs)} without video." if n_bare else ""
    return Discovery(root=source, layout=NAME, why=why, recordings=specs)


def _subject_folders(source: Path) -> list[Path]:
    if not source.is_dir():
        return []
    candidates = [source] if _SUBJECT.match(source.name) else list(source.iterdir())
    named = (path for path in candidates if _SUBJECT.match(path.name) and path.is_dir())
    return sorted(named, key=lambda path: natural(path.name))


def _inside(folder: Path, name: str) -> list[Path]:
    """Files of a subfolder, whose name may be written in any case."""
    below = (path for path in folder.iterdir() if path.name.lower() == name and path.is_dir())
    return sorted(path for sub in below for path in sub.iterdir() if path.is_file())


def _eeg_file(folder: Path) -> Path | None:
    return next((path for path in _inside(folder, "eeg") if _EEG.match(path.name)), None)


def _label_file(folder: Path) -> Path | None:
    return next((path for path in _inside(folder, "eeg") if _LABEL.match(path.name)), None)


def _videos(folder: Path) -> dict[int, Path]:
    named = ((_VIDEO.match(path.name), path) for path in _inside(folder, "video") if is_video(path))
    return {int(match[1]): path for match, path in named if match}


def _specs(folder: Path, *, root: Path) -> list[RecordingSpec]:
    subject, eeg, label, videos = _subject_of(folder), _eeg_file(folder), _label_file(folder), _videos(folder)
    try:
        n_trials = _n_trials(eeg, label, root)
    except (LayoutError, RecordingError) as error:
        return [RecordingSpec(subject, "EEG", NAME, eeg_path=None, video_path=None, error=str(error))]
    return [
        RecordingSpec(
            subject=subject,
            session=f"{number:03}",
            layout=NAME,
            eeg_path=relative(eeg, root) if number <= n_trials else None,
            video_path=relative(videos.get(number), root),
            companion_paths=(label.relative_to(root).as_posix(),) if label else (),
            part=number - 1,
        )
        for number in sorted({*range(1, n_trials + 1), *videos})
    ]


def _n_trials(eeg: Path | None, label: Path | None, root: Path) -> int:
    n_labels = len(labels_of(inside(root, label))) if label else None
    return eeg_facts(inside(root, eeg), n_labels=n_labels).n_trials if eeg else 0


def _subject_of(folder: Path) -> str:
    match = _SUBJECT.match(folder.name)
    return f"subject{match[1]}" if match else folder.name
