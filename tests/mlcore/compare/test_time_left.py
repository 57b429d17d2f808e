from __future__ import annotations

from mlcore.compare.time_left import TimeLeft


def test_time_left_counts_what_was_done_in_this_run() -> None:
    told: list[tuple[float, str]] = []
    now_s = iter([100.0, 110.0, 130.0])
    left = TimeLeft(lambda share, text: told.append((share, text)), now_s=lambda: next(now_s))
    for done in (4, 5, 7, 10):
        left.tell(done, 10)
    assert told == [
        (0.4, "4 of 10 parts"),
        (0.5, "5 of 10 parts, 50 s left"),
        (0.7, "7 of 10 parts, 30 s left"),
        (1.0, "10 of 10 parts"),
    ]


def test_nothing_to_do_is_done() -> None:
    told: list[tuple[float, str]] = []
    TimeLeft(lambda share, text: told.append((share, text)), now_s=lambda: 0.0).tell(0, 0)
    assert told == [(1.0, "0 of 0 parts")]
