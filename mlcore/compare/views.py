"""What a method gets to see of a store: never its answers, and of some clips not every modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.store import ShardMeta, Store
from mlcore.store.files import ArrayMaps
from mlcore.store.read import MAX_OPEN_MAPS

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoreView(Store):
    """A store seen through another one, `base`; what a view does not change it asks of the base."""

    base: Store

    def present(self, modality: str) -> NDArray[np.bool_]:
        """As `Store.present`."""
        return self.base.present(modality)

    def quality(self, modality: str) -> NDArray[np.float64]:
        """As `Store.quality`."""
        return self.base.quality(modality)

    def gather(self, modality: str, rows: Sequence[int] | Rows) -> NDArray[Any]:
        """As `Store.gather`."""
        return self.base.gather(modality, rows)


@dataclass(frozen=True, slots=True)
class HiddenStore(StoreView):
    """A store in which some clips lack some modalities, as if they had never been recorded."""

    #: modality -> (N,) whether it is hidden
    hidden: dict[str, NDArray[np.bool_]]

    def present(self, modality: str) -> NDArray[np.bool_]:
        """Whether each clip has the modality and shows it, (N,)."""
        present = self.base.present(modality)
        return present & ~self.hidden[modality] if modality in self.hidden else present

    def quality(self, modality: str) -> NDArray[np.float64]:
        """As `Store.quality`, 0 where the modality is hidden."""
        quality = self.base.quality(modality)
        return np.where(self.hidden[modality], 0.0, quality) if modality in self.hidden else quality

    def gather(self, modality: str, rows: Sequence[int] | Rows) -> NDArray[Any]:
        """As `Store.gather`, zeros where the modality is hidden."""
        clips = self.base.gather(modality, rows)
        if modality in self.hidden and len(clips):
            clips[self.hidden[modality][np.asarray(rows, dtype=np.int64)]] = 0
        return clips


def view_fields(base: Store) -> dict[str, Any]:
    """What a view shares with its base."""
    return {"shards": base.shards, "meta": base.meta, "bounds": base.bounds, "_map": base._map, "base": base}


def without_answers(store: Store) -> Store:
    """The same clips without one target: neither in the tables, nor in the meta, nor among the mapped files.

    The files themselves still lie on the disk; a method that opens them behind the store's back is not stopped.
    """
    maps = ArrayMaps(MAX_OPEN_MAPS)
    for shard in store.shards:
        for name in shard.meta.modalities:
            maps.register(shard.path(name))
    shards = tuple(
        replace(shard, meta=_without_targets(shard.meta), table=replace(shard.table, targets={}))
        for shard in store.shards
    )
    return Store(shards, _without_targets(store.meta), store.bounds, maps)


def _without_targets(meta: ShardMeta) -> ShardMeta:
    return replace(meta, targets={})


def hide(store: Store, modalities: Sequence[str], rows: Rows | None = None) -> Store:
    """The store without some modalities of some rows.

    Args:
        store: the clips.
        modalities: what is hidden.
        rows: (n,) of which clips; None = of all.
    """
    if not modalities:
        return store
    where = np.zeros(store.n_clips, dtype=np.bool_)
    where[slice(None) if rows is None else rows] = True
    return HiddenStore(**view_fields(store), hidden=dict.fromkeys(modalities, where))


def shard_folders(store: Store) -> tuple[Path, ...]:
    """Folders from which another process can open the same store."""
    return tuple(shard.folder for shard in store.shards)
