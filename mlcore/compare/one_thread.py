"""Figures that are the same to the last bit, whatever runs beside or before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread(seed: int) -> Iterator[None]:
    """Run torch on one thread, its common generators set by the seed; threads and the CPU's generator are put back.

    Sums over several threads differ in their last bits, and a method that draws from torch's common generator would
    depend on what ran before it.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(n_threads)
