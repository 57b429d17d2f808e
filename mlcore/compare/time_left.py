"""How long a comparison still takes, by the parts that it has done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class TimeLeft:
    """Tells a progress bar what is done and how long the rest takes; parts taken up from before count for nothing.

    Args:
        show: (share 0..1, text) -> None.
        now_s: a clock that never goes back.
    """

    show: Callable[[float, str], None]
    now_s: Callable[[], float] = time.monotonic
    _began: tuple[int, float] | None = field(default=None, init=False)

    def tell(self, done: int, total: int) -> None:
        """`done` of `total` parts are finished."""
        if self._began is None:
            self._began = (done, self.now_s())
        first, began_s = self._began
        text = f"{done} of {total} parts"
        if first < done < total:
            text += f", {words((self.now_s() - began_s) / (done - first) * (total - done))} left"
        self.show(done / total if total else 1.0, text)


def words(seconds: float) -> str:
    """A duration as people say it.

    >>> words(42.4), words(95), words(7300)
    ('42 s', '2 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
