"""Which code made something: the release, the commit where there is one, and a digest of the learning core."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path

from django.conf import settings

import mlcore.errors

CORE = Path(mlcore.errors.__file__).parent


@cache
def code_version() -> str:
    """At most 80 characters, e.g. "0.1.0 git 04e9225 core 1a2b3c4d5e6f"."""
    commit = _commit()
    parts = [release(), f"git {commit}" if commit else "", f"core {core_digest()}"]
    return " ".join(part for part in parts if part)[:80]


def release() -> str:
    return str(getattr(mlcore, "__version__", "0.1.0"))


@cache
def core_digest() -> str:
    """First 12 hexadecimal digits of the SHA-256 over mlcore's source files."""
    digest = hashlib.sha256()
    for path in sorted(CORE.rglob("*.py")):
        digest.update(path.relative_to(CORE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _commit() -> str:
    git = shutil.which("git")
    if git is None or not (settings.BASE_DIR / ".git").exists():
        return ""
    command = [git, "-C", str(settings.BASE_DIR), "describe", "--always", "--dirty", "--abbrev=12"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    return answer.stdout.strip() if answer.returncode == 0 else ""
