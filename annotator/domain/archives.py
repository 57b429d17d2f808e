"""Archives from strangers, unpacked with suspicion: nothing leaves the folder, and sizes are counted as they come."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext

from annotator.exceptions import DomainError

MAX_FILES = 20_000
_BLOCK_BYTES = 1 << 20
#: what macOS puts beside the files that were packed
_MAC_FOLDER, _MAC_PREFIX = "__MACOSX", "._"
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class Limits:
    max_bytes: int
    #: called between blocks; raises to stop
    check: Callable[[], None] = lambda: None


def unpack(archive: Path, folder: Path, *, name: str, limits: Limits) -> None:
    """Unpack a .zip below `folder`; `name` is what people call it. Raises DomainError, and then part of it is there."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not _is_of_mac(entry)]
            if len(entries) > MAX_FILES:
                raise DomainError(
                    gettext("{name} holds {n_entries} files; the limit is {max_files}.").format(
                        name=name, n_entries=len(entries), max_files=MAX_FILES
                    ),
                    "too_many",
                )
            unpacker = _Unpacker(opened, folder, name, limits)
            for entry in entries:
                unpacker.unpack(entry)
    except _DAMAGE as error:
        raise DomainError(
            gettext("{name} can't be unpacked ({error}); pack it again.").format(name=name, error=error), "bad_archive"
        ) from error
    except OSError as error:
        raise DomainError(
            gettext("{name} can't be unpacked ({strerror}).").format(name=name, strerror=error.strerror), "bad_archive"
        ) from error


def _is_of_mac(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    return path.parts[:1] == (_MAC_FOLDER,) or path.name.startswith(_MAC_PREFIX)


@dataclass(slots=True)
class _Unpacker:
    opened: zipfile.ZipFile
    folder: Path
    name: str
    limits: Limits
    n_bytes: int = 0

    def unpack(self, entry: zipfile.ZipInfo) -> None:
        target = self._target(entry)
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.opened.open(entry) as source, target.open("xb") as out:
            while block := source.read(_BLOCK_BYTES):
                self.n_bytes += len(block)
                if self.n_bytes > self.limits.max_bytes:
                    raise DomainError(
                        gettext("{name} unpacks to more than {max_bytes} bytes.").format(
                            name=self.name, max_bytes=self.limits.max_bytes
                        ),
                        "too_large",
                    )
                self.limits.check()
                out.write(block)

    def _target(self, entry: zipfile.ZipInfo) -> Path:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        kind = stat.S_IFMT(entry.external_attr >> 16)
        is_special = kind not in (0, stat.S_IFREG, stat.S_IFDIR)  # a link, a device, a pipe
        leaves = path.is_absolute() or ".." in path.parts or ":" in entry.filename.split("/")[0]
        if is_special or leaves or not path.parts:
            raise DomainError(
                gettext("{name} holds {filename}, which leads out of the folder.").format(
                    name=self.name, filename=repr(entry.filename)
                ),
                "bad_archive",
            )
        target = self.folder.joinpath(*path.parts)
        if target.exists() and not entry.is_dir():
            raise DomainError(
                gettext("{name} holds {filename} twice.").format(name=self.name, filename=repr(entry.filename)),
                "bad_archive",
            )
        return target
