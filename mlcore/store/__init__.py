"""The clip store: directories of memory-mapped arrays and one table that anyone can read."""

from mlcore.store.describe import describe
from mlcore.store.meta import ModalityKind, ModalityMeta, ShardMeta, TargetKind, TargetMeta
from mlcore.store.read import Shard, Store, open_store
from mlcore.store.table import UNLABELLED, ClipTable
from mlcore.store.write import RowStream, write_shard

__all__ = [
    "UNLABELLED",
    "ClipTable",
    "ModalityKind",
    "ModalityMeta",
    "RowStream",
    "Shard",
    "ShardMeta",
    "Store",
    "TargetKind",
    "TargetMeta",
    "describe",
    "open_store",
    "write_shard",
]
