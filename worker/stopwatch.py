"""What an import took, part by part: kept with its job, for whoever wonders why it is slow."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from mlcore.types import JsonObject

Item = TypeVar("Item")
#: Linux counts in KiB, macOS in bytes
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(slots=True)
class Stopwatch:
    """Seconds of wall time by part; a part may be entered many times, and nesting is counted once for each part."""

    seconds: dict[str, float] = field(default_factory=dict)
    #: what a part went through, e.g. frames
    counts: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        began_s = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began_s

    def count(self, part: str, n_more: int = 1) -> None:
        self.counts[part] = self.counts.get(part, 0) + n_more

    def each(self, part: str, items: Iterable[Item]) -> Iterator[Item]:
        """The items, with the time counted that it takes to make them."""
        source = iter(items)
        while True:
            with self.timing(part):
                item = next(source, _END)
            if item is _END:
                return
            yield item  # type: ignore[misc]  # the sentinel has been ruled out

    def to_json(self) -> JsonObject:
        """Beside the parts: the largest size that this worker process ever had."""
        return {
            "seconds": {part: round(seconds, 3) for part, seconds in self.seconds.items()},
            "counts": self.counts,
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PEAK_UNIT / 2**20),
        }


_END = object()
