"""What every layout's recordings must keep to before they are listed."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from mlcore.datasets.admission import admitted
from mlcore.types import RecordingSpec


def _spec(subject: str = "S1", session: str = "1", eeg_path: str | None = "a.edf") -> RecordingSpec:
    return RecordingSpec(subject, session, "folder", eeg_path=eeg_path, video_path=None)


def _one(root: Path, spec: RecordingSpec) -> RecordingSpec:
    (only,) = admitted([spec], root)
    return only


def test_what_is_in_order_stays_as_it_is(tmp_path: Path) -> None:
    assert admitted([_spec(), _spec(session="2")], tmp_path) == (_spec(), _spec(session="2"))


def test_letters_with_accents_are_spelled_one_way(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Zoë")
    assert decomposed != "Zoë"
    path = f"{decomposed}/a.edf"
    spec = _one(tmp_path, _spec(decomposed, eeg_path=path))
    assert (spec.subject, spec.eeg_path, spec.error) == ("Zoë", path, "")


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff.edf")
    spec = _one(tmp_path, _spec(os.fsdecode(b"S\xff"), eeg_path=name))
    assert (spec.subject, spec.eeg_path) == ("S?", None)
    assert spec.error == "a?.edf: its name is no UTF-8 or holds control characters; rename it."
    spec.error.encode()


@pytest.mark.parametrize("name", ["a\nb.edf", "a\x1b[31m.edf", "a\u202eb.edf"])
def test_control_characters(tmp_path: Path, name: str) -> None:
    spec = _one(tmp_path, _spec(eeg_path=name))
    assert spec.error.endswith("holds control characters; rename it.")
    assert spec.error.isprintable()


@pytest.mark.parametrize(("subject", "session"), [("S" * 61, "1"), ("S1", "x" * 121), (" ", "1")])
def test_names_too_long_or_empty(tmp_path: Path, subject: str, session: str) -> None:
    spec = _one(tmp_path, _spec(subject, session))
    assert "expected 1 to" in spec.error
    assert 1 <= len(spec.subject) <= 60
    assert 1 <= len(spec.session) <= 120


def test_two_of_one_name_keep_their_places(tmp_path: Path) -> None:
    first, second, third = admitted([_spec(), _spec(eeg_path="b.edf"), _spec(eeg_path="c.edf")], tmp_path)
    assert (first.error, first.eeg_path) == ("", "a.edf")
    assert [(spec.session, spec.eeg_path) for spec in (second, third)] == [("1 (2)", None), ("1 (3)", None)]
    assert second.error == "Session 1 of subject S1 is there twice; rename one of them."


def test_dots_that_lead_out(tmp_path: Path) -> None:
    assert "leads out" in _one(tmp_path, _spec(eeg_path="../a.edf")).error
