from __future__ import annotations

import pytest

from mlcore.signals import match_channels, plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("EEG Fp1", "FP1"),
        ("Fp1.", "FP1"),
        ("Fc5..", "FC5"),
        ("EEG Fp1-REF", "FP1"),
        ("EEG T3-LE", "T7"),
        ("T6", "P8"),
        (" cz ", "CZ"),
        ("EXG1", "EXG1"),
        ("A1", "A1"),
        ("EEG 001", "001"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_match_is_by_place_and_takes_the_first() -> None:
    assert match_channels(["Fp1", "T7", "P8", "Oz"], ["EEG T3", "FP1", "fp1.", "T6"]) == (1, 0, 3, None)
