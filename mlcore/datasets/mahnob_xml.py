"""MAHNOB-HCI's session.xml: everything is in attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from mlcore.errors import LayoutError

#: what the participant said; ratings 1–9, feltEmo a code 0–12
SELF_REPORTS = ("feltEmo", "feltArsl", "feltVlnc", "feltCtrl", "feltPred")
_CLOCKS = ("vidRate", "vidBeginSmp", "vidEndSmp", "audRate", "audBeginSmp", "audEndSmp", "cutLenSec")
_LARGEST_BYTES = 1_000_000
_SECTIONS_PER_SUBJECT = 130


@dataclass(frozen=True, slots=True)
class SessionXml:
    """What a session.xml says."""

    subject: str
    attributes: Mapping[str, str]
    #: file names of the colour camera's tracks
    colour_videos: frozenset[str]

    @property
    def is_stimulus(self) -> bool:
        """Whether an emotional stimulus was shown: neutral and tagging sessions say isStim = 0, or lack feltArsl."""
        declared = self.attributes.get("isStim", "").strip().lower()
        return declared not in ("0", "false", "no") and "feltArsl" in self.attributes

    @property
    def stimulus(self) -> str:
        """Name of the film."""
        return self.attributes.get("mediaFile", "").strip()

    def clock_hints(self) -> dict[str, float]:
        """Rates and first samples of the video and audio counters, and the length of the cut in seconds."""
        return self._numbers(_CLOCKS)

    def self_reports(self) -> dict[str, float]:
        """The participant's own ratings."""
        return self._numbers(SELF_REPORTS)

    def _numbers(self, names: tuple[str, ...]) -> dict[str, float]:
        found = {name: _number(self.attributes.get(name, "")) for name in names}
        return {name: value for name, value in found.items() if value is not None}


def read_session_xml(path: Path) -> SessionXml:
    """Read a session.xml; entities and external references are refused.

    Raises:
        LayoutError: absent, no XML, or without a subject.
    """
    where = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise LayoutError(f"{where}: the session folder has no session.xml.")
    if path.stat().st_size > _LARGEST_BYTES:
        raise LayoutError(f"{where}: a session description above {_LARGEST_BYTES // 1_000_000} MB is not read.")
    try:
        root: Element = defusedxml.ElementTree.parse(path, forbid_dtd=True).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise LayoutError(f"{where}: can't be read as XML ({_reason(error)}).") from error
    return SessionXml(_subject(root, where), dict(root.attrib), _colour_videos(root))


def section_of(session_number: int) -> int:
    """Section of a session folder: n = (subject − 1)·130 + section.

    >>> section_of(2), section_of(132), section_of(130)
    (2, 2, 130)
    """
    return (session_number - 1) % _SECTIONS_PER_SUBJECT + 1


def _reason(error: Exception) -> str:
    return "it declares entities or a document type" if isinstance(error, DefusedXmlException) else str(error)


def _subject(root: Element, where: str) -> str:
    subject = next(iter(root.iter("subject")), None)
    identifier = (subject.get("id", "") if subject is not None else "").strip()
    if not identifier:
        raise LayoutError(f"{where}: names no subject (expected <subject id=…>).")
    return identifier


def _colour_videos(root: Element) -> frozenset[str]:
    tracks = (track for track in root.iter("track") if track.get("color") == "1")
    return frozenset(track.get("filename", "") for track in tracks)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
