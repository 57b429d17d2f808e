"""Where the pre-trained weights lie: inside installed packages that are looked up, never imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import torch

from mlcore.errors import ConcordError


class VisionError(ConcordError):
    """The face models are missing, damaged, or were given something that is no picture."""


def package_file(package: str, distribution: str, inside: str) -> Path:
    """Path of a data file that an installed package carries; the package's own code is not run.

    Args:
        package: import name of a top-level package, e.g. "fer".
        distribution: what the package is installed as, for the message.
        inside: the file's path inside the package.

    Raises:
        VisionError: package or file is not there.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / inside
        if path.is_file():
            return path
    raise VisionError(f"The face model {inside} is missing: install the package {distribution} (see constraints.txt).")


@contextmanager
def threads(n_threads: int) -> Iterator[None]:
    """Let OpenCV and torch use this many threads inside, and put their process-wide settings back after.

    Args:
        n_threads: 1 or more. Both libraries default to every core, which starves the other workers of a machine.
    """
    before = cv2.getNumThreads(), torch.get_num_threads()
    if before == (n_threads, n_threads):
        # OpenCV builds its pool of threads anew at every call, which costs more than a small network's pass
        yield
        return
    cv2.setNumThreads(n_threads)
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
