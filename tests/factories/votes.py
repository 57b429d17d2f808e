"""A miniature of CREMA-D's table of votes."""

from __future__ import annotations

from pathlib import Path

LETTERS = "ADFHNS"
_STEMS = ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad")
#: clip -> votes of those who heard, saw, did both, as letters
CLIPS = {
    "1001_IEO_ANG_HI": ("AAN", "AAAD", "AAAA"),
    "1001_WSI_SAD_XX": ("NNS", "SN", "SSNN"),
    "1002_DFA_HAP_XX": ("NNH", "HHH", "HHN"),
}
HEADING = ["", *LETTERS, "fileName", *(f"mean{stem}Resp" for stem in _STEMS)]


def write_votes(path: Path) -> Path:
    """Each vote for an emotion has intensity 50; −1 stands for an emotion without any."""
    lines = [",".join(f'"{name}"' for name in HEADING)]
    for group in range(3):
        for number, (name, said) in enumerate(CLIPS.items(), start=1):
            counts = [said[group].count(letter) for letter in LETTERS]
            intensities = [50 if count else -1 for count in counts]
            cells = [f'"{group + 1}{number:05}"', *counts, f'"{name}"', *intensities]
            lines.append(",".join(str(cell) for cell in cells))
    path.write_text("\n".join(lines) + "\n")
    return path
