"""DEAP: 40 one-minute music videos a subject, as preprocessed arrays (sNN.dat) or as original recordings (sNN.bdf).

A session is one trial, because each trial's face video is a file of its own; its clock begins 3 s before the film.

- `sNN.dat`: row k of `data` is the trial of Experiment_id k + 1: 3 s of baseline, then 60 s of film, at 128 Hz.
- `sNN.bdf`: the trial is cut out around its Status markers (code 4: the film starts, 5: it ends); channels are in
  the file's own order, which differs between the two places where DEAP was recorded.
- `face_video/sNN/sNN_trialTT.avi`, subjects 1–22: TT counts by presentation; participant_ratings says which
  Experiment_id that was. Some are missing. The data set does not say at which moment of a trial its video begins:
  a video of a minute is taken to begin with the film, one that is 3 s longer with the baseline.

Source: Koelstra et al. 2012, doi:10.1109/T-AFFC.2011.15, and the data set's readme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mlcore.datasets.array_pickle import array_shapes
from mlcore.datasets.deap_ratings import RATINGS, Rated, Ratings, read_ratings
from mlcore.datasets.deap_signals import open_eeg as open_eeg
from mlcore.datasets.deap_signals import relate as relate
from mlcore.datasets.layout import Discovery, inside, relative
from mlcore.datasets.walk import counted, files_below, is_video
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec

NAME = "deap"
N_TRIALS = 40
_SIGNAL = re.compile(r"^s(\d\d)\.(dat|bdf)$", re.IGNORECASE)
_FACE = re.compile(r"^s(\d\d)_trial(\d\d)\.", re.IGNORECASE)
_ORIGINALS = "data_original"
#: what a pickle of a dictionary begins with, protocol 0 to 5
_PICKLE_STARTS = (b"\x80", b"(", b"}")


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a source that DEAP names."""

    signals: dict[int, Path]
    faces: dict[tuple[int, int], Path]
    ratings: Path | None
    n_originals_left_out: int


def recognise(source: Path) -> str | None:
    """Files called sNN.dat that are pickles, or sNN.bdf in data_original or beside participant_ratings."""
    files = _files(source)
    kinds = {path.suffix.lower() for path in files.signals.values()}
    is_named = bool(files.ratings or files.faces) or any(
        path.parent.name.lower() == _ORIGINALS for path in files.signals.values()
    )
    if ".dat" in kinds or (".bdf" in kinds and is_named):
        return f"it holds the subjects' files {', '.join(sorted(f'sNN{kind}' for kind in kinds))}"
    return None


def find(source: Path) -> Discovery:
    """One recording a trial; of the signals' files only the shape is read, of participant_ratings everything."""
    files = _files(source)
    if not files.signals:
        raise LayoutError(f"{source.name}: expected DEAP's files s01.dat … or s01.bdf …; found none.")
    ratings, notes = _ratings(files, source)
    specs = [
        spec
        for subject, path in sorted(files.signals.items())
        for spec in _specs(subject, path, files=files, ratings=ratings, root=source)
    ]
    return Discovery(root=source, layout=NAME, why=_why(specs, files, notes), recordings=tuple(specs))


def _files(source: Path) -> _Files:
    signals: dict[str, dict[int, Path]] = {"dat": {}, "bdf": {}}
    faces: dict[tuple[int, int], Path] = {}
    tables: list[Path] = []
    for path in files_below(source) if source.is_dir() else ():
        if (named := _SIGNAL.match(path.name)) and (path.suffix.lower() == ".bdf" or _is_pickle(path)):
            signals[named[2].lower()].setdefault(int(named[1]), path)
        elif (named := _FACE.match(path.name)) and is_video(path):
            faces.setdefault((int(named[1]), int(named[2])), path)
        elif path.stem.lower() == RATINGS:
            tables.append(path)
    both = signals["bdf"].keys() & signals["dat"].keys()
    readable = sorted(tables, key=lambda path: (path.suffix.lower() != ".csv", path.suffix.lower() != ".xlsx"))
    return _Files(signals["bdf"] | signals["dat"], faces, next(iter(readable), None), len(both))


def _is_pickle(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(1) in _PICKLE_STARTS
    except OSError:
        return False


def _ratings(files: _Files, root: Path) -> tuple[Ratings, list[str]]:
    if files.ratings is None:
        return {}, [f"There is no {RATINGS}.csv: no face video can be given to its trial."] if files.faces else []
    try:
        return read_ratings(inside(root, files.ratings)), []
    except LayoutError as error:
        return {}, [f"{error} No face video can be given to its trial."]


def _specs(subject: int, path: Path, *, files: _Files, ratings: Ratings, root: Path) -> list[RecordingSpec]:
    rated = [row for row in ratings.values() if row.participant == subject]
    try:
        trials = _trials_of(inside(root, path), subject, rated)
    except (LayoutError, RecordingError) as error:
        return [RecordingSpec(f"s{subject:02}", path.name, NAME, eeg_path=None, video_path=None, error=str(error))]
    return [_spec(part, trial, path=path, files=files, root=root) for part, trial in enumerate(trials)]


def _trials_of(path: Path, subject: int, rated: list[Rated]) -> list[Rated]:
    """The trial of each part: rows of a .dat go by Experiment_id, stretches of a .bdf by presentation."""
    if path.suffix.lower() == ".bdf":
        known = {row.trial: row for row in rated if row.trial is not None}
        return [known.get(trial, Rated(subject, trial, None)) for trial in range(1, max(known, default=N_TRIALS) + 1)]
    shape = array_shapes(path).get("data", ())
    if len(shape) != 3:
        raise RecordingError(f"{path.name}: expected an array 'data' of trials × channels × samples, got {shape}.")
    by_experiment = {row.experiment: row for row in rated}
    return [by_experiment.get(number, Rated(subject, None, number)) for number in range(1, shape[0] + 1)]


def _spec(part: int, trial: Rated, *, path: Path, files: _Files, root: Path) -> RecordingSpec:
    face = files.faces.get((trial.participant, trial.trial)) if trial.trial else None
    hints = {"trial": trial.trial, "experiment_id": trial.experiment}
    is_original = path.suffix.lower() == ".bdf"
    return RecordingSpec(
        subject=f"s{trial.participant:02}",
        session=f"experiment {trial.experiment:02}" if trial.experiment else f"trial {trial.trial:02}",
        layout=NAME,
        eeg_path=relative(path, root),
        video_path=relative(face, root),
        companion_paths=(files.ratings.relative_to(root).as_posix(),) if is_original and files.ratings else (),
        sync_hints={name: float(value) for name, value in hints.items() if value is not None},
        part=part,
    )


def _why(specs: list[RecordingSpec], files: _Files, notes: list[str]) -> str:
    n_bare = sum(spec.video_path is None and not spec.error for spec in specs)
    bare = [f"{counted(n_bare, 'trial')} of {len(specs)} without face video."] if n_bare else []
    n_both = files.n_originals_left_out
    both = (
        [f"{counted(n_both, 'original recording')} (.bdf) left out: the same subjects' .dat was read."]
        if n_both
        else []
    )
    return " ".join([*notes, *bare, *both])
