"""Why a clip was served, in the words of the label page; never a prediction, and never whether it is a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.enums import RankingPolicy, TeachingKind
from mlcore.types import Ask, GateReason, JsonObject, Route, Term

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

POLICIES = dict(RankingPolicy.choices)
OPENED = _("Opened by its address")
PRACTICE = _("A practice clip: its answer is known")

TERMS: dict[str, StrPromise] = {
    Term.POLICY: _("Its score: of all clips that may be asked about, an answer here is expected to tell most."),
    Term.AUDIT: _("Drawn at random: such clips show honestly how good the model is."),
    Term.REPEAT_OTHER: _("Somebody else answered it: do two people agree?"),
    Term.REPEAT_OWN: _("You answered it before: do you agree with yourself?"),
    Term.RELABEL: _("It has an answer; another one is expected to tell more than a new clip."),
    Term.SECOND_OPINION: _("Several people answer it: how far their answers spread is wanted, not one answer."),
    Term.COLD_START: _("Typical of a part of the recordings: no model has learned yet."),
    Term.REST: _("In random order: no score put it before others."),
}
#: what an annotator is told of a test subject's clip: nothing that sets it apart
HIDDEN_TEST = {"policy": RankingPolicy.RANDOM.value, "term": Term.REST.value}

#: what measured quality let it through by, where by what to judge it does not say so already
GATE: dict[GateReason, StrPromise] = {
    GateReason.GOOD: _("Every signal is good here."),
    GateReason.AMBIGUOUS: _("Two people are asked: the signals are good, and the evidence in them conflicts."),
    GateReason.SENSOR_FINE: _("Somebody looked and said that the signal is fine."),
    GateReason.NOT_GATED: _("Measured quality is not looked at in this study."),
}

SECOND_OPINION = _("A second opinion: say what you see yourself.")
OWN_REPEAT = _("You answered this clip before; answer it afresh.")

#: name of a score -> its title, and what its numbers mean; others are not shown, so that no prediction slips through
SCORES: dict[str, tuple[StrPromise, StrPromise]] = {
    "value": (_("Value of an answer"), _("what the clips were ordered by: higher is asked first")),
    "entropy": (_("Uncertainty (entropy)"), _("0 certain … 1 undecided")),
    "mean_entropy": (_("Uncertainty (entropy)"), _("0 certain … 1 undecided")),
    "entropy_by_target": (_("Entropy by question"), _("nats")),
    "margin": (_("Margin"), _("share between the two likeliest answers")),
    "least_confidence": (_("Least confidence"), _("0 certain … 1 undecided")),
    "vacuity": (_("Lack of evidence (vacuity)"), _("0 much evidence … 1 none")),
    "dissonance": (_("Conflicting evidence (dissonance)"), _("0 of one mind … 1 torn")),
    "disagreement": (_("Disagreement of the networks"), _("nats")),
    "bald": (_("Information about the network (BALD)"), _("nats")),
    "agreement": (_("Agreement of EEG and face"), _("0 contradict each other … 1 agree")),
    "evidence": (_("Evidence"), _("by modality: more is surer")),
    "quality": (_("Measured quality"), _("0 worthless … 1 clean")),
    "seconds": (_("Time an answer is expected to take"), _("s")),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One number of a score; `of`: the question or modality it belongs to, empty where it is the only one."""

    of: str
    value: float


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    title: str
    meaning: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Why:
    policy: str
    policy_text: str
    term: str
    term_text: str
    route: str
    ask: str
    #: by what the question is to be judged; empty: by all there is
    ask_text: str
    gate_text: str
    #: what must be known before answering, the most important first
    notices: tuple[str, ...]
    rank: int | None
    #: None: before the first model
    round: int | None
    #: the mean entropy, where there is one
    score: float | None
    scores: tuple[Score, ...]


def told(served: JsonObject, *, has_eeg: bool = True, has_face: bool = True) -> Why:
    """What the label page says of a served record; what an old record does not hold keeps its plain default."""
    shown = _shown(served)
    policy, term = str(shown.get("policy", "address")), str(shown.get("term", ""))
    route, ask = str(shown.get("route", Route.MAIN)), str(shown.get("ask", Ask.BOTH))
    scores: Mapping[str, Any] = shown.get("scores", {})
    ask_text = _ask_text(ask, has_eeg=has_eeg, has_face=has_face)
    return Why(
        policy=policy,
        policy_text=str(PRACTICE if policy == TeachingKind.PRACTICE else POLICIES.get(policy, OPENED)),
        term=term,
        term_text=_term_text(term, policy),
        route=route,
        ask=ask,
        ask_text=ask_text,
        gate_text=_gate_text(scores.get("gate")),
        notices=tuple(_notices(ask_text, route=route, term=term)),
        rank=shown.get("rank"),
        round=shown.get("round") or None,
        score=_number(scores.get("entropy", scores.get("mean_entropy"))),
        scores=tuple(_scores(scores)),
    )


def _shown(served: JsonObject) -> JsonObject:
    """Without what sets a clip apart: a test subject's, or one whose answer is known."""
    if served.get("policy") == RankingPolicy.TEST:
        return {**served, **HIDDEN_TEST}
    return served["said"] if served.get("policy") == TeachingKind.CHECK else served


def _term_text(term: str, policy: str) -> str:
    """The random order is a policy too, and has no score."""
    is_random = term == Term.POLICY and policy == RankingPolicy.RANDOM
    return str(TERMS.get(Term.REST if is_random else term, ""))


def _gate_text(reason: Any) -> str:
    return str(GATE.get(reason, ""))


def _ask_text(ask: str, *, has_eeg: bool, has_face: bool) -> str:
    if ask == Ask.FACE:
        if has_eeg:
            return gettext("Judge by the face only: the EEG is bad here.")
        return gettext("Judge by the face only: there is no EEG here.")
    if ask == Ask.EEG:
        if has_face:
            return gettext("Judge by the EEG only: the face video is bad here.")
        return gettext("Judge by the EEG only: there is no face video here.")
    return ""


def _notices(ask_text: str, *, route: str, term: str) -> Iterator[str]:
    if ask_text:
        yield ask_text
    if term == Term.REPEAT_OWN:
        yield str(OWN_REPEAT)
    elif route == Route.SECOND_OPINION:
        yield str(SECOND_OPINION)


def _scores(scores: Mapping[str, Any]) -> Iterator[Score]:
    for name, (title, meaning) in SCORES.items():
        if parts := tuple(_parts(scores.get(name))):
            yield Score(name, str(title), str(meaning), parts)


def _parts(value: Any) -> Iterator[Part]:
    found = value.items() if isinstance(value, Mapping) else [("", value)]
    for of, one in found:
        number = _number(one)
        if number is not None:
            yield Part(str(of), number)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
