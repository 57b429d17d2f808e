"""Recordings in S3: what a layout reads of a prefix is fetched to a scratch folder for the time of its import."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from annotator.domain.jobs import UNFINISHED
from annotator.domain.sources import S3, is_remote
from annotator.models import Job
from mlcore.errors import RecordingError
from worker.run import RunningJob

#: what the readers and layouts open, companions included; anything else under a prefix stays where it is
EEG_SUFFIXES = (
    ".bdf", ".edf", ".rec", ".vhdr", ".vmrk", ".eeg", ".dat", ".set", ".fdt", ".fif", ".gz", ".gdf", ".cnt", ".xdf",
    ".xdfz", ".mat", ".csv", ".txt", ".npy",
)  # fmt: skip
VIDEO_SUFFIXES = (
    ".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv", ".ts", ".mts",
    ".m2ts", ".3gp", ".hevc", ".h264",
)  # fmt: skip
DESCRIPTIONS = (
    ".xml", ".tsv", ".json", ".xls", ".xlsx", ".md", ".yaml", ".yml",
)  # fmt: skip
SUFFIXES = frozenset({*EEG_SUFFIXES, *VIDEO_SUFFIXES, *DESCRIPTIONS})
MAX_FILES = 200_000


@dataclass(frozen=True, slots=True)
class RemoteFile:
    key: str
    #: below the prefix
    name: str
    size_bytes: int


def fetch(running: RunningJob, source: str, *, span: tuple[float, float]) -> Path:
    """Fetch what a layout may read below "s3://bucket/prefix"; the folder, which `discard` removes.

    Raises RecordingError: the prefix can't be read or is empty, is too large, or a key leads out of the folder.
    """
    bucket, _, prefix = source[len(S3) :].partition("/")
    folder = scratch_folder(running.job)
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that died
    folder.mkdir(parents=True)
    try:
        client = boto3.client("s3", endpoint_url=settings.S3_ENDPOINT or None)
        files = wanted_files(client, bucket, prefix, source=source)
        _require_room(files, source)
        _download(running, client, bucket, files, folder, span=span)
    except (BotoCoreError, ClientError) as error:
        discard(running.job)
        raise RecordingError(f"{source} can't be read: {error}.") from error
    except BaseException:
        discard(running.job)
        raise
    return folder


def wanted_files(client: Any, bucket: str, prefix: str, *, source: str) -> list[RemoteFile]:
    files = [file for file in _listed(client, bucket, prefix, source=source) if _is_wanted(file.name)]
    if not files:
        raise RecordingError(f"{source} holds no recording: there is no EEG, video or description file below it.")
    if len(files) > MAX_FILES:
        raise RecordingError(f"{source} holds {len(files)} files; the limit is {MAX_FILES}: import it in parts.")
    return files


def _listed(client: Any, bucket: str, prefix: str, *, source: str) -> Iterator[RemoteFile]:
    below = f"{prefix.rstrip('/')}/" if prefix else ""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=below):
        for item in page.get("Contents", ()):
            name = str(item["Key"])[len(below) :]
            if name and not name.endswith("/"):
                yield RemoteFile(str(item["Key"]), _safe_name(name, source), int(item["Size"]))


def _safe_name(name: str, source: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise RecordingError(f"{source} holds the key {name!r}, which leads out of the folder: rename it.")
    return str(path)


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = any(part.startswith(".") for part in path.parts)
    return not is_hidden and path.suffix.lower() in SUFFIXES


def _require_room(files: list[RemoteFile], source: str) -> None:
    total = sum(file.size_bytes for file in files)
    if total > settings.IMPORT_S3_MAX_BYTES:
        limit_gb = settings.IMPORT_S3_MAX_BYTES / 1e9
        raise RecordingError(
            f"{source} holds {total / 1e9:.1f} GB of recordings; the limit of one import is {limit_gb:.1f} GB."
        )
    if total > shutil.disk_usage(settings.SCRATCH_ROOT).free - settings.UPLOAD_KEEP_FREE_BYTES:
        raise RecordingError(f"The disk has no room for the {total / 1e9:.1f} GB of {source}: make some, or name less.")


def _download(
    running: RunningJob, client: Any, bucket: str, files: list[RemoteFile], folder: Path, *, span: tuple[float, float]
) -> None:
    total, done = max(1, sum(file.size_bytes for file in files)), 0

    def on_bytes(n_bytes: int) -> None:
        nonlocal done
        done += n_bytes
        running.stop_if_asked()
        share = span[0] + (span[1] - span[0]) * done / total
        running.progress(share, f"Fetching from S3: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        # one thread: progress and cancel speak to the database
        client.download_file(bucket, file.key, str(target), Callback=on_bytes, Config=TransferConfig(use_threads=False))


def scratch_folder(job: Job) -> Path:
    return Path(settings.SCRATCH_ROOT) / f"import-{job.pk}"


def discard(job: Job) -> None:
    """The files of a source in S3 are in storage now, or not wanted any more."""
    if is_remote(job.payload["source"]):
        shutil.rmtree(scratch_folder(job), ignore_errors=True)


def remove_leftovers() -> None:
    """What killed workers left of imports that have ended."""
    for folder in Path(settings.SCRATCH_ROOT).glob("import-*"):
        number = folder.name.removeprefix("import-")
        if not Job.objects.filter(pk=int(number), state__in=UNFINISHED).exists():
            shutil.rmtree(folder, ignore_errors=True)
