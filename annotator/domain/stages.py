"""What the stages of a round are called: those of its second network and on carry the network's number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_NUMBERED = re.compile(r"(?P<role>.+) (?P<network>[2-9]|[1-9]\d+)")


@dataclass(frozen=True, slots=True)
class StageName:
    """ "teacher 2" is the teacher of network 2; a name without a number belongs to network 1."""

    role: str
    network: int = 1

    @classmethod
    def read(cls, text: str) -> Self:
        found = _NUMBERED.fullmatch(text)
        return cls(found["role"], int(found["network"])) if found else cls(text)

    def told(self, n_networks: int) -> str:
        """For people; which network only matters where there are several."""
        return f"Network {self.network} of {n_networks}, {self.role}" if n_networks > 1 else self.role.capitalize()
