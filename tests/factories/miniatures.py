"""One miniature a layout, with what must come out of it: what the contract of all layouts is tested on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mlcore.types import SyncMethod
from tests.factories.ascertain import write_ascertain
from tests.factories.bids import write_bids
from tests.factories.deap import write_deap, write_deap_original
from tests.factories.eav import write_eav
from tests.factories.folders import write_folder, write_lab_manifest
from tests.factories.labrecorder import write_labrecorder
from tests.factories.mahnob import MiniSession, write_mahnob


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one session: None = no such stream."""

    offset_s: float | None = None
    method: SyncMethod = SyncMethod.NONE
    #: (name, amplitude in µV) of a channel, a sine of 5 Hz plus its place
    channel: tuple[str, float] | None = None
    stimuli: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Miniature:
    layout: str
    write: Callable[[Path], Path]
    #: by (subject, session); every session that must be found
    sessions: dict[tuple[str, str], Known]
    #: layouts asked after this one that know the source too
    also: frozenset[str] = field(default_factory=frozenset)


_FOLDER = frozenset({"folder"})
_EAV_STIMULI = ("Listening Neutral", "Speaking Neutral", "Listening Anger", "Speaking Happiness")


def _two_sessions(root: Path) -> Path:
    return write_mahnob(root, MiniSession(), MiniSession(subject=2, section=4, has_video=False))


def _eav() -> dict[tuple[str, str], Known]:
    bare = {("subject1", "004")}
    return {
        (subject, f"{n:03}"): Known(
            None if (subject, f"{n:03}") in bare else 0.0,
            SyncMethod.NONE if (subject, f"{n:03}") in bare else SyncMethod.SAME_START,
            ("Fp1", 10.0 * n),
            (_EAV_STIMULI[n - 1],),
        )
        for subject in ("subject1", "subject2")
        for n in range(1, 5)
    }


def _deap() -> dict[tuple[str, str], Known]:
    # ORDER: Experiment_id 3 was shown first, 1 second, 2 third; trials 1 and 2 of subject 1 have videos
    given = {("s01", "experiment 03"), ("s01", "experiment 01")}
    return {
        (subject, f"experiment {n:02}"): Known(
            3.0 if (subject, f"experiment {n:02}") in given else None,
            SyncMethod.GIVEN_OFFSET if (subject, f"experiment {n:02}") in given else SyncMethod.NONE,
            ("Fp1", 10.0 * n),
            (f"music video {n}",),
        )
        for subject in ("s01", "s23")
        for n in (1, 2, 3)
    }


def _ascertain() -> dict[tuple[str, str], Known]:
    raw = {("P01", c): Known(channel=("Ch1", 10.0 * c), stimuli=(f"film clip {c}",)) for c in (1, 2, 3)}
    features = {("P02", c): Known(stimuli=(f"film clip {c}",)) for c in (1, 2, 3)}
    later = {("P37", c): Known(channel=("Ch1", 10.0 * c), stimuli=(f"film clip {c}",)) for c in (1, 2, 3)}
    return {(subject, f"clip {c:02}"): known for (subject, c), known in (raw | features | later).items()}


_FILMS = ("amusement", "fear")
_PLAIN = Known(0.0, SyncMethod.SAME_START, ("Fp1", 40.0))

MINIATURES = {
    "mahnob": Miniature(
        "mahnob",
        _two_sessions,
        {
            ("1", "2"): Known(1.25, SyncMethod.AUDIO_COUNTER, ("Fp1", 40.0), ("90.avi",)),
            ("2", "134"): Known(None, SyncMethod.NONE, ("Fp1", 40.0), ("90.avi",)),
        },
        _FOLDER,
    ),
    "deap": Miniature("deap", write_deap, _deap(), _FOLDER),
    "deap original": Miniature(
        "deap",
        write_deap_original,
        {
            ("s01", "experiment 03"): Known(None, channel=("Fp1", 40.0), stimuli=("music video 3",)),
            ("s01", "experiment 01"): Known(
                3.0, SyncMethod.GIVEN_OFFSET, channel=("Fp1", 40.0), stimuli=("music video 1",)
            ),
            ("s01", "experiment 02"): Known(None, channel=("Fp1", 40.0), stimuli=("music video 2",)),
        },
        _FOLDER,
    ),
    "eav": Miniature("eav", write_eav, _eav(), _FOLDER),
    "ascertain": Miniature("ascertain", write_ascertain, _ascertain()),
    "bids": Miniature(
        "bids",
        write_bids,
        {
            ("01", "ses-a_task-film"): Known(2.5, SyncMethod.BIDS_EVENTS, ("Fp1", 40.0), _FILMS),
            ("02", "task-film"): Known(None, channel=("Fp1", 40.0), stimuli=_FILMS),
        },
        _FOLDER,
    ),
    "xdf": Miniature(
        "xdf",
        write_labrecorder,
        {
            ("P001", "ses-S001_task-Default_run-001"): Known(3.0, SyncMethod.XDF_STAMPS, ("Fp1", 40.0)),
            ("P002", "ses-S001_task-Default_run-001"): Known(None, channel=("Fp1", 40.0)),
        },
        _FOLDER,
    ),
    "manifest": Miniature(
        "manifest",
        write_lab_manifest,
        {
            ("S1", "1"): Known(2.5, SyncMethod.GIVEN_OFFSET, ("Fp1", 40.0)),
            ("S2", "1"): Known(0.9995, SyncMethod.HAND, ("Fp1", 40.0), ("joy", "fear")),
            ("S3", "1"): Known(None, channel=("Fp1", 40.0)),
        },
        _FOLDER,
    ),
    "folder": Miniature(
        "folder", write_folder, {("P01", "day1"): _PLAIN, ("P02", "1"): _PLAIN, ("P10", "take"): _PLAIN}
    ),
}
