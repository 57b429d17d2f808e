"""Where results go: a file, a terminal, a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mlcore.compare.latent_picture import latent_html, panels_of
from mlcore.compare.many import Comparison, jobs_of
from mlcore.compare.table import result_table, robustness_table, versus_table
from mlcore.errors import TrainingError
from mlcore.train.checkpoint import write_atomically
from mlcore.types import JsonObject


@contextmanager
def parts_folder(out: Path | None) -> Iterator[Path]:
    """Where finished parts are kept: beside the result, or nowhere for long where there is no such file."""
    if out is not None:
        yield out.with_name(f"{out.name}.parts")
        return
    with TemporaryDirectory(prefix="crossval-") as folder:
        yield Path(folder)


def results_json(results: Sequence[JsonObject], comparisons: Sequence[JsonObject]) -> str:
    """One result as it is; several as {"results", "comparisons"}."""
    whole = results[0] if len(results) == 1 else {"results": list(results), "comparisons": list(comparisons)}
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a file in one step; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode())


def tables(results: Sequence[JsonObject], comparisons: Sequence[JsonObject]) -> str:
    """What `--table` prints."""
    found = [result_table(results), robustness_table(results), versus_table(comparisons)]
    return "\n\n".join(table for table in found if table) + "\n"


def draw_latents(path: Path, comparison: Comparison, results: Sequence[JsonObject]) -> None:
    """Draw every method that has a latent space.

    Raises:
        TrainingError: none of them has one.
    """
    pairs = zip(jobs_of(comparison), results, strict=True)
    panels = [panel for job, result in pairs if "mean" in result for panel in panels_of(job)]
    if not panels:
        raise TrainingError("--latent: none of the methods has a latent space")
    write_text(path, latent_html(panels))
