"""What the person at the terminal reads."""

from __future__ import annotations

import sys
from typing import TextIO


class DemoError(Exception):
    """The demo can't go on: one sentence for the person at the terminal."""


class Console:
    """Lines that stay, and on a terminal one line of progress that is written over."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._width = 0

    def say(self, text: str) -> None:
        self._clear()
        print(text, file=self._stream, flush=True)

    def progress(self, text: str) -> None:
        if self._stream.isatty():
            self._clear()
            self._stream.write(text)
            self._stream.flush()
            self._width = len(text)

    def _clear(self) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
