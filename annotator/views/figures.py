"""What a page with figures allows."""

from __future__ import annotations

from typing import Any, cast

from csp.decorators import csp_update

from annotator.domain.access import View


def plotly_page(view: View) -> View:
    """Plotly sets style attributes on the elements that it makes; no other page allows that."""
    return cast("View", csp_update({"style-src-attr": ["'unsafe-inline'"]})(cast("Any", view)))
