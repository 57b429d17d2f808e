"""The real recordings that tests read where they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]


def shared_file(*parts: str) -> Path:
    """A file of the real recordings; the test is skipped where it is absent."""
    root = Path(os.environ.get("CONCORD_SHARED_DATA", _REPOSITORY / "../shared/data"))
    path = root.joinpath(*parts).resolve()
    if not path.exists():
        pytest.skip(f"the real recordings are not here ({'/'.join(parts)}): set CONCORD_SHARED_DATA")
    return path
