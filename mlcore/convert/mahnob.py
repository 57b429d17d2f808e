"""MAHNOB-HCI's targets: three classes of arousal and valence by keyword, and the participant's own ratings.

Source: Soleymani et al. 2012, doi:10.1109/T-AFFC.2011.25 (keywords, ratings) and doi:10.1109/T-AFFC.2011.37 (classes).
"""

from __future__ import annotations

from collections.abc import Mapping

from mlcore.convert.answers import Questions, Said, by_trial, level
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import AROUSAL3, VALENCE3, TrialSpec

NAME = "mahnob"
KEYWORDS = (
    "neutral",
    "anger",
    "disgust",
    "fear",
    "joy",
    "sadness",
    "surprise",
    "scream",
    "bored",
    "sleepy",
    "unknown",
    "amusement",
    "anxiety",
)
_AROUSAL = {
    "calm": ("sadness", "disgust", "neutral"),
    "medium": ("joy", "amusement"),
    "activated": ("surprise", "fear", "anger", "anxiety"),
}
_VALENCE = {
    "unpleasant": ("fear", "anger", "disgust", "sadness", "anxiety"),
    "neutral": ("surprise", "neutral"),
    "pleasant": ("joy", "amusement"),
}
_LEVELS = 9
#: target -> attribute of session.xml
RATINGS = {
    "felt_arousal": "feltArsl",
    "felt_valence": "feltVlnc",
    "felt_control": "feltCtrl",
    "felt_predictability": "feltPred",
}
TARGETS: Mapping[str, TargetMeta] = {
    "arousal3": TargetMeta(TargetKind.CLASS, classes=AROUSAL3.classes),
    "valence3": TargetMeta(TargetKind.CLASS, classes=VALENCE3.classes),
    **dict.fromkeys(RATINGS, TargetMeta(TargetKind.ORDINAL, levels=_LEVELS)),
}


def questions() -> Questions:
    """The targets of a session's one trial."""
    return by_trial(TARGETS, _answers)


def _answers(trial: TrialSpec) -> Mapping[str, Said]:
    code = trial.self_reports.get("feltEmo")
    rated = {
        name: level(trial.self_reports.get(attribute), lowest=1, levels=_LEVELS, name=attribute)
        for name, attribute in RATINGS.items()
    }
    return {"arousal3": keyword_class(code, _AROUSAL), "valence3": keyword_class(code, _VALENCE), **rated}


def keyword_class(code: float | None, classes: Mapping[str, tuple[str, ...]]) -> Said:
    """Class of an emotional keyword; scream, bored, sleepy and unknown (codes 7–10) have none.

    >>> keyword_class(4.0, _VALENCE).value, keyword_class(9.0, _VALENCE).why
    (2, 'feltEmo 9 (sleepy) has no place in the three classes')
    """
    if code is None:
        return Said(None, "no feltEmo was given")
    keyword = KEYWORDS[int(code)] if code in range(len(KEYWORDS)) else "no keyword"
    for index, keywords in enumerate(classes.values()):
        if keyword in keywords:
            return Said(index)
    return Said(None, f"feltEmo {code:g} ({keyword}) has no place in the three classes")
