"""python -m mlcore probe FILE...: what files are, or why they can't be read."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

SUMMARY = "Say what each file is (EEG, video), or why it can't be read."

#: what people record faces in; FFmpeg looks at the contents, whatever the name
_VIDEO_NAMES = (
    ".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .wmv .asf .flv .ogv .ogg .mts .m2ts .ts .3gp .mxf .vob .mjpeg .y4m "
    ".h264 .h265 .hevc"
)
_VIDEO_SUFFIXES = frozenset(_VIDEO_NAMES.split())


class Kind(StrEnum):
    """What a recording records."""

    EEG = "eeg"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of one file; None where it does not apply."""

    file: str
    ok: bool
    kind: Kind | None = None
    format: str | None = None
    channels: int | None = None
    sfreq: float | None = None
    seconds: float | None = None
    frames: int | None = None
    error: str | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: which files, and how to tell."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a file, or a folder to walk through")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of sentences")
    parser.add_argument("--sfreq", type=float, metavar="HZ", help="samples per second of tables that don't say")


def run(args: argparse.Namespace) -> int:
    """Probe every file; 0 if all could be read."""
    is_fine = True
    for path in _walked(args.files):
        probed, warnings = probe_file(path, sfreq=args.sfreq)
        is_fine &= probed.ok
        lines = [json.dumps(asdict(probed))] if args.json else [_sentence(probed), *_noted(warnings)]
        for line in lines:
            sys.stdout.write(_printable(line) + "\n")
        sys.stdout.flush()
    return 0 if is_fine else 1


def _walked(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if not inner.is_dir())
        else:
            yield path


def probe_file(path: Path, *, sfreq: float | None = None) -> tuple[Probed, tuple[str, ...]]:
    """What a file is, and the warnings of its reader.

    Args:
        path: any file.
        sfreq: samples per second, for a table that does not say.
    """
    from mlcore.errors import RecordingError
    from mlcore.io.eeg import EEG_SUFFIXES, SIDECARS, TABLE_SUFFIXES
    from mlcore.io.faults import reading, require_file

    suffix = path.suffix.lower()
    is_table = suffix in TABLE_SUFFIXES
    kind = Kind.EEG if suffix in EEG_SUFFIXES | SIDECARS.keys() else Kind.VIDEO if suffix in _VIDEO_SUFFIXES else None
    try:
        require_file(path)
        with reading(path, "a table" if is_table else str(kind)):
            if suffix in SIDECARS:
                return _sidecar(path), ()
            if kind is Kind.EEG or is_table:
                return _eeg(path, sfreq)
            if kind is Kind.VIDEO:
                return _video(path), ()
        raise RecordingError(f"{path.name}: {suffix or 'a file without suffix'} is neither EEG nor video.")
    except RecordingError as error:
        return Probed(str(path), ok=False, kind=kind, error=str(error)), ()


def _eeg(path: Path, sfreq: float | None) -> tuple[Probed, tuple[str, ...]]:
    from mlcore.io.eeg import open_eeg

    recording = open_eeg(path, sfreq=sfreq)
    info = recording.info
    probed = Probed(
        file=str(path),
        ok=True,
        kind=Kind.EEG,
        format=info.format,
        channels=len(info.channels),
        sfreq=info.sfreq,
        seconds=info.duration_s,
    )
    return probed, recording.warnings


def _video(path: Path) -> Probed:
    from mlcore.io.video import probe_video

    info = probe_video(path)
    return Probed(
        file=str(path),
        ok=True,
        kind=Kind.VIDEO,
        format=f"{info.format.split(',')[0]} {info.codec}",
        seconds=info.duration_s,
        frames=info.n_frames,
    )


def _sidecar(path: Path) -> Probed:
    """A part of another recording: fine if that one is there."""
    from mlcore.errors import RecordingError
    from mlcore.io.eeg import SIDECARS, header_of

    header = header_of(path)
    if header is None:
        raise RecordingError(f"{path.name}: this belongs to a {SIDECARS[path.suffix.lower()]} file, which is missing.")
    return Probed(str(path), ok=True, kind=Kind.EEG, format=f"part of {header.name}")


def _sentence(probed: Probed) -> str:
    if probed.error is not None:
        # the error begins with the file's name
        return str(Path(probed.file).parent / probed.error)
    told = {
        "channels": f"{probed.channels} channels at {probed.sfreq or 0:.6g} Hz",
        "frames": f"{probed.frames} frames",
        "seconds": f"{probed.seconds or 0:.3f} s",
    }
    parts = [f"{probed.kind} {probed.format}", *(told[key] for key in told if getattr(probed, key) is not None)]
    return f"{probed.file}: {', '.join(parts)}"


def _noted(warnings: tuple[str, ...]) -> list[str]:
    return [f"    {' '.join(warnings)}"] if warnings else []


def _printable(line: str) -> str:
    """File names need not be text in any encoding."""
    return line.encode(sys.stdout.encoding or "utf-8", errors="backslashreplace").decode(sys.stdout.encoding or "utf-8")
