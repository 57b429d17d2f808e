"""Finding the recordings of a source, whatever its layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlcore.datasets import ascertain, bids, deap, eav, folder, mahnob, manifest, xdf
from mlcore.datasets.admission import admitted
from mlcore.datasets.layout import Discovery, Layout
from mlcore.errors import LayoutError

__all__ = ["LAYOUTS", "Discovery", "find_recordings", "layout_named"]

#: in the order in which `auto` asks them. A manifest that somebody put into a folder was put there to be read; then
#: data sets by their own names; BIDS before XDF, for a BIDS folder may keep XDF files in sourcedata; a folder that is
#: nothing else comes last
LAYOUTS: tuple[Layout, ...] = (manifest, mahnob, deap, eav, ascertain, bids, xdf, folder)
_AUTO = "auto"


def find_recordings(source: Path, layout: str = _AUTO) -> Discovery:
    """List the recordings of a folder or file; of their files little is read but names, shapes and descriptions.

    Args:
        source: a folder, the CSV file of a manifest, or an XDF file.
        layout: "auto", or the name of a layout.

    Returns:
        The recordings; one that could be found but not understood carries its reason in `error`.

    Raises:
        LayoutError: the source is absent, of no known layout, or not of the layout named; one sentence.
    """
    if not source.exists():
        raise LayoutError(f"{source.name or source}: there is no such file or folder.")
    try:
        found = _recognised(source) if layout == _AUTO else layout_named(layout).find(source)
    except OSError as error:
        raise LayoutError(f"{source.name}: can't be looked through ({error.strerror}).") from error
    if not found.recordings:
        raise LayoutError(f"{source.name}: read as {found.layout}, and it holds no recording. {found.why}".strip())
    return replace(found, recordings=admitted(found.recordings, found.root))


def layout_named(name: str) -> Layout:
    """The layout of this name; LayoutError if there is none."""
    for layout in LAYOUTS:
        if name == layout.NAME:
            return layout
    names = ", ".join([_AUTO, *(layout.NAME for layout in LAYOUTS)])
    raise LayoutError(f"layout: expected one of {names}, got {name!r}.")


def _recognised(source: Path) -> Discovery:
    """By the first layout that knows the source; others that know it too are named, the plain folder apart."""
    reasons = {layout: layout.recognise(source) for layout in LAYOUTS}
    known = [layout for layout in LAYOUTS if reasons[layout] is not None]
    if not known:
        raise LayoutError(
            f"{source.name}: no known layout; expected a folder of MAHNOB-HCI, DEAP, EAV, ASCERTAIN or EEG-BIDS, "
            "XDF files, a manifest (a CSV file with subject, session, eeg_file and video_file), or a folder with EEG "
            "files or videos."
        )
    found = known[0].find(source)
    others = [layout.NAME for layout in known[1:] if layout is not folder]
    also = f"It could be read as {' or '.join(others)} too: name that layout to have it so." if others else ""
    why = " ".join(part for part in (f"Read as {known[0].NAME}: {reasons[known[0]]}.", also, found.why) if part)
    return replace(found, why=why)
