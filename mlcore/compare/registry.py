"""Every method that can be asked for by name."""

from __future__ import annotations

from collections.abc import Mapping

from mlcore.compare.baselines import BASELINES
from mlcore.compare.contract import Method
from mlcore.compare.early import EARLY
from mlcore.compare.linear import LINEAR
from mlcore.compare.majority import MAJORITY
from mlcore.compare.net_method import as_method
from mlcore.compare.ours import concord_method, late_method
from mlcore.compare.restricted import restricted
from mlcore.errors import TrainingError
from mlcore.train.roles import STUDENT, TEACHER

_OURS = (
    concord_method("concord", {}),
    concord_method("eeg-only", {}, only=STUDENT),
    concord_method("face-only", {}, only=TEACHER),
    late_method({}),
)
_PLAIN = (LINEAR, *(restricted(LINEAR, f"linear-{name}", only=name) for name in (STUDENT, TEACHER)), MAJORITY)
METHODS: Mapping[str, Method] = {
    method.name: method for method in (*_OURS, *(as_method(baseline) for baseline in (EARLY, *BASELINES)), *_PLAIN)
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
