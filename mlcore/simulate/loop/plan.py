"""Names of strategies as a loop takes them: plain, behind the gate, or the whole composed batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlcore.errors import ConcordError
from mlcore.types import Strategy

GATED: Final = "gated-"
POLICY: Final = "policy"
RANDOM: Final = Strategy.RANDOM.value


@dataclass(frozen=True, slots=True)
class Plan:
    """How a loop asks.

    Args:
        name: as people write it.
        strategy: what ranks the clips.
        is_gated: whether measured quality decides which clips may be asked about.
        is_composed: whether batches are composed, with their random slice, repeats, gaps and diversity.
    """

    name: str
    strategy: Strategy
    is_gated: bool
    is_composed: bool

    @classmethod
    def parse(cls, name: str) -> Plan:
        """Read "entropy", "gated-entropy", "policy" or "policy:entropy".

        `gated-consistency` is a strategy of its own that judges by quality itself; behind the gate it is
        `gated-gated-consistency`.

        Raises:
            ConcordError: there is no such strategy.
        """
        head, _, tail = name.partition(":")
        if head == POLICY:
            return cls(name, _strategy(tail or Strategy.ENTROPY.value, name), is_gated=True, is_composed=True)
        if name in set(Strategy):
            return cls(name, Strategy(name), is_gated=False, is_composed=False)
        is_gated = name.startswith(GATED)
        return cls(name, _strategy(name.removeprefix(GATED), name), is_gated=is_gated, is_composed=False)

    @property
    def needs_scores(self) -> bool:
        """Whether anything but chance and measured quality is looked at."""
        return self.strategy is not Strategy.RANDOM or self.is_composed


def _strategy(text: str, name: str) -> Strategy:
    if text not in set(Strategy):
        known = ", ".join(Strategy)
        raise ConcordError(
            f"no strategy {name!r}: expected one of {known}, the same after {GATED!r}, or {POLICY}[:NAME]"
        )
    return Strategy(text)


def with_random(names: list[str]) -> tuple[str, ...]:
    """The names asked for, each once, after the two that everything is measured against."""
    return tuple(dict.fromkeys([RANDOM, GATED + RANDOM, *names]))
