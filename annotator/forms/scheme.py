"""The editor of a label scheme: questions in rows that can be added, taken out and moved, with or without script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.types import (
    AFFECT_GRID,
    AROUSAL3,
    EKMAN6,
    SAM_AROUSAL5,
    SAM_AROUSAL9,
    SAM_DOMINANCE9,
    SAM_VALENCE5,
    SAM_VALENCE9,
    TRACE_AROUSAL,
    TRACE_VALENCE,
    UNBOUNDED_AROUSAL,
    UNBOUNDED_VALENCE,
    VALENCE3,
    VAS_AROUSAL,
    VAS_VALENCE,
    Dimension,
    DimensionKind,
    check_scheme,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PRESETS: dict[str, tuple[StrPromise, tuple[Dimension, ...]]] = {
    "classes3": (_("Valence and arousal, 3 classes each"), (VALENCE3, AROUSAL3)),
    "sam5": (_("Valence and arousal, 5-point SAM"), (SAM_VALENCE5, SAM_AROUSAL5)),
    "sam9": (_("Valence and arousal, 9-point SAM"), (SAM_VALENCE9, SAM_AROUSAL9)),
    "sam9vad": (_("Valence, arousal and dominance, 9 points (SAM)"), (SAM_VALENCE9, SAM_AROUSAL9, SAM_DOMINANCE9)),
    "grid": (_("Affect grid, 9 × 9"), (AFFECT_GRID,)),
    "ekman6": (_("Ekman's six emotions with intensity"), (EKMAN6,)),
    "vas": (_("Valence and arousal on slider lines (VAS)"), (VAS_VALENCE, VAS_AROUSAL)),
    "trace": (_("Valence and arousal over time, bounded"), (TRACE_VALENCE, TRACE_AROUSAL)),
    "unbounded": (_("Valence and arousal over time, unbounded"), (UNBOUNDED_VALENCE, UNBOUNDED_AROUSAL)),
}
KINDS = {
    DimensionKind.CLASS: _("Classes: one of several words"),
    DimensionKind.ORDINAL: _("Scale of levels, with manikins (SAM)"),
    DimensionKind.EMOTIONS: _("Emotions, each with an intensity"),
    DimensionKind.GRID: _("Affect grid: valence and arousal in one answer"),
    DimensionKind.VAS: _("Slider line, 0 to 100 (VAS)"),
    DimensionKind.TRACE: _("Over time, between two ends"),
    DimensionKind.UNBOUNDED_TRACE: _("Over time, without ends"),
}
MAX_ROWS = 12
ROW = "question"
FIELDS = ("title", "key", "kind", "words", "levels")
Row = dict[str, str]


class DimensionForm(forms.Form):
    """One question of a scheme."""

    title = forms.CharField(max_length=80, label=_("Question"))
    key = forms.CharField(max_length=40, required=False, label=_("Key"))
    kind = forms.ChoiceField(choices=[(kind.value, text) for kind, text in KINDS.items()], label=_("Answered by"))
    words = forms.CharField(max_length=2000, label=_("Words"))
    levels = forms.IntegerField(
        required=False, label=_("Levels"), widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    #: the question, once it is valid
    dimension: Dimension | None = None

    def clean_key(self) -> str:
        given = str(self.cleaned_data["key"]).strip()
        return given or key_of(str(self.cleaned_data.get("title", "")))

    def clean_words(self) -> tuple[str, ...]:
        return tuple(word.strip() for word in str(self.cleaned_data["words"]).split(",") if word.strip())

    def clean(self) -> None:
        given = self.cleaned_data
        if self.errors:
            return
        kind = DimensionKind(given["kind"])
        try:
            self.dimension = Dimension(given["key"], given["title"], kind, given["words"], given["levels"] or 0)
        except ValueError as error:
            where, sentence = _told(str(error))
            self.add_error(where, sentence)


def key_of(title: str) -> str:
    """ "Felt valence (1–9)" -> "felt_valence_1_9"."""
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return f"q_{plain}"[:40] if plain[:1].isdigit() else plain[:40]


def _told(message: str) -> tuple[str, str]:
    """Which field a refusal of `Dimension` is about, and the refusal as a sentence of its own."""
    about, _, why = message.partition(": ")
    where = "key" if about.startswith("dimension key") else "levels" if "levels" in why else "words"
    return where, f"{why[0].upper()}{why[1:]}."


@dataclass
class SchemeEditor:
    """The rows as they stand, and what was asked of them."""

    rows: list[Row]
    is_bound: bool = False
    #: what is wrong with the scheme as a whole
    error: str = ""
    forms: list[DimensionForm] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._make_forms()

    @classmethod
    def of(cls, dimensions: Sequence[Dimension]) -> SchemeEditor:
        return cls([_row_of(dimension) for dimension in dimensions])

    @classmethod
    def read(cls, data: Mapping[str, str]) -> SchemeEditor:
        """The rows that a browser sent, changed as the button that was pressed says."""
        n_rows = min(_whole(data.get("n_questions", "")), MAX_ROWS)
        rows = [{name: data.get(f"{ROW}-{number}-{name}", "") for name in FIELDS} for number in range(n_rows)]
        action = data.get("scheme_action", "")
        if action:
            rows = _changed(rows, action, preset=data.get("scheme_preset", ""))
        return cls(rows, is_bound=not action)

    def is_valid(self) -> bool:
        """Every row is a question, and together they are a scheme."""
        are_valid = [form.is_valid() for form in self.forms]
        if not all(are_valid):
            return False
        try:
            check_scheme(self.dimensions)
        except ValueError as error:
            self.error = f"{str(error)[0].upper()}{str(error)[1:]}."
        return not self.error

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return tuple(form.dimension for form in self.forms if form.dimension is not None)

    @property
    def presets(self) -> list[tuple[str, str]]:
        return [(name, str(text)) for name, (text, _dimensions) in PRESETS.items()]

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MAX_ROWS

    def _make_forms(self) -> None:
        for number, row in enumerate(self.rows):
            prefix = f"{ROW}-{number}"
            data = {f"{prefix}-{name}": row[name] for name in FIELDS}
            form = DimensionForm(data, prefix=prefix) if self.is_bound else DimensionForm(initial=row, prefix=prefix)
            self.forms.append(form)


def _row_of(dimension: Dimension) -> Row:
    return {
        "title": dimension.title,
        "key": dimension.key,
        "kind": dimension.kind.value,
        "words": ", ".join(dimension.classes),
        "levels": str(dimension.levels or ""),
    }


def _changed(rows: list[Row], action: str, *, preset: str) -> list[Row]:
    """The rows after "add", "preset", "remove:1", "up:1" or "down:1"; what can't be done changes nothing."""
    verb, _, place = action.partition(":")
    at = _whole(place, otherwise=len(rows))
    if verb == "add":
        return [*rows, {**dict.fromkeys(FIELDS, ""), "kind": DimensionKind.CLASS.value}][:MAX_ROWS]
    if verb == "preset" and preset in PRESETS:
        return [*rows, *(_row_of(dimension) for dimension in PRESETS[preset][1])][:MAX_ROWS]
    if verb == "remove":
        return [row for number, row in enumerate(rows) if number != at]
    to = at - 1 if verb == "up" else at + 1
    if verb in ("up", "down") and min(at, to) >= 0 and max(at, to) < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    return rows


def _whole(text: str, *, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() else otherwise
