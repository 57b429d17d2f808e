"""Every method that can be asked for by name."""

from __future__ import annotations

from collections.abc import Mapping

from mlcore.compare.baselines import BASELINES
from mlcore.compare.contract import Method
from mlcore.compare.linear import LINEAR
from mlcore.compare.majority import MAJORITY
from mlcore.compare.net_method import as_method
from mlcore.errors import TrainingError

METHODS: Mapping[str, Method] = {
    method.name: method for method in (*(as_method(baseline) for baseline in BASELINES), LINEAR, MAJORITY)
}


def find_method(name: str) -> Method:
    """The method of that name.

    Raises:
        TrainingError: there is none; the known ones are listed.
    """
    method = METHODS.get(name)
    if method is None:
        raise TrainingError(f"no method {name!r}: there are {', '.join(METHODS)}")
    return method
