"""Reading a store: many shards as one table and one array per modality, without loading the arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.store.files import ArrayMaps, let_go, read_json
from mlcore.store.meta import ModalityMeta, ShardMeta, TargetKind, TargetMeta
from mlcore.store.table import UNLABELLED, ClipTable, read_table
from mlcore.store.write import CLIPS_NAME, META_NAME, array_targets, check_modality, check_target

Rows = NDArray[np.int64]
MAX_OPEN_MAPS = 128


@dataclass(frozen=True, slots=True)
class Shard:
    """One opened shard: its meta and table in memory, its arrays on disk."""

    folder: Path
    meta: ShardMeta
    table: ClipTable

    def path(self, name: str) -> Path:
        """File of a modality or an array target."""
        return self.folder / f"{name}.npy"


def open_shard(folder: Path, maps: ArrayMaps) -> Shard:
    """Open one shard and check every file of it against its meta; its arrays are registered with `maps`.

    Raises:
        StoreError: a file is missing or damaged, or does not fit the meta; file and field are named.
    """
    path = folder / META_NAME
    try:
        meta = ShardMeta.from_json(read_json(path))
    except StoreError as error:
        raise error if str(path) in str(error) else StoreError(f"{path}: {error}") from None
    shard = Shard(folder, meta, read_table(folder / CLIPS_NAME, meta))
    for name, modality in meta.modalities.items():
        _check_file(shard.path(name), maps, partial(check_modality, meta=modality, n_clips=len(shard.table)))
    for name, target in array_targets(meta).items():
        _check_file(shard.path(name), maps, partial(check_target, meta=target, n_clips=len(shard.table)))
    return shard


def _check_file(path: Path, maps: ArrayMaps, check: Callable[[str, NDArray[Any]], None]) -> None:
    array = maps.register(path)
    try:
        check(path.stem, array)
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True)
class Store:
    """Shards read as one: row r counts through the shards in order.

    Memory: the tables (about 200 bytes a clip), as much again once every column was asked for, and what `gather`
    returns; arrays are mapped, and the pages that were touched are let go. At most `MAX_OPEN_MAPS` files are open at a
    time. Columns are shared: nobody may write to them.

    A modality or target that a shard lacks counts as absent (unlabelled) in all of its clips.
    """

    shards: tuple[Shard, ...]
    meta: ShardMeta
    #: (S + 1,) first row of each shard, and N
    bounds: Rows
    _map: ArrayMaps = field(repr=False, compare=False)
    #: whole columns that somebody asked for, so that reading batch by batch costs the same in a store of any size
    _whole: dict[tuple[str, ...], NDArray[Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def n_clips(self) -> int:
        """N."""
        return int(self.bounds[-1])

    @property
    def clip_ids(self) -> NDArray[np.str_]:
        """Ids (N,)."""
        return self._kept(("clip_id",), lambda table: table.clip_id)

    @property
    def subjects(self) -> NDArray[np.str_]:
        """Persons (N,)."""
        return self._kept(("subject",), lambda table: table.subject)

    @property
    def sessions(self) -> NDArray[np.str_]:
        """Recording sessions (N,)."""
        return self._kept(("session",), lambda table: table.session)

    @property
    def trials(self) -> NDArray[np.int64]:
        """Trial numbers (N,), counted within a session."""
        return self._kept(("trial",), lambda table: table.trial)

    @property
    def start_s(self) -> NDArray[np.float64]:
        """Starts (N,) on the session clock."""
        return self._kept(("start_s",), lambda table: table.start_s)

    @property
    def stop_s(self) -> NDArray[np.float64]:
        """Ends (N,) on the session clock."""
        return self._kept(("stop_s",), lambda table: table.stop_s)

    def present(self, modality: str) -> NDArray[np.bool_]:
        """Whether each clip has the modality, (N,)."""
        self._modality(modality)
        return self._kept(
            ("present", modality), lambda table: table.present.get(modality, np.zeros(len(table), dtype=np.bool_))
        )

    def quality(self, modality: str) -> NDArray[np.float64]:
        """Signal quality of each clip, (N,) in 0..1."""
        self._modality(modality)
        return self._kept(("quality", modality), lambda table: table.quality.get(modality, np.zeros(len(table))))

    def gather(self, modality: str, rows: Sequence[int] | Rows) -> NDArray[Any]:
        """The clips of some rows, in the order asked, read shard by shard.

        Args:
            modality: its name.
            rows: (n,) whole numbers in 0..N-1; may repeat.

        Returns:
            A new array (n, *shape) of the modality's dtype; rows without the modality are zeros.

        Raises:
            StoreError: no such modality, or a row out of range.
        """
        meta = self._modality(modality)
        index = self._rows(rows)
        out = np.zeros((len(index), *meta.shape), dtype=meta.dtype)
        present = self.present(modality)[index]
        for shard, wanted, local in self._by_shard(index):
            if modality in shard.meta.modalities:
                use = present[wanted]
                array = self._map(shard.path(modality))
                out[wanted[use]] = array[local[use]]
                let_go(array)
        return out

    def target(self, name: str) -> NDArray[Any]:
        """The answers that the shards carry.

        Returns:
            class, ordinal: (N,) int64, `UNLABELLED` where none; distribution (N, K) and trace (N, T): float,
            NaN where not scored.

        Raises:
            StoreError: no such target, or traces of different lengths.
        """
        meta = self.meta.targets.get(name)
        if meta is None:
            raise StoreError(f"no target {name!r}: the store has {_names(self.meta.targets)}")
        if meta.is_column:
            return self._column(lambda table: table.targets.get(name, np.full(len(table), UNLABELLED)))
        width = self._target_width(name, meta)
        return np.concatenate([self._target_rows(shard, name, width) for shard in self.shards])

    def _target_width(self, name: str, meta: TargetMeta) -> int:
        if meta.kind is TargetKind.DISTRIBUTION:
            return len(meta.classes)
        carriers = [shard for shard in self.shards if name in shard.meta.targets]
        widths = [int(self._map(shard.path(name)).shape[1]) for shard in carriers]
        for shard, width in zip(carriers, widths, strict=True):
            if width != widths[0]:
                first = carriers[0].path(name)
                raise StoreError(f"{shard.path(name)} has traces of {width} values, but {first} of {widths[0]}")
        return widths[0]

    def _target_rows(self, shard: Shard, name: str, width: int) -> NDArray[Any]:
        if name in shard.meta.targets:
            return np.asarray(self._map(shard.path(name)))
        return np.full((len(shard.table), width), np.nan)

    def _modality(self, name: str) -> ModalityMeta:
        meta = self.meta.modalities.get(name)
        if meta is None:
            raise StoreError(f"no modality {name!r}: the store has {_names(self.meta.modalities)}")
        return meta

    def _rows(self, rows: Sequence[int] | Rows) -> Rows:
        index = np.asarray(rows)
        if index.size == 0:
            return np.zeros(0, dtype=np.int64)
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise StoreError(f"rows: expected a list of whole numbers, got {index.dtype} of shape {index.shape}")
        if index.min() < 0 or index.max() >= self.n_clips:
            raise StoreError(f"rows: expected 0..{self.n_clips - 1}, got {index.min()}..{index.max()}")
        return index.astype(np.int64)

    def _by_shard(self, index: Rows) -> list[tuple[Shard, Rows, Rows]]:
        """(shard, places in `index`, rows within the shard), sorted by row so that the file is read forwards."""
        owner = np.searchsorted(self.bounds, index, side="right") - 1
        parts = []
        for number in np.unique(owner):
            wanted = np.flatnonzero(owner == number)
            wanted = wanted[np.argsort(index[wanted], kind="stable")]
            parts.append((self.shards[number], wanted, index[wanted] - self.bounds[number]))
        return parts

    def _kept(self, key: tuple[str, ...], get: Callable[[ClipTable], NDArray[Any]]) -> NDArray[Any]:
        """A column, put together once; it is everybody's, so nobody may write to it."""
        if key not in self._whole:
            column = self._column(get)
            column.flags.writeable = False
            self._whole[key] = column
        return self._whole[key]

    def _column(self, get: Callable[[ClipTable], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([get(shard.table) for shard in self.shards])


def open_store(path: Path | Sequence[Path]) -> Store:
    """Open a shard, a folder of shards (in the order of their names), or a list of shards (in its order).

    Args:
        path: a folder with a meta.json, a folder of such folders, or a list of such folders. Hidden folders are
            writes that did not end, and are passed over.

    Raises:
        StoreError: nothing there, a damaged shard, or shards that don't fit together; the shard is named.
    """
    folders = _shard_folders(path) if isinstance(path, Path) else list(path)
    if not folders:
        raise StoreError("a store needs at least one shard: none was given")
    maps = ArrayMaps(MAX_OPEN_MAPS)
    shards = tuple(open_shard(folder, maps) for folder in folders)
    meta = _common_meta(shards)
    bounds = np.cumsum([0, *(len(shard.table) for shard in shards)], dtype=np.int64)
    store = Store(shards, meta, bounds, maps)
    _check_unique(store)
    return store


def _shard_folders(path: Path) -> list[Path]:
    if (path / META_NAME).is_file():
        return [path]
    inside = sorted(path.iterdir()) if path.is_dir() else []
    folders = [item for item in inside if item.is_dir() and not item.name.startswith(".")]
    found = [folder for folder in folders if (folder / META_NAME).exists() or (folder / CLIPS_NAME).exists()]
    if not found:
        raise StoreError(f"{path} holds no clip store: expected {META_NAME} in it or in its folders")
    return found


def _common_meta(shards: Sequence[Shard]) -> ShardMeta:
    modalities: dict[str, ModalityMeta] = {}
    targets: dict[str, TargetMeta] = {}
    origin: dict[str, Shard] = {}
    for shard in shards:
        for name, modality in shard.meta.modalities.items():
            first = modalities.setdefault(name, modality)
            _check_same(name, origin.setdefault(name, shard), first, shard, modality)
        for name, target in shard.meta.targets.items():
            known = targets.setdefault(name, target)
            _check_same(name, origin.setdefault(name, shard), known, shard, target)
    return ShardMeta(modalities, targets, shards[0].meta.versions)


def _check_same(
    name: str, one: Shard, first: ModalityMeta | TargetMeta, other: Shard, second: ModalityMeta | TargetMeta
) -> None:
    if first == second:
        return
    ours, theirs = first.to_json(), second.to_json()
    key = next(key for key in ("shape", *ours, *theirs) if ours.get(key) != theirs.get(key))
    raise StoreError(
        f"shard {other.folder} does not fit the store: {name} has {key} {theirs.get(key)}, "
        f"but {ours.get(key)} in shard {one.folder}; import it again with the same settings"
    )


def _check_unique(store: Store) -> None:
    ids, first, counts = np.unique(store.clip_ids, return_index=True, return_counts=True)
    if np.any(counts > 1):
        twice = int(np.argmax(counts > 1))
        owner = int(np.searchsorted(store.bounds, first[twice], side="right")) - 1
        raise StoreError(f"clip {ids[twice]} is in shard {store.shards[owner].folder} and in another one")


def _names(mapping: object) -> str:
    return ", ".join(sorted(mapping)) if isinstance(mapping, dict) and mapping else "none"
