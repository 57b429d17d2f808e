"""Finished runs on disk, so that a loop that was killed goes on where it stood."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mlcore
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.material import Material
from mlcore.simulate.loop.run import Point, Run
from mlcore.simulate.loop.world import LoopOptions
from mlcore.train.checkpoint import write_atomically
from mlcore.types import JsonObject

#: folders whose code decides what a loop finds
DECIDING = ("acquire", "evaluate", "evidence", "nets", "simulate/loop", "train")


@dataclass(frozen=True, slots=True)
class SavedRuns:
    """One file a run; a file of another signature counts as none."""

    folder: Path
    signature: str

    def write(self, name: str, content: JsonObject) -> None:
        """Keep something; a kill at any moment leaves all of it or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"signature": self.signature, "content": content}, allow_nan=False)
        write_atomically(self._path(name), text.encode())

    def read(self, name: str) -> JsonObject | None:
        """What was kept under the name; None where there is nothing, or nothing that counts."""
        try:
            item = json.loads(self._path(name).read_text(encoding="utf-8"))
            content: JsonObject = item["content"]
            return content if item["signature"] == self.signature else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name.replace(':', '-')}.json"


def run_from_json(item: JsonObject) -> Run:
    """Read what `Run.to_json` wrote."""
    points = tuple(
        Point(int(one["answers"]), int(one["labels"]), float(one["seconds"]), float(one["score"]))
        for one in item["points"]
    )
    return Run(str(item["strategy"]), int(item["seed"]), int(item["n_pool"]), points, tuple(item["batches"]))


def sign(material: Material, given: Given, options: LoopOptions, model: str) -> str:
    """A hash of all that decides a run but its seed and strategy: clips, answers, options, model, code."""
    digest = hashlib.sha256(_code_hash().encode())
    settings = {
        "target": options.target,
        "oracle": str(options.oracle),
        "sizes": [options.n_start, options.batch_size, options.budget, options.test_share],
        "split": options.split.value,
        "config": options.config.to_json(),
        "model": model,
        "classes": given.classes,
        "numpy": np.__version__,
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    digest.update("\n".join(material.clip_ids.tolist()).encode())
    columns: list[NDArray[Any]] = [
        material.subject,
        material.session,
        material.trial,
        material.start_s,
        material.stop_s,
    ]
    columns += [given.said, given.votes, given.is_bad]
    for name in sorted(material.features):
        columns += [material.quality[name], material.features[name]]
    for column in columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


@functools.cache
def _code_hash() -> str:
    """Of the code as it is when the first run is signed, which is the code that runs."""
    digest, root = hashlib.sha256(), Path(mlcore.__file__).parent
    for folder in DECIDING:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
