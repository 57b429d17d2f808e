"""The sync page's preview, run by node, against the fit that the import makes: who saves a map gets the map shown."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import playwright
import pytest

from annotator.domain import clocks
from mlcore.errors import SyncError
from mlcore.sync import hand_clock
from mlcore.types import ClockMap

SCRIPT = Path(__file__).parents[2] / "js" / "fit_points.mjs"
LIMITS = {"max_drift": clocks.MAX_DRIFT, "max_slip_s": clocks.MAX_SLIP_S, "least_span_s": clocks.LEAST_SPAN_S}


def node() -> str:
    """From the machine, else the one inside Playwright's wheel."""
    return shutil.which("node") or str(Path(str(playwright.__file__)).parent / "driver" / "node")


def cases() -> list[dict[str, Any]]:
    """Some of every sort: few and many, close and far, good and contradictory."""
    rng = np.random.default_rng(11)
    made = []
    for _ in range(300):
        n, span_s = int(rng.integers(1, 6)), float(rng.choice([4.0, 9.0, 12.0, 600.0]))
        video_s = rng.uniform(0.0, span_s, n)
        drift, slip_s = rng.uniform(-0.012, 0.012), float(rng.choice([0.002, 0.05, 0.6]))
        session_s = rng.uniform(-5, 5) + (1 + drift) * video_s + rng.uniform(-slip_s, slip_s, n)
        pairs = [list(pair) for pair in zip(video_s.tolist(), session_s.tolist(), strict=True)]
        made.append({"points": pairs, "drift": float(rng.choice([0.0, 4e-5]))})
    return made


def library(case: dict[str, Any]) -> ClockMap | None:
    try:
        return hand_clock([(video_s, session_s) for video_s, session_s in case["points"]], drift=case["drift"])
    except SyncError:
        return None


def test_the_preview_is_the_fit_of_the_import() -> None:
    given = cases()
    said = subprocess.run(
        [node(), str(SCRIPT)],
        input=json.dumps({"cases": given, "limits": LIMITS}),
        capture_output=True,
        text=True,
        check=True,
    )
    previews, fits = json.loads(said.stdout), [library(case) for case in given]
    assert [preview["refusal"] == "" for preview in previews] == [fit is not None for fit in fits]
    taken = [(preview, fit) for preview, fit in zip(previews, fits, strict=True) if fit is not None]
    assert 50 < len(taken) < 290  # both sorts are among them
    for preview, fit in taken:
        assert preview["offset_s"] == pytest.approx(fit.offset_s, abs=1e-6)
        assert preview["drift"] == pytest.approx(fit.drift, abs=1e-9)
        assert (preview["residual_ms"] is None) == (fit.residual_ms is None)
        if fit.residual_ms is not None:
            assert preview["residual_ms"] == pytest.approx(fit.residual_ms, abs=1e-3)
