"""Simulated annotators of a closed loop: what each would say about each clip, and how long it would take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.errors import ConcordError
from mlcore.simulate.loop.given import Given

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: what may be said beside a class
CANT_TELL, BAD_SIGNAL = -1, -2
N_ANNOTATORS = 5
#: answers that one annotator gives when asked for the first and for the second time
N_PASSES = 2
#: thinking about an answer: Gamma(4, 1 + hardness) seconds; seeing that a signal is bad takes half of that
_SHAPE = 4.0


class OracleKind(StrEnum):
    """How simulated annotators err."""

    CLEAN = "clean"
    FLIP = "flip"
    AMBIGUOUS = "ambiguous"
    BIASED = "biased"
    ABSTAIN = "abstain"


#: what the number after the colon is where none is given
RATES = {OracleKind.FLIP: 0.1, OracleKind.BIASED: 0.25, OracleKind.ABSTAIN: 0.15}


@dataclass(frozen=True, slots=True)
class Oracle:
    """A kind of annotators, and how often they err, 0..1."""

    kind: OracleKind
    rate: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Oracle:
        """Read "clean", "flip:0.1", "ambiguous", "biased[:R]" or "abstain[:R]".

        Raises:
            ConcordError: anything else.
        """
        name, _, number = text.partition(":")
        try:
            kind = OracleKind(name)
            rate = float(number) if number else RATES.get(kind, 0.0)
        except ValueError:
            raise ConcordError(f"oracle {text!r}: expected clean, flip:R, ambiguous, biased:R or abstain:R") from None
        if number and kind not in RATES:
            raise ConcordError(f"oracle {text!r}: {kind} takes no number")
        if not 0.0 <= rate <= 1.0:
            raise ConcordError(f"oracle {text!r}: expected a rate 0..1, got {rate:g}")
        return cls(kind, rate)

    def __str__(self) -> str:
        return f"{self.kind}:{self.rate:g}" if self.kind in RATES else self.kind.value


@dataclass(frozen=True, slots=True)
class Answers:
    """What A annotators would say about N clips, whenever they are asked.

    Args:
        said: (passes, A, N) classes 0..K−1, `CANT_TELL` or `BAD_SIGNAL`.
        seconds: (passes, A, N) what the answer costs.
        first: (N,) who is asked about a clip first.
    """

    said: Integers
    seconds: Floats
    first: Integers

    def of_first(self) -> Integers:
        """(N,) what is said where every clip is asked about once."""
        return np.asarray(self.said[0, self.first, np.arange(len(self.first))])


def draw_answers(oracle: Oracle, given: Given, length_s: Floats, rng: Generator) -> Answers:
    """Draw every answer beforehand, so that a clip's answer does not depend on when or by which strategy it is asked.

    `clean` says what the store holds (one of the tied classes where a vote was tied); `flip` says another class, each
    as likely, with its rate; `ambiguous` draws from the votes; a `biased` annotator says a favourite class of their own
    with its rate; `abstain` can't tell with its rate on a clear clip, up to five times that on an ambiguous one.

    Args:
        oracle: how annotators err.
        given: what the store holds.
        length_s: (N,) how long each clip is.
        rng: decides all.

    Raises:
        ConcordError: answers are to be drawn from votes that the store does not have.
    """
    n_clips = len(given.said)
    shape = (N_PASSES, N_ANNOTATORS, n_clips)
    said = _err(oracle, np.broadcast_to(_stored(given, rng), shape).copy(), given, rng)
    said[:, :, given.is_bad] = BAD_SIGNAL
    hardness = np.where(given.is_bad, -0.5, given.hardness)
    seconds = length_s + rng.gamma(_SHAPE, np.broadcast_to(1.0 + hardness, shape))
    return Answers(said, seconds, rng.integers(N_ANNOTATORS, size=n_clips))


def _stored(given: Given, rng: Generator) -> Integers:
    """(N,) the stored class; of a tied vote one of the classes at the top."""
    votes = np.nan_to_num(given.votes, nan=0.0)
    jittered = votes + 1e-9 * rng.random(votes.shape)
    return np.where(given.said >= 0, given.said, jittered.argmax(axis=1))


def _err(oracle: Oracle, said: Integers, given: Given, rng: Generator) -> Integers:
    n_classes = len(given.classes)
    is_hit = rng.random(said.shape) < oracle.rate
    match oracle.kind:
        case OracleKind.FLIP:
            return np.where(is_hit, (said + rng.integers(1, n_classes, size=said.shape)) % n_classes, said)
        case OracleKind.AMBIGUOUS:
            return _from_votes(said.shape, given, rng)
        case OracleKind.BIASED:
            favourite = rng.integers(n_classes, size=(1, said.shape[1], 1))
            return np.where(is_hit, favourite, said)
        case OracleKind.ABSTAIN:
            passes = rng.random(said.shape) < oracle.rate * (1.0 + 4.0 * given.hardness)
            return np.where(passes, CANT_TELL, said)
        case _:
            return said


def _from_votes(shape: tuple[int, ...], given: Given, rng: Generator) -> Integers:
    """Draws from each clip's votes."""
    answerable = given.can_answer & ~given.is_bad
    if np.isnan(given.votes[answerable]).any() or not answerable.any():
        raise ConcordError("oracle ambiguous: the store has no votes over this target's classes to draw from")
    below = np.cumsum(np.nan_to_num(given.votes, nan=0.0), axis=1)  # (N, K)
    drawn = rng.random((*shape, 1)) * np.maximum(below[:, -1:], 1e-12)
    return np.asarray((drawn >= below).sum(axis=-1).clip(max=below.shape[1] - 1), dtype=np.int64)
