"""Numbers for people: with their unit, and the same in every language."""

from __future__ import annotations

import pytest

from annotator.templatetags.concord_format import size


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (2_500_000, "2.4 MB"),
        (3 * 2**30, "3.0 GB"),
        (2**42, "4096.0 GB"),
    ],
)
def test_sizes(n_bytes: int, text: str) -> None:
    assert size(n_bytes) == text
