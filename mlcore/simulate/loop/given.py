"""What a store's own annotators said: what simulated annotators go by, and what tests are judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.evaluate import hard_classes
from mlcore.store import UNLABELLED, Store, TargetKind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: the target in which annotators say whether a clip's sensors were usable (class 0) or bad (class 1)
SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Given:
    """Stored answers about N clips.

    Args:
        classes: names of the K classes.
        said: (N,) class of each clip, −1 where nobody said or the vote was tied.
        votes: (N, K) shares of all annotators, rows of NaN where they are not known.
        is_bad: (N,) clips of which people can only say that the signal is bad.
    """

    classes: tuple[str, ...]
    said: Integers
    votes: Floats
    is_bad: NDArray[np.bool_]

    @property
    def can_answer(self) -> NDArray[np.bool_]:
        """(N,) clips about which a simulated annotator knows something to say."""
        return self.is_bad | (self.said >= 0) | ~np.isnan(self.votes).any(axis=1)

    @property
    def hardness(self) -> Floats:
        """(N,) entropy of the votes over ln K, 0..1; 0 where they are not known."""
        p = np.nan_to_num(self.votes, nan=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
        return np.asarray(np.clip(entropy / np.log(len(self.classes)), 0.0, 1.0))


def read_given(store: Store, target: str) -> Given:
    """The answers that a store carries about a target of classes or votes.

    Votes about a class target are those of the store's distribution over the same classes; of several, the one whose
    name begins like the target's.

    Raises:
        StoreError: no such target, or it is of another kind.
    """
    meta = store.meta.targets.get(target)
    if meta is None or meta.kind not in (TargetKind.CLASS, TargetKind.DISTRIBUTION):
        names = sorted(name for name, one in store.meta.targets.items() if one.kind in _LOOPED)
        raise StoreError(f"target {target!r}: expected classes or votes, one of {', '.join(names) or 'none'}")
    votes = _votes(store, target)
    said = hard_classes(votes) if meta.kind is TargetKind.DISTRIBUTION else store.target(target)
    is_bad = store.target(SIGNAL) == 1 if SIGNAL in store.meta.targets else np.zeros(store.n_clips, dtype=np.bool_)
    known = np.where(is_bad, UNLABELLED, said).astype(np.int64)
    return Given(tuple(meta.classes), known, np.where(is_bad[:, None], np.nan, votes), is_bad)


_LOOPED = (TargetKind.CLASS, TargetKind.DISTRIBUTION)


def _votes(store: Store, target: str) -> Floats:
    metas = store.meta.targets
    if metas[target].kind is TargetKind.DISTRIBUTION:
        return np.asarray(store.target(target), dtype=np.float64)
    same = [
        name
        for name, meta in metas.items()
        if meta.kind is TargetKind.DISTRIBUTION and meta.classes == metas[target].classes
    ]
    alike = [name for name in same if name.startswith(target.rstrip("0123456789"))]
    if not alike:
        return np.full((store.n_clips, len(metas[target].classes)), np.nan)
    return np.asarray(store.target(sorted(alike)[0]), dtype=np.float64)
