"""The application's list of layouts is the core's: the web process may not import the core to ask it."""

from __future__ import annotations

from annotator.domain.importing import LAYOUTS
from mlcore.datasets import discovery


def test_people_may_choose_every_layout_that_the_core_reads() -> None:
    assert set(LAYOUTS) == {"auto", *(layout.NAME for layout in discovery.LAYOUTS)}


def test_each_layout_has_a_word_for_people() -> None:
    assert all(len(words) > 8 for words in LAYOUTS.values())
