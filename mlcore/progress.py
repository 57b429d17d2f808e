"""A progress bar of one line for commands that run for minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO

_WIDTH = 30
_REDRAWN_EVERY_S = 0.1


@dataclass(slots=True)
class ProgressBar:
    """Draws itself on a stream; on none where nobody looks.

    Args:
        stream: where to draw, usually stderr.
        is_shown: None = only if the stream is a terminal.
    """

    stream: TextIO
    is_shown: bool | None = None
    _drawn_s: float = field(default=-1.0, init=False)

    def show(self, share: float, text: str) -> None:
        """Draw the share 0..1 that is done, and what is being done; at most ten times a second, and the end always."""
        now_s = time.monotonic()
        if not self._is_wanted() or (share < 1 and now_s - self._drawn_s < _REDRAWN_EVERY_S):
            return
        self._drawn_s = now_s
        filled = round(_WIDTH * min(max(share, 0.0), 1.0))
        self.stream.write(f"\r\x1b[K[{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%} {text}")
        self.stream.flush()

    def close(self) -> None:
        """End the line, if one was begun."""
        if self._drawn_s >= 0:
            self.stream.write("\n")
            self.stream.flush()

    def _is_wanted(self) -> bool:
        return self.stream.isatty() if self.is_shown is None else self.is_shown
