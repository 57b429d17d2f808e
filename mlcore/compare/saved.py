"""Finished parts on disk, so that a comparison that was killed goes on where it stood."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import torch

import mlcore
from mlcore.compare.contract import Method
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.part import PartResult
from mlcore.compare.plan import Part
from mlcore.compare.truth import Answers
from mlcore.store import Store
from mlcore.train.checkpoint import write_atomically

#: packages whose code decides what a method finds
DECIDING = ("acquire", "compare", "evaluate", "evidence", "nets", "signals", "store", "train")
#: clips of each modality that go into the signature: enough to tell two stores with the same ids apart
N_SAMPLED_CLIPS = 16
_LATENT = "latent-"


@dataclass(frozen=True, slots=True)
class SavedParts:
    """Parts of one method on one target. A part is there once its .json is, which is written last."""

    folder: Path
    signature: str

    def write(self, part: Part, result: PartResult) -> None:
        """Keep a part; a kill at any moment leaves all of it or nothing that counts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        latents = {f"{_LATENT}{name}": z.astype(np.float32) for name, z in result.latents.items()}
        arrays: dict[str, Any] = {"rows": result.rows, **result.said, **latents}
        np.savez_compressed(content, **arrays)
        write_atomically(self.folder / f"{part.name}.npz", content.getvalue())
        text = json.dumps({"signature": self.signature, "record": plain(result.record)}, indent=1, allow_nan=False)
        write_atomically(self.folder / f"{part.name}.json", text.encode())

    def read(self, part: Part) -> PartResult | None:
        """A part that was kept; None where there is none, a damaged one, or one of another signature."""
        try:
            item = json.loads((self.folder / f"{part.name}.json").read_text(encoding="utf-8"))
            if item["signature"] != self.signature:
                return None
            with np.load(self.folder / f"{part.name}.npz", allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None
        rows = found.pop("rows")
        latents = {name.removeprefix(_LATENT): z for name, z in found.items() if name.startswith(_LATENT)}
        said = {name: values for name, values in found.items() if not name.startswith(_LATENT)}
        return PartResult(item["record"], rows, said, latents)


def sign(store: Store, answers: Answers, method: Method, options: CrossvalOptions) -> str:
    """A hash of all that decides a part: clips, answers, a sample of the signals, method, options, code, libraries."""
    digest = hashlib.sha256(code_hash().encode())
    settings = {"method": method.name, "settings": method.settings, "options": options.of_a_part()}
    libraries = {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__}
    modalities = store.meta.to_json()["modalities"]
    digest.update(json.dumps([settings, libraries, modalities], sort_keys=True).encode())
    for column in (store.clip_ids, store.subjects, store.sessions):
        digest.update("\n".join(column.tolist()).encode())
    for values in (store.trials, store.start_s, store.stop_s, answers.values):
        digest.update(np.ascontiguousarray(values).tobytes())
    sampled = np.unique(np.linspace(0, store.n_clips - 1, N_SAMPLED_CLIPS).astype(np.int64))
    for name in sorted(store.meta.modalities):
        digest.update(store.present(name).tobytes() + store.quality(name).tobytes())
        digest.update(store.gather(name, sampled).tobytes())
    return digest.hexdigest()


def plain(value: Any) -> Any:
    """The same as JSON can hold it: numpy's numbers as Python's, and what is not finite as null."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def code_hash() -> str:
    """A hash of the packages that decide what a method finds, so that parts of older code are not taken up."""
    digest = hashlib.sha256()
    root = Path(mlcore.__file__).parent
    for package in DECIDING:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
