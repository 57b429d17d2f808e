from __future__ import annotations

import math
from typing import Any

from django import forms
from django.utils.translation import gettext


class SyncPointsForm(forms.Form):
    """The points as the page's script sends them: a JSON list of [video_s, session_s]."""

    points = forms.JSONField(widget=forms.HiddenInput, required=False)  # an empty list is told by the domain

    def clean_points(self) -> list[tuple[float, float]]:
        given = self.cleaned_data["points"]
        if not isinstance(given, list) or not all(_is_point(item) for item in given):
            raise forms.ValidationError(gettext("The points came in a shape that is not understood; reload the page."))
        return [(float(video_s), float(session_s)) for video_s, session_s in given]


def _is_point(item: Any) -> bool:
    """JSON as Python reads it has NaN too."""
    is_pair = isinstance(item, list) and len(item) == 2 and all(type(value) in (int, float) for value in item)
    return is_pair and all(map(math.isfinite, item))
