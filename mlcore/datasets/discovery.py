"""Finding the recordings of a source, whatever its layout."""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets import mahnob, manifest
from mlcore.datasets.layout import Discovery, Layout
from mlcore.errors import LayoutError

__all__ = ["LAYOUTS", "Discovery", "find_recordings", "layout_named"]

#: in the order in which `auto` asks them
LAYOUTS: tuple[Layout, ...] = (mahnob, manifest)
_AUTO = "auto"


def find_recordings(source: Path, layout: str = _AUTO) -> Discovery:
    """List the recordings of a folder or manifest; of their files nothing is read but session descriptions.

    Args:
        source: a folder, or the CSV file of a manifest.
        layout: "auto", "mahnob" or "manifest".

    Returns:
        The recordings; one that could be found but not understood carries its reason in `error`.

    Raises:
        LayoutError: the source is absent, of no known layout, or not of the layout named; one sentence.
    """
    if not source.exists():
        raise LayoutError(f"{source.name or source}: there is no such file or folder.")
    found = _recognised(source) if layout == _AUTO else layout_named(layout).find(source)
    if not found.recordings:
        raise LayoutError(f"{source.name}: read as {found.layout}, and it holds no recording. {found.why}".strip())
    return found


def layout_named(name: str) -> Layout:
    """The layout of this name; LayoutError if there is none."""
    for layout in LAYOUTS:
        if name == layout.NAME:
            return layout
    names = ", ".join([_AUTO, *(layout.NAME for layout in LAYOUTS)])
    raise LayoutError(f"layout: expected one of {names}, got {name!r}.")


def _recognised(source: Path) -> Discovery:
    for layout in LAYOUTS:
        reason = layout.recognise(source)
        if reason is not None:
            found = layout.find(source)
            why = f"Read as {layout.NAME}: {reason}. {found.why}".strip()
            return Discovery(found.root, found.layout, why, found.recordings)
    raise LayoutError(
        f"{source.name}: no known layout; expected a MAHNOB-HCI folder (Sessions/<number>/session.xml), "
        "a manifest (a CSV file with subject, session, eeg_file and video_file), or a folder with manifest.csv."
    )
